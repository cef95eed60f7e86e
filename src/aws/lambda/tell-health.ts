/** The health of a lake table in the log and in the metrics, with a look at its stream before. */
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
 * A look that fails is told by a metric of its own and not thrown: the compaction has nothing to do with it, and the next look
 * finds what this one would have.
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
    logger.error("it could not be seen whether the stream is being read", { code, message, next });
    addCounts(table, { FailedLooks: 1 });
  }
  addCounts(table, { ...(await lakeHealth(store, opened, watched.mappingId)) });
}
