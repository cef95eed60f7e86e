/**
 * Wire rows that come back: Firehose returns a delivery that it could not convert as the lines that it was sent. Each is read
 * into the change that it was made from and written anew, so that it has the columns of now, and nothing gets into the change log
 * that the row's own values do not prove.
 */
import { type Change, type Operation, Rejection, VERSION_DIGITS } from "../change/change.ts";
import type { Column, Schema } from "../schema/schema.ts";
import { DuplicateMember, parseJson } from "../values/json-members.ts";
import { memberTexts } from "../values/json-slices.ts";
import { keyHash, keyOf } from "../values/key.ts";
import type { WireValue } from "./encoding.ts";
import { type RowCodec, toItem, toRow } from "./row.ts";
import { changeLine, changeWireColumns, type LineWriter, type WireLine, wireType } from "./wire-line.ts";

/** The text of a line that was sent as a wire row, or is taken for one. */
export class WireRowText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Whether a JSON object has the members of a wire row, which no stream record has. */
export function looksLikeRow(object: Readonly<Record<string, unknown>>): boolean {
  return object._version !== undefined && object._op !== undefined && object._key !== undefined;
}

export interface RewrittenRow {
  readonly change: Change;
  readonly line: WireLine;
}

/** The row as the writer writes it; throws Rejection where it is none of its table. */
export function rewrittenRow(writer: LineWriter, { text }: WireRowText): RewrittenRow {
  const { codec } = writer;
  const members = rowMembers(codec.schema, text);
  const values = codec.schema.columns.map((column) => columnValue(column, members, text));
  const change = changeOf(codec, members, values);
  const row = toRow(codec, change.item);
  // A mask cannot be applied again: the row has nothing of the value but the masked text.
  const kept = row.values.map((value, i) => (codec.schema.columns[i]?.masked ? (values[i] ?? value) : value));
  return { change, line: changeLine(writer, change, { ...row, values: kept }) };
}

type Members = Readonly<Record<string, unknown>>;

function rowMembers(schema: Schema, text: string): Members {
  const members = parsed(text);
  if (typeof members !== "object" || members === null || Array.isArray(members))
    throw new Rejection("not-a-row");
  const known = new Set(changeWireColumns(schema).map(({ name }) => name));
  if (Object.keys(members).some((name) => !known.has(name)))
    throw new Rejection("not-a-row", "The line has a member that is not a column of the table.");
  return members as Members;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Rejection("not-json");
    if (error instanceof DuplicateMember) throw new Rejection("duplicate-member");
    throw error;
  }
}

const MASKED = /^[0-9a-f]{64}$/;

function columnValue(column: Column, members: Members, text: string): WireValue {
  const value = Object.hasOwn(members, column.name) ? members[column.name] : null;
  if (value === null) return null;
  const type = wireType(column.type);
  if (column.masked && !(typeof value === "string" && MASKED.test(value))) throw misfit(column);
  if (type === "bigint" && typeof value === "number") {
    // Its digits as they are written: a JavaScript number may not hold them all.
    const [digits = ""] = memberTexts(text, column.name);
    if (!/^-?\d{1,19}$/.test(digits)) throw misfit(column);
    return BigInt(digits);
  }
  const wanted = type === "string" || type === "boolean" ? type : "number";
  if (typeof value !== wanted) throw misfit(column);
  return value as WireValue;
}

function misfit(column: Column): Rejection {
  return new Rejection("not-a-row", `The column "${column.name}" holds what it cannot hold.`);
}

function changeOf(codec: RowCodec, members: Members, values: readonly WireValue[]): Change {
  const operation = readOperation(members._op);
  const version = textOf(members, "_version", VERSION); // breakage: returned-rows-keep-version
  const item = readItemOf(codec, members, values);
  const key = keyOf(codec.schema.key, item);
  if (key === undefined) throw new Rejection("no-key");
  if (keyHash(key) !== members._key)
    throw new Rejection("key-mismatch", "The key in the row's columns is not the one in _key.");
  const changedAtSeconds = members._changed_at;
  if (!Number.isSafeInteger(changedAtSeconds) || (changedAtSeconds as number) < 0)
    throw new Rejection("unreadable-time", "_changed_at is not a second.");
  const expired = members._expired === true;
  return {
    operation,
    key,
    version,
    changedAtSeconds: changedAtSeconds as number,
    expired,
    item,
    before: undefined,
  };
}

const VERSION = new RegExp(`^\\d{${VERSION_DIGITS}}$`);

function textOf(members: Members, name: string, shape: RegExp): string {
  const value = members[name];
  if (typeof value !== "string" || !shape.test(value))
    throw new Rejection("not-a-row", `The line has no ${name}.`);
  return value;
}

function readOperation(operation: unknown): Operation {
  if (operation === "INSERT" || operation === "MODIFY" || operation === "REMOVE") return operation;
  throw new Rejection("unknown-operation", "_op is not INSERT, MODIFY or REMOVE.");
}

function readItemOf(codec: RowCodec, members: Members, values: readonly WireValue[]): Change["item"] {
  const unmapped = members._unmapped ?? null;
  if (unmapped !== null && typeof unmapped !== "string")
    throw new Rejection("not-a-row", "_unmapped is not text.");
  try {
    return toItem(codec, { values, unmapped });
  } catch {
    // Whatever cannot be read back was not written by the codec.
    throw new Rejection("not-a-row", "A column or _unmapped does not give an attribute back.");
  }
}
