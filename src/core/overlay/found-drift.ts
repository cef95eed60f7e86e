/** The drift of a deployed table as its looks have found it: rows that were overwritten since still count. */
import { schemaTypeText } from "../schema/column-type.ts";
import { withTexts } from "./drift.ts";
import type { Drift } from "./drift-finding.ts";
import type { FoundRecord } from "./found-record.ts";
import type { TableWithTexts } from "./shown-view.ts";

/** What all looks have found together, what hides most first. What was found of an earlier type of a column says nothing of it now. */
export function foundDrift(table: TableWithTexts, { looks }: Pick<FoundRecord, "looks">): readonly Drift[] {
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
  const drift = [...sums.values()].sort(
    (a, b) => b.hidden - a.hidden || (a.attribute < b.attribute ? -1 : 1),
  );
  return withTexts(table, drift);
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
