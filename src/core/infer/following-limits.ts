/**
 * What keeps a schema that follows its data small, whatever a writer sends: bounds of columns and of the forms of one, and names that
 * are data. Beyond them values are drift.
 */
import { counted } from "../counted.ts";
import type { Schema } from "../schema/schema.ts";
import { formsReason } from "../schema/schema-change.ts";
import { INFERRED_COLUMNS_MAX } from "./infer.ts";

/** So many attributes without a column at once are not attributes: their names are data. */
const NEW_NAMES_MAX = 100;
/** Names that differ by their numbers alone are data, too, once there are so many of them, however slowly they come. */
const NAMES_ALIKE_MAX = 50;

/** How many columns may come by themselves. */
export function roomForColumns({ columns }: Pick<Schema, "columns">): number {
  return Math.max(0, INFERRED_COLUMNS_MAX - columns.length); // breakage: columns-have-a-bound
}

/** Those of the names that are not data, beside those that have columns. */
export function namesOfAttributes(found: readonly string[], known: Iterable<string>): readonly string[] {
  // breakage: names-that-are-data-get-no-columns
  if (found.length > NEW_NAMES_MAX) return [];
  const alike = new Map<string, number>();
  for (const name of [...known, ...found]) alike.set(skeleton(name), (alike.get(skeleton(name)) ?? 0) + 1);
  // breakage: names-that-are-numbered-get-no-columns
  return found.filter((name) => !NUMBERED.test(name) || (alike.get(skeleton(name)) ?? 0) <= NAMES_ALIKE_MAX);
}

const NUMBERED = /[0-9]/;

function skeleton(name: string): string {
  return name.replace(/[0-9a-f]{8,}/gi, "#").replace(/[0-9]+/g, "#");
}

/** What the limits keep out of SQL, a sentence each. `undeclared` and `hidden` are attributes with values that SQL does not show. */
export function limitSentences(
  { columns, evolve, table }: Schema,
  undeclared: readonly string[],
  hidden: ReadonlySet<string>,
): readonly string[] {
  if (evolve === "none") return [];
  const sentences = columns.flatMap((column) => {
    const reason = hidden.has(column.attribute) ? formsReason(column) : undefined;
    return reason === undefined ? [] : [`${column.label} ${reason}: take a new snapshot into another table`];
  });
  if (evolve !== "all" || undeclared.length === 0) return sentences;
  const followed = new Set(
    namesOfAttributes(
      undeclared,
      columns.map(({ attribute }) => attribute),
    ),
  );
  const data = undeclared.length - followed.size;
  if (data > 0)
    sentences.push(
      `${counted(data, "attribute")} without a column ${data === 1 ? "has a name that looks" : "have names that look"} like data: declare what you need`,
    );
  if (followed.size > 0 && roomForColumns({ columns }) === 0)
    sentences.push(
      `"${table}" has ${INFERRED_COLUMNS_MAX} columns, and gets no more by itself: declare what you need`,
    );
  return sentences;
}
