/**
 * Lists, maps and sets, and values of any type, as DynamoDB JSON or plain JSON. What is written is the one JSON text of the
 * value, as a JSON text within a JSON string.
 */
import type { LineCursor } from "./cursor.ts";
import { bytes, readBase64, truth } from "./scalar.ts";

const COMMA = 44;
const QUOTE = 34;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
/** A quote of the JSON text within a JSON string. */
export const QUOTE_WITHIN: Uint8Array = bytes('\\"');
const COLON_WITHIN: Uint8Array = bytes('\\":');
/** Less than what `readItem` allows. */
const DEPTH_MAX = 40;

/** Reads one value and writes it; false where it is not in a known form. `depth` is that of the value in its attribute. */
export type Write = (cursor: LineCursor, depth: number) => boolean;

/** Writes the elements of a list that has been opened, and its end. */
export function writeElements(cursor: LineCursor, element: Write, depth: number): boolean {
  cursor.putByte(OPEN_BRACKET);
  if (!cursor.acceptByte(CLOSE_BRACKET)) {
    for (;;) {
      if (!element(cursor, depth + 1)) return false;
      if (!cursor.acceptByte(COMMA)) break;
      cursor.putByte(COMMA);
    }
    if (!cursor.acceptByte(CLOSE_BRACKET)) return false;
  }
  cursor.putByte(CLOSE_BRACKET);
  return true;
}

/** Writes the members of a map that has been opened, in the order of their names, and its end. */
export function writeMembers(cursor: LineCursor, member: Write, depth: number): boolean {
  cursor.putByte(OPEN_BRACE);
  if (!cursor.acceptByte(CLOSE_BRACE)) {
    const opened = cursor.openMembers();
    for (;;) {
      if (!cursor.name()) return false;
      writeName(cursor, cursor.from, cursor.to);
      if (!member(cursor, depth + 1)) return false;
      if (!cursor.acceptByte(COMMA)) break;
      cursor.putByte(COMMA);
    }
    if (!cursor.acceptByte(CLOSE_BRACE) || !cursor.closeMembers(opened)) return false;
  }
  cursor.putByte(CLOSE_BRACE);
  return true;
}

/** Begins a member by its name, which is in the input. */
export function writeName(cursor: LineCursor, from: number, to: number): void {
  cursor.member(0, from, to);
  cursor.put(QUOTE_WITHIN);
  cursor.copy(from, to);
  cursor.put(COLON_WITHIN);
}

/** Writes the members of a set that has been opened, in order, and its end. `read` passes over one, up to its closing quote. */
export function writeSet(cursor: LineCursor, read: (cursor: LineCursor) => boolean): boolean {
  const opened = cursor.openMembers();
  cursor.putByte(OPEN_BRACKET);
  for (;;) {
    cursor.rank = 0;
    if (!cursor.acceptByte(QUOTE) || !read(cursor) || !cursor.acceptByte(QUOTE)) return false;
    cursor.member(cursor.rank, cursor.from, cursor.to);
    cursor.put(QUOTE_WITHIN);
    cursor.copy(cursor.from, cursor.to);
    cursor.put(QUOTE_WITHIN);
    if (!cursor.acceptByte(COMMA)) break;
    cursor.putByte(COMMA);
  }
  if (!cursor.acceptByte(CLOSE_BRACKET) || !cursor.closeMembers(opened)) return false;
  cursor.putByte(CLOSE_BRACKET);
  return true;
}

function readString(cursor: LineCursor): boolean {
  return cursor.plainText();
}

/** Passes over a number that a double orders among others: one of up to 15 digits. */
export function readRankedNumber(cursor: LineCursor): boolean {
  if (!cursor.number() || cursor.wholeDigits + cursor.fractionDigits > 15) return false;
  let power = 1;
  for (let i = 0; i < cursor.fractionDigits; i++) power *= 10;
  cursor.rank = (cursor.negative ? -cursor.digits : cursor.digits) / power;
  return true;
}

/** The value as DynamoDB JSON. */
export const writeDynamo: Write = anyWriter((type) => [`{\\"${type}\\":`, "}"]);
/** The value as plain JSON: exact where it has no numbers, binary values and sets. */
export const writePlain: Write = anyWriter(() => ["", ""]);

/** What a value of one type is made of. */
interface Kind {
  readonly open: Uint8Array;
  readonly before: Uint8Array;
  readonly write: Write;
  readonly close: Uint8Array;
  readonly after: Uint8Array;
}

type Kinds = Readonly<Record<"S" | "N" | "B" | "BOOL" | "NULL" | "SS" | "NS" | "BS" | "L" | "M", Kind>>;

/** `around` gives what stands before and after the content of a value of a type. */
function anyWriter(around: (type: string) => readonly [string, string]): Write {
  const isPlain = around("S")[0] === "";
  const kind = (type: string, marks: string, write: Write): Kind => {
    const [before, after] = around(type);
    const [open, close, quote] = marks === "text" ? [':"', '"}', '\\"'] : [`:${marks}`, "}", ""];
    return {
      open: bytes(`{"${type}"${open}`),
      before: bytes(before + quote),
      write,
      close: bytes(close),
      after: bytes(quote + after),
    };
  };
  const inexact =
    (read: Write): Write =>
    (cursor, depth) => {
      if (isPlain) cursor.exact = false;
      return read(cursor, depth);
    };
  const copied = (read: (cursor: LineCursor) => boolean): Write =>
    inexact((cursor) => {
      if (!read(cursor)) return false;
      cursor.copy(cursor.from, cursor.to);
      return true;
    });
  const set = (read: (cursor: LineCursor) => boolean): Write => inexact((cursor) => writeSet(cursor, read));
  const write: Write = (cursor, depth) => {
    const found = kindAt(kinds, cursor);
    if (found === undefined || depth > DEPTH_MAX || !cursor.accept(found.open)) return false;
    cursor.put(found.before);
    if (!found.write(cursor, depth)) return false;
    cursor.put(found.after);
    return cursor.accept(found.close);
  };
  const nullText = bytes(isPlain ? "null" : "true");
  const kinds: Kinds = {
    S: kind("S", "text", (cursor) => cursor.textWithin()),
    N: kind(
      "N",
      "text",
      copied((cursor) => cursor.number()),
    ),
    B: kind("B", "text", copied(readBase64)),
    BOOL: kind("BOOL", "", truth),
    NULL: kind("NULL", "true", (cursor) => {
      cursor.put(nullText);
      return true;
    }),
    SS: kind("SS", "[", set(readString)),
    NS: kind("NS", "[", set(readRankedNumber)),
    BS: kind("BS", "[", set(readBase64)),
    L: kind("L", "[", (cursor, depth) => writeElements(cursor, write, depth)),
    M: kind("M", "{", (cursor, depth) => writeMembers(cursor, write, depth)),
  };
  return write;
}

/** The kind of the value that the cursor is at, by the first two letters of its type. */
function kindAt(kinds: Kinds, { input, at }: LineCursor): Kind | undefined {
  const isSet = input[at + 3] === 83;
  switch (input[at + 2]) {
    case 83:
      return isSet ? kinds.SS : kinds.S;
    case 78:
      return isSet ? kinds.NS : input[at + 3] === 85 ? kinds.NULL : kinds.N;
    case 66:
      return isSet ? kinds.BS : input[at + 3] === 79 ? kinds.BOOL : kinds.B;
    case 76:
      return kinds.L;
    case 77:
      return kinds.M;
    default:
      return undefined;
  }
}
