/** Which columns of a deployed table get one of text beside them, for what they do not hold. */
import type { FoundRecord } from "../core/overlay/found-record.ts";
import { schemaTypeText } from "../core/schema/column-type.ts";
import type { Column } from "../core/schema/schema.ts";
import { mayHaveText, textColumns } from "../core/schema/text-name.ts";
import { athena } from "../core/sql/athena.ts";
import { textOfMisfit } from "../core/sql/text-of-misfit.ts";
import type { CommittedTable } from "./deployed-change.ts";

/**
 * Each view contains their expressions once. Glue accepts views of 409,600 characters in base64, and those of 500 columns and the most
 * parts have 335,000.
 */
const TEXT_CHARACTERS_MAX = 30_000;

/**
 * The attributes whose values views do not show as text yet, those that hide most first. What a change that waits is for waits as well:
 * it is looked into again afterwards.
 */
export function attributesToShow(
  { schema, manifest }: CommittedTable,
  { looks, wanted }: FoundRecord,
): readonly string[] {
  const types = new Map(schema.columns.map(({ attribute, type }) => [attribute, schemaTypeText(type)]));
  const hidden = new Map<string, number>();
  for (const { attribute, column, hidden: count } of looks.flatMap(({ found = [] }) => found)) {
    // One of another type may hold them.
    const isOfNow = column !== undefined && column.type === types.get(attribute);
    if (isOfNow) hidden.set(attribute, (hidden.get(attribute) ?? 0) + count);
  }
  const known = new Set([...(manifest.texts ?? []), ...Object.keys(wanted?.columns ?? {})]); // breakage: texts-wait-for-columns
  const candidates = schema.columns
    .filter((column) => hidden.has(column.attribute) && !known.has(column.attribute) && mayHaveText(column))
    .sort((a, b) => (hidden.get(b.attribute) ?? 0) - (hidden.get(a.attribute) ?? 0));
  const shown = textColumns(schema, manifest.texts).map(({ column }) => column);
  let characters = shown.reduce((sum, column) => sum + charactersOf(column), 0);
  return candidates
    .filter((column) => {
      characters += charactersOf(column);
      return characters <= TEXT_CHARACTERS_MAX; // breakage: texts-fit-views
    })
    .map(({ attribute }) => attribute);
}

function charactersOf(column: Column): number {
  return textOfMisfit(athena, column).length + column.label.length;
}
