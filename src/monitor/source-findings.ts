/** Sources that a run cannot read, as findings: a status knows of them only after a day. */
import type { LakeFinding } from "../console/api.ts";
import type { TableTally } from "./run-tally.ts";

export function sourceFindings(tallies: ReadonlyMap<string, TableTally>): readonly LakeFinding[] {
  return [...tallies].flatMap(([table, { failure }]) =>
    failure === undefined
      ? []
      : [
          {
            table,
            severity: "bad",
            title: "the source cannot be read",
            detail: `${failure}. The run tries it again each minute; after 24 hours changes are lost.`,
          } as const,
        ],
  );
}
