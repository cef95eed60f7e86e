/** The end of a table that evolves: what a fold finds, the columns follow, unless people or the limits of types say otherwise. */

import { schemaPath } from "../../src/core/format/lake-path.ts";
import type { Column, Schema } from "../../src/core/schema/schema.ts";
import { mayHaveText } from "../../src/core/schema/text-name.ts";
import { type OpenTable, openTableOf } from "../../src/core/table/open-table.ts";
import { fileForPeople, schemaBytes, writeSchema } from "../../src/core/table/schema-file.ts";
import type { AttributeValue, Item } from "../../src/core/values/attribute-value.ts";
import { itemOf } from "./model-table.ts";
import { digitsOf, hides } from "./shown-rule.ts";
import { TABLE, type World, Wrong } from "./world.ts";

/** A column of more types than these stays as it is. */
const FORMS_MAX = 8;

/** Writes an item of every key, delivers and folds them by `settle`, and looks at what the columns have become. */
export async function checkFollowing(world: World, settle: () => Promise<void>): Promise<void> {
  const before = await openTableOf(world.store, world.schemas[0] as Schema);
  await writeSchema(world.store, before.schema);
  const values = Array.from({ length: world.settings.keys }, (_, key) => written(world, key));
  await world.advance(200);
  // The newest change stays in the log.
  written(world, 0);
  await settle();
  const opened = await openTableOf(world.store, before.schema);
  const { evolve } = opened.schema;
  if (evolve !== before.schema.evolve) throw new Wrong("following", "evolve has changed by itself");
  const { schema } = opened;
  if (evolve === "none") {
    requireSame(before.schema, schema);
    world.counts.add("tables that follow nothing");
    return;
  }
  const known = { changes: world.table.changes, countsDigits: true };
  for (const item of values) for (const entry of Object.entries(item)) requireFollowed(known, opened, entry);
  const file = await world.store.read(schemaPath(TABLE));
  if (String(file) !== String(schemaBytes(schema)))
    throw new Wrong("following", "schema.json is not what the table has");
  world.counts.add(`tables that follow ${evolve}`);
}

function written(world: World, key: number): Item {
  const { nowSeconds, table } = world;
  const value = world.nextValue();
  table.write({ key, realSeconds: nowSeconds, timeSeconds: nowSeconds, value, expired: false }, 1);
  return itemOf(key, value);
}

function requireSame(before: Schema, after: Schema): void {
  const [old, now] = [before, after].map((schema) => JSON.stringify(fileForPeople(schema)));
  if (old !== now) throw new Wrong("following", `the schema has changed by itself: ${now}`);
}

/** What a lake can know of its values. */
export interface Known {
  /** All that was ever written. */
  readonly changes: readonly { readonly key: number; readonly value: string | undefined }[];
  /** Whether it counts the digits that a column's values have before the point. Else the column's type says how many they may have. */
  readonly countsDigits: boolean;
}

/** Throws where a column has room for the value, and has not followed it. */
export function requireFollowed(
  known: Known,
  { schema, manifest }: OpenTable,
  [attribute, value]: readonly [string, AttributeValue],
): void {
  const fault = (why: string): Wrong =>
    new Wrong("following", `${attribute} ${JSON.stringify(value)} ${why}`);
  if ("NULL" in value) return;
  const column = schema.columns.find((each) => each.attribute === attribute);
  if (column === undefined) {
    if (schema.evolve === "all") throw fault("has no column");
    return;
  }
  const { type, set, earlier, hidden } = column;
  // What people have hidden is no drift.
  if (hidden || !hides(type, value, set) || isFixed(schema, column) || earlier.length + 1 >= FORMS_MAX)
    return;
  if (type.kind === "struct" && "M" in value) {
    for (const member of Object.keys(value.M))
      if (!type.fields.some((field) => field.attribute === member) && isOfOneKind(known, attribute, member))
        throw fault(`has no member ${member}`);
    return;
  }
  if ("N" in value && hasRoom(known, column, value.N)) throw fault(`has no room in ${JSON.stringify(type)}`);
  if (mayHaveText(column) && manifest.texts?.includes(attribute) !== true)
    throw fault("is not there as text");
}

/**
 * A member with values of several types gets no field: one of them would be as good as the other. Maps whose names come and go are
 * maps of one type of value, so that the types of their values count alike.
 */
function isOfOneKind({ changes }: Known, attribute: string, member: string): boolean {
  const values = changes.flatMap(({ key, value }) => {
    const own = value === undefined ? undefined : itemOf(key, value)[attribute];
    return own !== undefined && "M" in own ? (own.M[member] ?? []) : [];
  });
  return areOfOneKind(values);
}

function areOfOneKind(values: readonly AttributeValue[]): boolean {
  const kinds = new Set(values.flatMap((value) => Object.keys(value)));
  const members = values.flatMap((value) => ("M" in value ? Object.values(value.M) : []));
  return kinds.size === 1 && (members.length === 0 || areOfOneKind(members));
}

function isFixed({ partitioning }: Schema, { name }: Column): boolean {
  return partitioning !== undefined && partitioning.kind !== "bucket" && partitioning.column === name;
}

const DIGITS_MAX = 38;

/** Whether 38 digits are enough for the number and all that the column may hold. */
function hasRoom({ changes, countsDigits }: Known, { attribute, type }: Column, number: string): boolean {
  if (!["int", "bigint", "decimal"].includes(type.kind)) return false;
  const all = changes.flatMap(({ key, value }) => {
    const own = value === undefined ? undefined : itemOf(key, value)[attribute];
    return own !== undefined && "N" in own ? [digitsOf(own.N)] : [];
  });
  const [precision, scale] = type.kind === "decimal" ? [type.precision, type.scale] : [19, 0];
  const declared = type.kind === "decimal" && countsDigits ? 0 : precision - scale;
  const whole = Math.max(...all.map((each) => each.whole), declared);
  return whole + Math.max(scale, digitsOf(number).fraction) <= DIGITS_MAX;
}
