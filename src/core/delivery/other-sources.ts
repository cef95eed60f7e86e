/** Records of other source tables among those that were given for a lake table: they are left alone, and counted. */
import type { NamedSource } from "../change/named-source.ts";

export interface OtherSource extends NamedSource {
  readonly records: number;
  /** Of `records`: those that are older than the table's snapshot. */
  readonly olderThanSnapshot: number;
}

/** The counts of both, one for each source. */
export function addedSources(
  some: readonly OtherSource[],
  others: readonly OtherSource[],
): readonly OtherSource[] {
  const all = new Map<string, OtherSource>();
  for (const source of [...some, ...others]) {
    const id = source.tableArn ?? source.table;
    const known = all.get(id);
    all.set(id, known === undefined ? source : added(known, source));
  }
  return [...all.values()];
}

function added(one: OtherSource, other: OtherSource): OtherSource {
  return {
    ...one,
    records: one.records + other.records,
    olderThanSnapshot: one.olderThanSnapshot + other.olderThanSnapshot,
  };
}
