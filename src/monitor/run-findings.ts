/** What a run itself knows to be wrong, as findings: a status sees a source that cannot be read only after a day. */
import type { LakeFinding } from "../console/api.ts";
import { DynalakeError } from "../core/error.ts";
import type { TableTally } from "./run-tally.ts";

export function runFindings(tallies: ReadonlyMap<string, TableTally>): readonly LakeFinding[] {
  return [...tallies].flatMap(([table, { failure, snapshotFailure }]) => [
    ...(failure === undefined ? [] : [sourceFinding(table, failure)]),
    ...(snapshotFailure === undefined ? [] : [snapshotFinding(table, snapshotFailure)]),
  ]);
}

function sourceFinding(table: string, failure: string): LakeFinding {
  return {
    id: "source",
    table,
    severity: "bad",
    title: "the source cannot be read",
    detail: `${failure}. The run tries it again each minute; after 24 hours changes are lost.`,
  };
}

function snapshotFinding(table: string, failure: string): LakeFinding {
  return {
    id: "snapshot",
    table,
    severity: "warn",
    title: "the scheduled snapshot failed",
    detail: `${failure}. The run tries it again each minute.`,
  };
}

/** A run that ended with an error reads none of its tables any more. */
export function endFindings(tables: readonly string[], error: unknown): readonly LakeFinding[] {
  const why = error instanceof DynalakeError ? `${error.code}: ${error.message}` : "INTERNAL";
  return tables.map((table) => ({
    id: "run",
    table,
    severity: "bad",
    title: "the run has ended",
    detail: `${why}. Nothing is delivered until it runs again; after 24 hours changes are lost.`,
  }));
}
