/** Where the wire rows of changes are delivered: into the change log, through Firehose or directly. */
import { DynalakeError } from "../error.ts";
import type { WireLine } from "../row/wire-line.ts";

export interface ChangeSink {
  /**
   * Delivers the rows, and returns once they are durable and certain to appear in the change log. If it fails, some of them
   * may have been delivered; delivering them again is harmless. It throws UndeliveredRows if it knows which ones were not. Rows
   * may arrive in any order, because changes are ordered by their versions.
   */
  deliver(rows: readonly DeliveredRow[], arrivedAtSeconds: number): Promise<void>;
}

export interface DeliveredRow {
  readonly line: WireLine;
  readonly changedAtSeconds: number;
}

/** A partly failed delivery: rows before `firstIndex` were delivered, and some of the others may have been. */
export class UndeliveredRows extends DynalakeError {
  readonly firstIndex: number;

  constructor(firstIndex: number, message: string, cause?: unknown) {
    super("DELIVERY_FAILED", message, { cause });
    this.firstIndex = firstIndex;
  }
}
