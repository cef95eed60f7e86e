/** A new schema for a table that holds data: a commit of its own, which writes no rows. */

import { defined } from "../defined.ts";
import { DynalakeError } from "../error.ts";
import { schemaPath } from "../format/lake-path.ts";
import type { Manifest } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Widening } from "../schema/rebased-schema.ts";
import type { Column, Schema } from "../schema/schema.ts";
import {
  newColumns,
  notAllowed,
  requireCompatible,
  roomReasons,
  type SchemaBound,
  schemaChange,
  schemaOf,
} from "../schema/schema-change.ts";
import { listChanges } from "../table/change-listing.ts";
import { commitManifest } from "../table/commit-manifest.ts";
import { type Commits, readCommits } from "../table/commits.ts";
import type { TableState } from "../table/open-table.ts";
import { readWrittenSchema, schemaBytes, writeSchema } from "../table/schema-file.ts";
import { afterSchemaChange } from "./next-manifest.ts";

export interface SchemaCommitContext {
  readonly store: ObjectStore;
  readonly newRunId: () => string;
  readonly nowSeconds: () => number;
  /** The table's commits, if they were read before. */
  readonly commits?: Commits;
  readonly countClean?: CountClean | undefined;
  readonly countDigits?: CountDigits | undefined;
  /** The mark of what people keep as the table's schema, where the table has made more of it. */
  readonly given?: string;
}

export interface SchemaCommit {
  /** The names of the columns that were added. */
  readonly added: readonly string[];
  readonly widened: readonly Widening[];
  readonly manifest: Manifest;
  /** The table's schema from now on. */
  readonly schema: Schema;
}

/** Counts for columns about to widen which segments have no values for them in `_unmapped`. What is not counted is looked into. */
export type CountClean = (
  before: Schema,
  manifest: Manifest,
  widened: readonly Widening[],
) => Promise<ReadonlyMap<string, ReadonlySet<string>>>;

/** Counts how many digits before the point the values of attributes have, of those whose types are about to have less room there. */
export type CountDigits = (
  before: TableState,
  columns: readonly Column[],
) => Promise<ReadonlyMap<string, number>>;

const TRIES = 10;

/**
 * Makes the schema that of a table which holds data. Undefined if it has that schema already. `origin` names the schema in
 * errors. Throws SCHEMA_INVALID if the data does not allow it, and CONFLICT if other commits keep coming first.
 */
export function changeSchema(
  context: SchemaCommitContext,
  schema: Schema,
  origin: string,
  bound: SchemaBound = "exact",
): Promise<SchemaCommit | undefined> {
  return commitChange(context, schema, () => schema, { origin, bound });
}

/**
 * The same for what `grow` makes of the table's schema, which another process may have changed since `known` was read: it is asked
 * again after each conflict. Undefined where it has nothing to add.
 */
export function growSchema(
  context: SchemaCommitContext,
  known: Schema,
  grow: (before: Schema) => Schema | undefined,
  origin: string,
): Promise<SchemaCommit | undefined> {
  return commitChange(context, known, grow, { origin, bound: "exact" });
}

async function commitChange(
  context: SchemaCommitContext,
  known: Schema,
  wanted: (before: Schema) => Schema | undefined,
  { origin, bound }: { readonly origin: string; readonly bound: SchemaBound },
): Promise<SchemaCommit | undefined> {
  const { store, countClean, given } = context;
  const { table } = known;
  const judged = context.commits?.manifest.schema?.evolution;
  let { commits } = context;
  for (let tries = 0; tries < TRIES; tries++) {
    commits = await readCommits(store, table, commits);
    const { manifest } = commits;
    const written = manifest.schema === null ? await readWrittenSchema(store, table) : undefined;
    const before = schemaOf(manifest.schema, written ?? known);
    const schema = wanted(before);
    if (schema === undefined) return undefined;
    // What was wanted of an earlier schema takes nothing away that came since.
    if (context.commits !== undefined && manifest.schema?.evolution !== judged) {
      // breakage: overtaken-edits-are-judged-again
      if (schemaChange(before, schema, bound).kind === "refused") throw overtaken(table);
    }
    const change = requireCompatible(before, schema, origin, bound);
    if (change.kind === "same") {
      // An earlier try may have died between its commit and this.
      await keepWritten(store, before);
      return undefined;
    }
    const { added, widened } = change;
    const reasons = roomReasons(widened, await digitsOf(context, { schema: before, manifest }, widened));
    if (reasons.length > 0) throw notAllowed(before, origin, reasons);
    const clean = widened.length === 0 ? undefined : await countClean?.(before, manifest, widened);
    const declared = { before: before.file, added: newColumns(change), ...defined({ clean }), given };
    const commit = { run: context.newRunId(), nowSeconds: context.nowSeconds() };
    const next = afterSchemaChange(manifest, { ...declared, schema: change.schema.file }, commit);
    const outcome = await commitManifest(store, table, next); // breakage: schema-saved-after-commit
    if (outcome === "conflict") continue;
    // After the commit: readers of schema.json never write a column that the lake does not have.
    const committed = schemaOf(outcome.schema, change.schema);
    await writeSchema(store, committed);
    return { added, widened, manifest: outcome, schema: committed };
  }
  throw new DynalakeError("CONFLICT", `other commits to "${table}" kept coming first`);
}

function overtaken(table: string): DynalakeError {
  return new DynalakeError("CONFLICT", `another process has changed the schema of "${table}" meanwhile`);
}

/** Undefined where nothing counts them. */
async function digitsOf(
  { store, countDigits }: SchemaCommitContext,
  { schema, manifest }: Pick<TableState, "schema" | "manifest">,
  widened: readonly Widening[],
): Promise<ReadonlyMap<string, number> | undefined> {
  const asked = new Set(
    widened.filter((each) => each.wholeDigits !== undefined).map((each) => each.attribute),
  );
  if (asked.size === 0) return undefined;
  const columns = schema.columns.filter(({ attribute }) => asked.has(attribute));
  return countDigits?.({ schema, manifest, changes: listChanges(store, schema.table) }, columns);
}

async function keepWritten(store: ObjectStore, schema: Schema): Promise<void> {
  const content = await store.read(schemaPath(schema.table));
  const bytes = schemaBytes(schema);
  const isSame = content?.length === bytes.length && content.every((byte, i) => byte === bytes[i]);
  if (!isSame) await writeSchema(store, schema);
}
