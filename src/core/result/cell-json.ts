/** Cells as JSON: every number with all of its digits, wherever it stands; what JSON has no form for as text. */
import type { Cell } from "../ports/query-result.ts";
import { blobText } from "./blob-text.ts";
import type { ResultType } from "./result-type.ts";

const PLAIN: ResultType = { kind: "plain" };

/** Bytes, and numbers that are not finite, become text. Moments are in RFC 3339, with their offset. */
export function cellJson(cell: Cell, type: ResultType): string {
  if (cell === null) return "null";
  if (typeof cell === "bigint") return String(cell);
  if (typeof cell === "number") return Number.isFinite(cell) ? JSON.stringify(cell) : `"${cell}"`;
  if (typeof cell === "string") return textJson(cell, type);
  if (typeof cell === "boolean") return String(cell);
  if (cell instanceof Uint8Array) return JSON.stringify(blobText(cell));
  if (!isList(cell)) return objectJson(cell, type);
  if (type.kind === "map") return mapJson(cell, type);
  const element = type.kind === "list" ? type.element : PLAIN;
  return `[${cell.map((each) => cellJson(each, element)).join(",")}]`;
}

function isList(cell: Cell): cell is readonly Cell[] {
  return Array.isArray(cell);
}

function textJson(text: string, { kind }: ResultType): string {
  if (kind === "exact" && /^-?\d+(?:\.\d+)?$/.test(text)) return text; // breakage: nested-numbers-are-numbers
  return JSON.stringify(kind === "moment" ? momentText(text) : text);
}

/**
 * A moment as RFC 3339 has it: `2026-11-23 05:00:00.5` is `2026-11-23T05:00:00.5Z`. Sessions of the engines are in UTC, and so are
 * the timestamps of a lake: a text without an offset is of UTC, too. Without a `Z` JavaScript would take it for the reader's own
 * time. What has no such form stays: "infinity", years beyond 9999, zones that go by a name.
 */
function momentText(text: string): string {
  return text.replace(
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00(?::00)?| UTC| ?([+-]\d\d)(:\d\d)?)?$/,
    (_, day, time, hours, minutes = ":00") =>
      `${day}T${time}${hours === undefined ? "Z" : `${hours}${minutes}`}`, // breakage: moments-have-their-offset
  );
}

type ObjectCell = Extract<Cell, { readonly [name: string]: Cell }>;

function objectJson(cell: ObjectCell, type: ResultType): string {
  const typeOf = (name: string): ResultType => {
    if (type.kind === "struct") return type.fields.get(name) ?? PLAIN;
    // The cell of a union is { tag, value }.
    if (type.kind === "union" && name === "value") return type.members.get(String(cell.tag)) ?? PLAIN;
    return PLAIN;
  };
  return membersJson(Object.entries(cell).map(([name, value]) => [name, cellJson(value, typeOf(name))]));
}

/** A map is an object, unless its keys are nested: then it stays a list of its entries. */
function mapJson(entries: readonly Cell[], { key, value }: ResultType & { readonly kind: "map" }): string {
  const pairs = (entries as readonly { readonly key: Cell; readonly value: Cell }[]).map(
    (entry) => [cellJson(entry.key, key), cellJson(entry.value, value)] as const,
  );
  const areNested = pairs.some(([name]) => name.startsWith("{") || name.startsWith("["));
  if (areNested) return `[${pairs.map(([name, text]) => `{"key":${name},"value":${text}}`).join(",")}]`;
  return membersJson(pairs.map(([name, text]) => [name.startsWith('"') ? JSON.parse(name) : name, text]));
}

function membersJson(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/** A cell as text, for formats without types: nested ones in JSON. NULL is null. */
export function cellText(cell: Cell, type: ResultType): string | null {
  if (cell === null) return null;
  if (cell instanceof Uint8Array) return blobText(cell);
  return typeof cell === "object" ? cellJson(cell, type) : String(cell);
}
