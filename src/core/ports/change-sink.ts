/** Where the wire rows of changes go: into the change log, by Firehose or directly. */
export interface ChangeSink {
  /**
   * Delivers the rows and returns once they are durable and can be queried. When it fails, some of them may have been
   * delivered: delivering them again does no harm. Rows of one call keep their order.
   */
  deliver(rows: readonly DeliveredRow[], arrivedAtSeconds: number): Promise<void>;
}

export interface DeliveredRow {
  /** The wire row as a JSON line. */
  readonly line: string;
  readonly changedAtSeconds: number;
}
