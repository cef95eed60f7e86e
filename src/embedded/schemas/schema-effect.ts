/** What a schema file that differs from the lake's means for a table that holds data. */

import type { Terminal } from "../../cli/terminal.ts";
import { changeSchema } from "../../core/compaction/schema-commit.ts";
import { changesFolder } from "../../core/format/lake-path.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { requireCompatible, schemaChange } from "../../core/schema/schema-change.ts";
import { newRun, nowSeconds } from "../../sdk/run-name.ts";

export interface SchemaEffect {
  /** The columns that the file adds. */
  readonly added: readonly string[];
  /** The table's rows do not fit the file's schema: a snapshot replaces all of them. */
  readonly replaces: boolean;
}

export const NO_EFFECT: SchemaEffect = { added: [], replaces: false };

export interface SchemaWish {
  readonly store: ObjectStore;
  /** --schema, as the user wrote it. */
  readonly file: string;
  /** Whether the command replaces all rows of the table but those of its change log. */
  readonly replacesData: boolean;
}

/** Throws SCHEMA_INVALID where the table's data does not allow the change. */
export async function schemaEffect(wish: SchemaWish, known: Schema, given: Schema): Promise<SchemaEffect> {
  const change = schemaChange(known, given);
  if (change.kind === "same") return NO_EFFECT;
  if (change.kind === "compatible") return { added: change.added, replaces: false };
  const holdsChanges = (await wish.store.folders(changesFolder(known.table))).length > 0;
  if (holdsChanges || !wish.replacesData) requireCompatible(known, given, wish.file);
  return { added: [], replaces: true };
}

/** Makes a file's schema that of a table which holds data, and tells what it adds. */
export async function adoptSchema(
  terminal: Pick<Terminal, "note">,
  store: ObjectStore,
  chosen: { readonly schema: Schema; readonly origin: string },
): Promise<void> {
  if (chosen.origin !== "file") return;
  const commit = await changeSchema({ store, newRun, nowSeconds }, chosen.schema, "the schema file");
  if (commit === undefined || commit.added.length === 0) return;
  terminal.note(addedSentence(chosen.schema.table, commit.added));
}

/** What is told of columns that were added to a lake table. */
export function addedSentence(table: string, added: readonly string[]): string {
  const names = added.map((name) => `"${name}"`).join(", ");
  const columns = added.length === 1 ? "a new column" : "new columns";
  return `"${table}" has ${columns}: ${names}. Earlier values come from _unmapped`;
}
