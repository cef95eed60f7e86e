/** A part of the benchmarks: `npm run bench:NAME` runs one, `npm run bench` all of them. */

export interface Report {
  /** Its tables, as they are printed. */
  readonly text: string;
  /**
   * What must not grow: costs relative to something else that was measured in the same run, once for each pair. They depend on the
   * machine far less than the costs themselves.
   */
  readonly ratios: Readonly<Record<string, readonly number[]>>;
  /** Texts of SVG files by the names of their plots. */
  readonly plots: Readonly<Record<string, string>>;
}

/** Takes the arguments of the command line. */
export type Part = (args: readonly string[]) => Promise<Report>;
