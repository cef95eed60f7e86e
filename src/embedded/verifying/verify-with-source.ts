/** Verifies a lake table against its source table while both change. */
import { defined } from "../../core/defined.ts";
import { streamDeliveries } from "../../core/verify/verify-deliveries.ts";
import type { VerifyReport } from "../../core/verify/verify-report.ts";
import type { Timing } from "../../sdk/timing.ts";
import { liveSettling } from "../../source/live-settling.ts";
import { isLoopback } from "../../source/loopback.ts";
import type { ReadLimits } from "../../source/read-pace.ts";
import { connectSource, type SourceConfig } from "../../source/source-connection.ts";
import { streamSource } from "../../source/stream-source.ts";
import { batchGetOf, verifiedTable } from "../../source/verified-table.ts";
import { recallSource } from "../folder/source-memory.ts";
import { compareTable, lakeSide, sourceSide, type VerifyWish } from "./compare-table.ts";

export interface SourceToVerify extends ReadLimits {
  /** What it says takes precedence over the remembered address. */
  readonly config: SourceConfig;
  /** How long a difference gets to settle. */
  readonly settleSeconds?: number;
  readonly timing: Timing;
}

/** From a write to its record on the stream, and from a delivery to the view: followers fold late changes within two seconds. */
const DELAY_SECONDS = { service: 5, emulator: 2 } as const;
const SETTLE_SECONDS = 60;
/** Reading a stream to its end may take this long, even if there is nothing to wait for. */
const READ_SECONDS_MIN = 10;

export async function verifyWithSource(
  { config, settleSeconds = SETTLE_SECONDS, readShare, readUnitsPerSecond, timing }: SourceToVerify,
  wish: VerifyWish,
): Promise<VerifyReport> {
  const { schema, signal } = wish;
  const { store } = wish.lake;
  const connection = connectSource({ ...(await recallSource(store, schema.table)), ...config });
  try {
    const limits = defined({ readShare, readUnitsPerSecond });
    const table = verifiedTable(
      { ...connection, batchGet: batchGetOf(connection) },
      { schema, signal, ...limits },
      timing,
    );
    const source = sourceSide(wish, table);
    const isEmulator = isLoopback(connection.place.endpoint);
    const delaySeconds = isEmulator ? DELAY_SECONDS.emulator : DELAY_SECONDS.service;
    const deliveries = streamDeliveries({
      store,
      schema,
      stream: streamSource(connection, schema.source, {}, timing),
      nowSeconds: () => Math.floor(timing.nowMs() / 1000),
      serviceNowSeconds: () => Math.ceil((timing.nowMs() + connection.clockOffsetMs()) / 1000),
      marginSeconds: delaySeconds,
      readSeconds: Math.max(READ_SECONDS_MIN, settleSeconds),
    });
    const lake = lakeSide(wish);
    const settle = liveSettling({
      schema,
      source,
      lake,
      deliveries,
      settleSeconds,
      delaySeconds,
      timing,
      signal,
    });
    return await compareTable(wish, { source, lake, settle });
  } finally {
    connection.close();
  }
}
