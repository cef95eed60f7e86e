/** Columns that a table has got, and types that have widened, for people. */
import type { LakeEvent } from "../../index.ts";

export function addedSentence(table: string, added: readonly string[]): string {
  const names = added.map((name) => `"${name}"`).join(", ");
  const columns = added.length === 1 ? "a new column" : "new columns";
  return `"${table}" has ${columns}: ${names}. Earlier values come from _unmapped`;
}

export function widenedSentence(
  table: string,
  columns: Extract<LakeEvent, { kind: "types-widened" }>["columns"],
): string {
  const changes = columns.map(({ name, from, to }) => `"${name}" is now ${to}, and was ${from}`);
  return `"${table}" follows its data: ${changes.join("; ")}`;
}

/** A sentence of what changes the schema, or would; undefined for every other event. */
export function followedSentence(event: LakeEvent): string | undefined {
  if (event.kind === "schema-edited") return event.text;
  if (event.kind === "columns-added") return addedSentence(event.table, event.columns);
  return event.kind === "types-widened" ? widenedSentence(event.table, event.columns) : undefined;
}
