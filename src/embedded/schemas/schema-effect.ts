/** What a given schema changes of a table that holds data. */
import { changeSchema } from "../../core/compaction/schema-commit.ts";
import { changesFolder } from "../../core/format/lake-path.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { addedLabels, type Widening } from "../../core/schema/rebased-schema.ts";
import type { Schema } from "../../core/schema/schema.ts";
import {
  notAllowed,
  requireCompatible,
  roomReasons,
  type SchemaBound,
  schemaChange,
} from "../../core/schema/schema-change.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";

export interface SchemaEffect {
  /** The columns that it adds, by their names in SQL. */
  readonly added: readonly string[];
  /** The table's rows do not fit it: a snapshot replaces all of them. */
  readonly replaces: boolean;
}

export const NO_EFFECT: SchemaEffect = { added: [], replaces: false };

export interface SchemaWish {
  readonly store: ObjectStore;
  /** What messages call the given schema. */
  readonly name: string;
  /** Whether all rows of the table are replaced, except those of its change log. */
  readonly replacesData: boolean;
  readonly bound: SchemaBound;
}

export interface SchemaOutcome {
  readonly schema: Schema;
  readonly effect: SchemaEffect;
  /** Types that widen, a sentence each. */
  readonly notes: readonly string[];
}

/** The effect, and the schema on the columns of the lake's files. Throws SCHEMA_INVALID if the table's data does not allow the change. */
export async function schemaEffect(wish: SchemaWish, known: Schema, given: Schema): Promise<SchemaOutcome> {
  // Where all rows are written anew, no column needs one of before.
  const bound = wish.bound === "order" && (await replacesAll(wish, known)) ? "exact" : wish.bound;
  const change = schemaChange(known, given, bound);
  if (change.kind === "same") return { schema: known, effect: NO_EFFECT, notes: [] };
  if (change.kind === "compatible") {
    const { schema, widened } = change;
    const added = addedLabels(change);
    const reasons = roomReasons(widened, undefined);
    if (reasons.length > 0 && !(await replacesAll(wish, known))) throw notAllowed(known, wish.name, reasons);
    const notes = widened.map((each) => `"${schema.table}": ${wideningText(each)}`);
    return { schema, effect: { added, replaces: false }, notes };
  }
  if (!(await replacesAll(wish, known))) requireCompatible(known, given, wish.name, wish.bound);
  return { schema: given, effect: { added: [], replaces: true }, notes: [] };
}

async function replacesAll({ store, replacesData }: SchemaWish, { table }: Schema): Promise<boolean> {
  return replacesData && (await store.folders(changesFolder(table))).length === 0;
}

/** Types that widened by themselves, a sentence each. */
export function followedNotes({ table }: Schema, widened: readonly Widening[]): readonly string[] {
  return widened.map((each) => `"${table}" follows its data: ${wideningText(each)}`);
}

function wideningText({ label, from, to }: Widening): string {
  return `${label} is now ${to}, and was ${from}`;
}

/** Makes a schema that was given that of a table which holds data, and returns the columns it adds, by their names in SQL. */
export async function adoptSchema(
  store: ObjectStore,
  chosen: { readonly schema: Schema; readonly origin: string },
): Promise<readonly string[]> {
  if (chosen.origin !== "given") return [];
  const commit = await changeSchema(
    { store, newRunId, nowSeconds },
    chosen.schema,
    "the schema file",
    "least",
  );
  return commit === undefined ? [] : addedLabels(commit);
}
