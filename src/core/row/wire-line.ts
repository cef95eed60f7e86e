/**
 * Wire rows as JSON lines: what Firehose gets, what the change log is made of, and what a snapshot stages. A member that
 * is null is left out.
 */

import type { Change, ChangeMarks } from "../change/change.ts";
import { DynalakeError } from "../error.ts";
import type { ColumnType } from "../schema/column-type.ts";
import type { Schema } from "../schema/schema.ts";
import type { Item } from "../values/attribute-value.ts";
import { jsonString } from "../values/json-string.ts";
import { keyHash, keyOf } from "../values/key.ts";
import type { WireValue } from "./encoding.ts";
import { LineArena } from "./line-arena.ts";
import { type ItemRow, type RowCodec, toRow } from "./row.ts";

/** The type of a column on the wire: what engines and Firehose see before the cast. */
export type WireType = "string" | "boolean" | "int" | "bigint" | "double";

export interface WireColumn {
  readonly name: string;
  readonly type: WireType;
}

export function wireType(type: ColumnType): WireType {
  switch (type.kind) {
    case "boolean":
    case "int":
    case "bigint":
    case "double":
      return type.kind;
    default:
      return "string";
  }
}

/** The columns of a change on the wire, in the order of its JSON members. */
export function changeWireColumns(schema: Schema): readonly WireColumn[] {
  return [
    ...itemWireColumns(schema),
    { name: "_op", type: "string" },
    { name: "_version", type: "string" },
    { name: "_changed_at", type: "bigint" },
    { name: "_expired", type: "boolean" },
  ];
}

/** The columns of a staged snapshot item: those of a change without what is the same for the whole snapshot. */
export function itemWireColumns(schema: Schema): readonly WireColumn[] {
  return [
    ...schema.columns.map((column) => ({ name: column.name, type: wireType(column.type) })),
    { name: "_unmapped", type: "string" },
    { name: "_key", type: "string" },
  ];
}

/** The bytes of a staged line: 400 KB of text can become six times as long in JSON, and `_unmapped` is JSON within JSON. */
export const LINE_BYTES_MAX: number = 16 * 1024 * 1024;

/** Turns items and changes into lines, each ending in a line feed. */
export interface LineWriter {
  readonly codec: RowCodec;
  /** `"name":` of each column. */
  readonly members: readonly string[];
  /** Where the lines of changes lie. */
  readonly arena: LineArena;
}

/** Throws USAGE where the schema masks columns and the codec has no key for that. */
export function lineWriter(codec: RowCodec): LineWriter {
  const masked = codec.schema.columns.find((column) => column.masked);
  if (masked !== undefined && !codec.masks) {
    throw noMaskKey(
      codec.schema,
      masked,
      "Set DYNALAKE_MASK_KEY to a long random string, the same at every run of this lake.",
    );
  }
  const members = codec.schema.columns.map((column) => `"${column.name}":`);
  return { codec, members, arena: new LineArena() };
}

/** `next` says how this deployment is given a key. */
export function noMaskKey(
  { table }: Schema,
  { name }: { readonly name: string },
  next: string,
): DynalakeError {
  const message = `column "${name}" of "${table}" is masked by sha256, but there is no mask key`;
  return new DynalakeError("USAGE", message, { next });
}

/** A wire row as a line, with what the steps after it ask of it. */
export interface WireLine {
  /** JSON and a line feed, in UTF-8. */
  readonly content: Uint8Array;
  /** The row's `_key`. */
  readonly keyHash: string;
}

/** The line of a change, whose item is `row`. */
export function changeLine(
  writer: LineWriter,
  change: Change,
  row: ItemRow = toRow(writer.codec, change.item),
): WireLine {
  addRowMembers(writer, row);
  return endedLine(writer, keyHash(change.key), change);
}

/** Ends the line of a change, whose members up to `_key` are written. */
export function endedLine(
  { arena }: LineWriter,
  keyHash: string,
  { operation, version, changedAtSeconds, expired }: ChangeMarks,
): WireLine {
  arena.add(
    `"_key":"${keyHash}","_op":"${operation}","_version":"${version}","_changed_at":${changedAtSeconds},"_expired":${expired}}\n`,
  );
  return { content: arena.line(), keyHash };
}

/** The text of a snapshot item's staged line, or undefined where the item has no key. */
export function itemLine(writer: LineWriter, item: Item): string | undefined {
  const key = keyOf(writer.codec.schema.key, item);
  if (key === undefined) return undefined;
  return `{${rowMembers(writer, toRow(writer.codec, item), keyHash(key))}}\n`;
}

/** Begins a line with the members that `rowMembers` gives as text. */
function addRowMembers({ arena, members }: LineWriter, { values, unmapped }: ItemRow): void {
  arena.add("{");
  for (let i = 0; i < members.length; i++) {
    const value = values[i] as WireValue;
    if (value === null) continue;
    arena.add(members[i] as string);
    if (typeof value === "string") arena.addString(value);
    else arena.add(String(value));
    arena.add(",");
  }
  if (unmapped === null) return;
  arena.add('"_unmapped":');
  arena.addString(unmapped);
  arena.add(",");
}

function rowMembers(writer: LineWriter, row: ItemRow, key: string): string {
  const { members } = writer;
  let text = "";
  for (let i = 0; i < members.length; i++) {
    const value = row.values[i] as WireValue;
    if (value !== null) text += `${members[i]}${wireJson(value)},`;
  }
  if (row.unmapped !== null) text += `"_unmapped":${jsonString(row.unmapped)},`;
  return `${text}"_key":"${key}"`;
}

function wireJson(value: NonNullable<WireValue>): string {
  return typeof value === "string" ? jsonString(value) : String(value);
}
