/** Where the wire rows of changes go: into the change log, by Firehose or directly. */
import { DynalakeError } from "../error.ts";
import type { WireLine } from "../row/wire-line.ts";

export interface ChangeSink {
  /**
   * Delivers the rows and returns once they are durable and will be in the change log. When it fails, some of them may have
   * been delivered: delivering them again does no harm. It throws Undelivered where it knows which ones were not. Rows of
   * one call keep their order as far as the service behind keeps it: the order of changes is that of their versions.
   */
  deliver(rows: readonly DeliveredRow[], arrivedAtSeconds: number): Promise<void>;
}

export interface DeliveredRow {
  readonly line: WireLine;
  readonly changedAtSeconds: number;
}

/** A delivery that failed in part: what stands before `firstIndex` was delivered, some of the rest may have been. */
export class Undelivered extends DynalakeError {
  readonly firstIndex: number;

  constructor(firstIndex: number, message: string, cause?: unknown) {
    super("DELIVERY_FAILED", message, { cause });
    this.firstIndex = firstIndex;
  }
}
