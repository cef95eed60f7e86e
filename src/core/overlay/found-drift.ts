/** The drift of a deployed table as its looks have found it: rows that were overwritten since still count. */
import { schemaTypeText } from "../schema/column-type.ts";
import { withTexts } from "./drift.ts";
import type { Drift } from "./drift-finding.ts";
import type { FoundRecord, SegmentLook } from "./found-record.ts";
import type { TableWithTexts } from "./shown-view.ts";

type FoundDriftInput = Pick<FoundRecord, "looks" | "since">;

/** What all looks have found together, what hides most first. What was found of an earlier type of a column says nothing of it now. */
export function foundDrift(table: TableWithTexts, { looks, since }: FoundDriftInput): readonly Drift[] {
  const columns = new Map(
    table.schema.columns.map(({ attribute, label, type }) => [
      attribute,
      { name: label, type: schemaTypeText(type) },
    ]),
  );
  const sums = new Map<string, Drift>();
  for (const found of looks.flatMap((look) => look.found ?? [])) {
    const { attribute } = found;
    const column = columns.get(attribute);
    if (column?.type !== found.column?.type) continue; // breakage: found-drift-is-of-now
    sums.set(attribute, sumOf(sums.get(attribute), { ...found, column }));
  }
  const moments = new Map(Object.entries(since ?? {}));
  const drift = [...sums.values()]
    .map((sum): Drift => ({ ...sum, atMost: true, sinceSeconds: moments.get(sum.attribute) }))
    .sort((a, b) => b.hidden - a.hidden || (a.attribute < b.attribute ? -1 : 1));
  return withTexts(table, drift);
}

/**
 * When what is found now was first found: each moment stays while looks find something of the attribute, whichever segments and types
 * its column has by then, and goes with the last of it. What an earlier version had found before has none.
 */
export function foundSince(
  table: TableWithTexts,
  before: FoundDriftInput,
  looks: readonly SegmentLook[],
  nowSeconds: number,
): Readonly<Record<string, number>> {
  const known = new Map(Object.entries(before.since ?? {}));
  const undated = new Set(before.looks.flatMap(({ found = [] }) => found).map(({ attribute }) => attribute));
  // What a look could not tell may still be there.
  const last = looks.at(-1);
  const unsure = last !== undefined && last.found === undefined ? known : []; // breakage: failed-looks-clear-no-moment
  const found = foundDrift(table, { looks }).flatMap(({ attribute }) => {
    const atSeconds = known.get(attribute) ?? (undated.has(attribute) ? undefined : nowSeconds); // breakage: first-moment-of-drift
    return atSeconds === undefined ? [] : [[attribute, atSeconds] as const];
  });
  return Object.fromEntries([...unsure, ...found]);
}

function sumOf(known: Drift | undefined, found: Drift): Drift {
  if (known === undefined) return found;
  const types = { ...known.types };
  for (const [type, count] of Object.entries(found.types)) types[type] = (types[type] ?? 0) + count;
  return {
    ...found,
    hidden: known.hidden + found.hidden,
    values: known.values + found.values,
    types,
    wholeDigits: Math.max(known.wholeDigits, found.wholeDigits),
    fractionDigits: Math.max(known.fractionDigits, found.fractionDigits),
  };
}
