/** What a new schema changes of a table, for people. */
import { addedColumns, type RebasedSchema } from "./rebased-schema.ts";

/** Each of the changes as the end of a sentence: `adds "coupon"`. */
export function changeTexts(change: RebasedSchema): readonly string[] {
  return [
    ...addedColumns(change).map(({ label }) => `adds "${label}"`),
    ...change.widened.map(({ label, to }) => `makes "${label}" ${to}`),
    ...change.renamed.map(({ from, to }) => `renames "${from}" to "${to}"`),
    ...change.hidden.map((name) => `hides "${name}"`),
    ...change.shown.map((name) => `shows "${name}" again`),
  ];
}
