/** Checks a lake table's stream, and reports the table's health in the log and the metrics. */
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { DynalakeError } from "../../core/error.ts";
import { lakeHealth } from "../steps/lake-health.ts";
import type { StepContext } from "../steps/step-context.ts";
import { watchStream } from "../steps/watch-stream.ts";
import { sightStream } from "../stream-sighting.ts";
import { addCounts, addSeconds, logger } from "./telemetry.ts";

export interface WatchedStream {
  readonly lambda: LambdaClient;
  readonly sourceTableArn: string;
  readonly mappingId: string;
}

/**
 * A failed check is not thrown but counted in its own metric: compactions do not depend on it, and the next check finds what
 * this one missed.
 */
export async function tellHealth(context: StepContext, watched: WatchedStream): Promise<void> {
  const { store, clients, opened } = context;
  const { table } = opened.schema;
  try {
    const sighting = await sightStream({ ...watched, dynamodb: clients.dynamodb });
    const { gaps, unreadSeconds } = await watchStream(context, sighting);
    addSeconds(table, "StreamUnreadSeconds", unreadSeconds);
    addCounts(table, { FailedLooks: 0 });
    if (unreadSeconds > 0) logger.warn("the stream is not being read", { unreadSeconds });
    for (const { id, gap } of gaps) logger.error("changes may be lost", { id, ...gap });
  } catch (error) {
    if (!(error instanceof DynalakeError)) throw error;
    const { code, message, next } = error;
    logger.error("checking whether the stream is being read failed", { code, message, next });
    addCounts(table, { FailedLooks: 1 });
  }
  addCounts(table, { ...(await lakeHealth(store, opened, watched.mappingId)) });
}
