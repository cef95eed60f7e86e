/** `verify` on this machine: reads a source table, keeps on this disk what does not fit into memory, and waits by its clock. */
import { systemTiming } from "../aws/timing.ts";
import type { Deliveries, VerifiedLake, VerifiedSource } from "../core/ports/verified.ts";
import type { Schema } from "../core/schema.ts";
import { type Verification, type VerifyProgress, verify } from "../core/verify.ts";
import { settle } from "../core/verify-settle.ts";
import { withScratch } from "./verify-scratch.ts";

export interface VerifyRequest {
  readonly schema: Schema;
  readonly source: VerifiedSource;
  readonly lake: VerifiedLake;
  readonly deliveries: Deliveries;
  /** A folder for what one run keeps. */
  readonly temporaryFolder: string;
  readonly candidatesMax: number;
  readonly settleSeconds: number;
  readonly delaySeconds: number;
  readonly namedMax: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: VerifyProgress) => void;
}

const PAUSE_SECONDS = 1;

/** Compares a lake's table with its source while both go on. */
export async function verifyTable(request: VerifyRequest): Promise<Verification> {
  const settling = {
    ...request,
    pauseSeconds: PAUSE_SECONDS,
    nowMs: () => systemTiming.nowMs(),
    wait: (seconds: number) => systemTiming.sleep(seconds * 1000, request.signal),
  };
  return withScratch(request.temporaryFolder, (scratch) =>
    verify({
      ...request,
      scratch,
      settle: (candidates, hidden) => settle({ ...settling, hidden }, candidates),
    }),
  );
}
