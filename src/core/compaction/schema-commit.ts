/** A new schema for a table that holds data: a commit of its own, which writes no rows. */

import { DynalakeError } from "../error.ts";
import { schemaPath } from "../format/lake-path.ts";
import type { Manifest } from "../format/manifest.ts";
import { withDeclared } from "../format/recovery.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Schema, SchemaFile } from "../schema/schema.ts";
import { requireCompatible, schemaOf } from "../schema/schema-change.ts";
import {
  commitManifest,
  latestManifest,
  readWrittenSchema,
  schemaText,
  writeSchema,
} from "../table/lake-table.ts";
import { committed } from "./compaction-plan.ts";

export interface SchemaCommitContext {
  readonly store: ObjectStore;
  readonly newRun: () => string;
  readonly nowSeconds: () => number;
}

export interface SchemaCommit {
  /** The names of the columns that were added. */
  readonly added: readonly string[];
  readonly manifest: Manifest;
}

const TRIES = 10;

/**
 * Makes the schema that of a table which holds data. Undefined where it has that schema already. `origin` names the schema in
 * errors. Throws SCHEMA_INVALID where the data does not allow it, and CONFLICT where other commits keep coming first.
 */
export async function changeSchema(
  context: SchemaCommitContext,
  schema: Schema,
  origin: string,
): Promise<SchemaCommit | undefined> {
  const { store } = context;
  for (let tries = 0; tries < TRIES; tries++) {
    const manifest = await latestManifest(store, schema.table);
    const written = await readWrittenSchema(store, schema.table);
    const before = schemaOf(manifest.schema, written ?? schema);
    const change = requireCompatible(before, schema, origin);
    if (change.kind === "same") {
      // An earlier try may have died between its commit and this.
      await keepWritten(store, schema);
      return undefined;
    }
    const commit = { run: context.newRun(), nowSeconds: context.nowSeconds() };
    const next = afterSchemaChange(manifest, { before: before.file, schema: schema.file, ...change }, commit);
    if ((await commitManifest(store, schema.table, next)) !== "committed") continue;
    // After the commit: readers of schema.json never write a column that the lake does not have.
    await writeSchema(store, schema);
    return { added: change.added, manifest: next };
  }
  throw new DynalakeError("CONFLICT", `other commits kept coming first to "${schema.table}"`);
}

/** The manifest that commits a schema with columns that no segment has yet. */
export function afterSchemaChange(
  manifest: Manifest,
  change: { readonly before: SchemaFile; readonly schema: SchemaFile; readonly added: readonly string[] },
  commit: { readonly run: string; readonly nowSeconds: number },
): Manifest {
  return {
    ...manifest,
    ...committed(manifest, "schema", commit),
    schema: change.schema,
    recovery: withDeclared(manifest, change),
  };
}

async function keepWritten(store: ObjectStore, schema: Schema): Promise<void> {
  const content = await store.read(schemaPath(schema.table));
  const text = schemaText(schema);
  const isSame = content?.length === text.length && content.every((byte, i) => byte === text[i]);
  if (!isSame) await writeSchema(store, schema);
}
