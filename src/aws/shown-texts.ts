/** Which columns of a deployed table get one of text beside them, for what they do not hold. */
import { foundDrift } from "../core/overlay/found-drift.ts";
import type { FoundRecord } from "../core/overlay/found-record.ts";
import type { Column } from "../core/schema/schema.ts";
import { columnsToShow, textColumns } from "../core/schema/text-name.ts";
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
  found: FoundRecord,
): readonly string[] {
  const known = new Set([...(manifest.texts ?? []), ...Object.keys(found.wanted?.columns ?? {})]); // breakage: texts-wait-for-columns
  const columns = new Map(columnsToShow(schema).map((column) => [column.attribute, column]));
  const candidates = foundDrift({ schema, manifest }, found).flatMap(({ attribute }) => {
    const column = columns.get(attribute);
    return column === undefined || known.has(attribute) ? [] : [column];
  });
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
