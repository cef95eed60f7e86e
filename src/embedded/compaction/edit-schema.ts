/** A schema file that people apply by a command: the same as an edit of schema.json, explained before, and done at once. */

import { afterSchemaChange } from "../../core/compaction/next-manifest.ts";
import { DynalakeError } from "../../core/error.ts";
import { schemaPath } from "../../core/format/lake-path.ts";
import { tableDrift } from "../../core/overlay/drift.ts";
import type { Drift } from "../../core/overlay/drift-finding.ts";
import type { RebasedSchema } from "../../core/schema/rebased-schema.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { newColumns, notAllowed, roomReasons, schemaMark } from "../../core/schema/schema-change.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import {
  boundSchema,
  editOf,
  type PendingEdit,
  type SchemaEdit,
  schemaEdit,
} from "../../core/table/schema-edit.ts";
import { writeSchema } from "../../core/table/schema-file.ts";
import { applyEdit, digitsFor } from "./apply-edit.ts";
import type { EvolvingLake } from "./evolving-lake.ts";

export interface EditWish {
  readonly given: Schema;
  /** What messages call it. */
  readonly origin: string;
}

/** What a given schema changes of a table. */
export interface SchemaEffects extends RebasedSchema {
  /** Of columns that get another kind of type, the values of now that are not in them then. */
  readonly drift: readonly Drift[];
}

/** Undefined for nothing. Throws SCHEMA_INVALID where the data rules it out. */
export async function planEdit(
  lake: EvolvingLake,
  opened: OpenTable,
  { given, origin }: EditWish,
): Promise<SchemaEffects | undefined> {
  const edit = pendingEdit(opened, given, origin);
  if (edit === undefined) return undefined;
  const reasons = roomReasons(edit.widened, await digitsFor(lake, opened, edit));
  if (reasons.length > 0) throw notAllowed(opened.schema, origin, reasons);
  return { ...edit, drift: await driftOf(lake, opened, edit) };
}

/** Makes the given schema that of the table, and writes schema.json. Throws as `planEdit` does. */
export async function editSchema(
  lake: EvolvingLake,
  opened: OpenTable,
  { given, origin }: EditWish,
): Promise<SchemaEffects | undefined> {
  const edit = pendingEdit(opened, given, origin);
  const written = await requireNoOtherEdit(lake, opened, given);
  if (edit === undefined) {
    // An earlier try may have died between its commit and this.
    // breakage: died-applies-are-finished
    if (written?.kind === "earlier") await writeSchema(lake.store, opened.schema);
    return undefined;
  }
  const drift = await driftOf(lake, opened, edit);
  const outcome = await applyEdit(lake, opened, edit, origin);
  if (outcome.kind === "refused") throw notAllowed(opened.schema, origin, outcome.reasons);
  return { ...edit, drift };
}

/** Counts in the table as it would be. */
async function driftOf(
  { engine, newRunId, nowSeconds }: EvolvingLake,
  { schema: before, manifest, changes }: OpenTable,
  { schema, added, widened }: PendingEdit,
): Promise<readonly Drift[]> {
  const asked = new Set(widened.filter(({ otherKind }) => otherKind).map(({ attribute }) => attribute));
  if (asked.size === 0) return [];
  const change = { before: before.file, added: newColumns({ added, widened }), schema: schema.file };
  const changed = afterSchemaChange(manifest, change, { run: newRunId(), nowSeconds: nowSeconds() });
  const drift = await tableDrift(engine, { schema, manifest: changed, changes });
  // It is not there yet.
  return drift
    .filter(({ attribute }) => asked.has(attribute))
    .map(({ sinceSeconds: _, ...planned }) => planned);
}

function pendingEdit(opened: OpenTable, given: Schema, origin: string): PendingEdit | undefined {
  const edit = editOf(boundSchema(given, opened.schema), opened);
  switch (edit?.kind) {
    case "refused":
      throw notAllowed(opened.schema, origin, [edit.why]);
    case "earlier": // breakage: earlier-files-are-not-applied
      throw new DynalakeError("SCHEMA_INVALID", `${origin} holds an earlier schema of the table`, {
        next: `To go back to it, set "evolution": ${edit.evolution} in it.`,
      });
    default:
      return edit;
  }
}

/** What people have written into schema.json is theirs until it counts: another file must not replace it. */
async function requireNoOtherEdit(
  { store }: Pick<EvolvingLake, "store">,
  opened: OpenTable,
  given: Schema,
): Promise<SchemaEdit | undefined> {
  const edit = await schemaEdit(store, opened);
  const isWritten = edit?.kind === "pending" || edit?.kind === "refused";
  const isOwn = isWritten && schemaMark(edit.written.file) === schemaMark(given.file);
  // breakage: edits-of-schema-json-stay
  if (edit?.kind !== "broken" && (!isWritten || isOwn)) return edit;
  const path = schemaPath(opened.schema.table);
  throw new DynalakeError("SCHEMA_INVALID", `${path} also has an edit, which is not applied yet`, {
    next: "Apply that first (`dynalake schema apply` with its path), or undo it.",
  });
}
