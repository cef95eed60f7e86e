/**
 * The fast way from an export's line to the text of its item, and its key: bytes are copied, and members put in order, but nothing
 * is parsed. It knows the compact form that exports have and gives up on all else, so that `readExportLine` and `itemText` stay the
 * one measure of what a line means: whatever is accepted here, they accept, and the text is the same.
 */
import { type KeySchema, keyAttributes } from "../values/key.ts";
import { readRankedNumber, type Write } from "./any.ts";
import type { LineCursor } from "./cursor.ts";
import { SHORT_ESCAPES } from "./escape.ts";
import { FAST_LINE_BYTES_MAX } from "./fast-line.ts";
import { nameTable } from "./part.ts";
import { bytes, readBase64 } from "./scalar.ts";

const COMMA = 44;
const QUOTE = 34;
const SLASH = 47;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const CLOSE_BRACKET = 93;
/** Less than what `readItem` allows. */
const DEPTH_MAX = 40;
const LINE_OPEN: Uint8Array = bytes('{"Item":{');
const TEXT_END: Uint8Array = bytes('"}');
const LIST_END: Uint8Array = bytes("]}");
const MAP_END: Uint8Array = bytes("}}");
/** `{"S":"` and `"}`. */
const SCALAR_OPEN_BYTES = 6;
const SCALAR_CLOSE_BYTES = 2;

/** A value of the key: the letter of its type, and where its text stands in the input. */
export interface KeyPlace {
  type: "S" | "N" | "B";
  from: number;
  to: number;
}

/** Reads lines, and tells the key of the last one. */
export class FastItem {
  /** In the order of the key's attributes. */
  readonly key: readonly KeyPlace[];
  readonly #find: (cursor: LineCursor) => number;
  /** Writes the value of the attribute whose name has been read. */
  readonly #writeAttribute: Write = (cursor, depth) => this.#attribute(cursor, depth);
  /** Attributes of the key that the line has. */
  #keyFound = 0;

  constructor(schema: KeySchema) {
    const names = keyAttributes(schema);
    this.#find = nameTable(names);
    this.key = names.map(() => ({ type: "S", from: 0, to: 0 }));
  }

  /**
   * Writes the text of the item whose line stands in the input from `start` up to `end`, which is known to be valid UTF-8, and ends
   * before a line feed or with the input. False where the line is given up: nothing is written.
   */
  read(cursor: LineCursor, start: number, end: number): boolean {
    if (end - start > FAST_LINE_BYTES_MAX) return false;
    // What is put in order is written twice.
    cursor.reserve(3 * (end - start));
    const { length } = cursor;
    cursor.at = start;
    this.#keyFound = 0;
    if (this.#item(cursor) && cursor.at === end && this.#keyFound === this.key.length) return true;
    cursor.length = length;
    cursor.dropMembers(0);
    return false;
  }

  #item(cursor: LineCursor): boolean {
    if (!cursor.accept(LINE_OPEN)) return false;
    cursor.putByte(OPEN_BRACE);
    if (!writeMembers(cursor, this.#writeAttribute, 0) || !cursor.accept(MAP_END)) return false;
    cursor.putByte(CLOSE_BRACE);
    return true;
  }

  #attribute(cursor: LineCursor, depth: number): boolean {
    const place = this.#find(cursor);
    const { at } = cursor;
    if (!writeValue(cursor, depth)) return false;
    return place === -1 || this.#keyValue(this.key[place] as KeyPlace, cursor, at);
  }

  /** The value that begins at `at` and ends before the cursor, for the key; false where it is none or has escapes. */
  #keyValue(place: KeyPlace, { input, at: end }: LineCursor, at: number): boolean {
    if (input[at + 3] !== QUOTE || input[at + 5] !== QUOTE) return false;
    const letter = input[at + 2];
    place.type = letter === 83 ? "S" : letter === 78 ? "N" : "B";
    place.from = at + SCALAR_OPEN_BYTES;
    place.to = end - SCALAR_CLOSE_BYTES;
    for (let i = place.from; i < place.to; i++) if (input[i] === BACKSLASH) return false; // breakage: fast-item-plain-keys
    this.#keyFound++;
    return true;
  }
}

/** What begins and ends a value of one type. */
interface Marks {
  readonly open: Uint8Array;
  readonly close: Uint8Array;
}

const marks = (open: string, close: Uint8Array): Marks => ({ open: bytes(open), close });
const STRING: Marks = marks('{"S":"', TEXT_END);
const NUMBER: Marks = marks('{"N":"', TEXT_END);
const BINARY: Marks = marks('{"B":"', TEXT_END);
const STRINGS: Marks = marks('{"SS":[', LIST_END);
const NUMBERS: Marks = marks('{"NS":[', LIST_END);
const BINARIES: Marks = marks('{"BS":[', LIST_END);
const LIST: Marks = marks('{"L":[', LIST_END);
const MAP: Marks = marks('{"M":{', MAP_END);
const TRUE: Uint8Array = bytes('{"BOOL":true}');
const FALSE: Uint8Array = bytes('{"BOOL":false}');
const NULL: Uint8Array = bytes('{"NULL":true}');

/** Passes over the content of a string, number or member of a set, up to its closing quote; false where it is in another form than the text's. */
type Read = (cursor: LineCursor) => boolean;

const readNumber: Read = (cursor) => cursor.number();
const readPlain: Read = (cursor) => cursor.plainText();

/** The first two letters of a type distinguish it from the others. */
function writeValue(cursor: LineCursor, depth: number): boolean {
  const { input, at } = cursor;
  const second = input[at + 3];
  switch (input[at + 2]) {
    case 83:
      return second === 83 ? writeSet(cursor, STRINGS, readPlain) : writeScalar(cursor, STRING, readString);
    case 78:
      if (second === 85) return writeConstant(cursor, NULL);
      return second === 83
        ? writeSet(cursor, NUMBERS, readRankedNumber)
        : writeScalar(cursor, NUMBER, readNumber);
    case 66:
      if (second === 79) return writeConstant(cursor, TRUE) || writeConstant(cursor, FALSE);
      return second === 83 ? writeSet(cursor, BINARIES, readBase64) : writeScalar(cursor, BINARY, readBase64);
    case 76:
      return writeList(cursor, depth);
    case 77:
      return writeMap(cursor, depth);
    default:
      return false;
  }
}

function writeConstant(cursor: LineCursor, constant: Uint8Array): boolean {
  if (!cursor.accept(constant)) return false;
  cursor.put(constant);
  return true;
}

function writeScalar(cursor: LineCursor, { open, close }: Marks, read: Read): boolean {
  const from = cursor.at;
  if (!cursor.accept(open) || !read(cursor) || !cursor.accept(close)) return false;
  cursor.copy(from, cursor.at);
  return true;
}

/** A text has one spelling for every string: only the escapes that JSON.stringify writes are known here. */
function readString(cursor: LineCursor): boolean {
  const { input } = cursor;
  let { at } = cursor;
  for (;;) {
    const byte = input[at] as number;
    if (byte === BACKSLASH) {
      const escaped = input[at + 1] as number;
      if (SHORT_ESCAPES[escaped] !== 1 || escaped === SLASH) return false; // breakage: fast-item-one-spelling
      at += 2;
    } else if (byte >= 32 && byte !== QUOTE) at++;
    else {
      cursor.at = at;
      return byte === QUOTE;
    }
  }
}

/** The members of a set in order. */
function writeSet(cursor: LineCursor, { open, close }: Marks, read: Read): boolean {
  if (!cursor.accept(open)) return false;
  cursor.put(open);
  const opened = cursor.openMembers();
  for (;;) {
    cursor.rank = 0;
    if (!cursor.acceptByte(QUOTE) || !read(cursor) || !cursor.acceptByte(QUOTE)) return false;
    cursor.member(cursor.rank, cursor.from, cursor.to);
    cursor.copy(cursor.from - 1, cursor.at);
    if (!cursor.acceptByte(COMMA)) break;
    cursor.putByte(COMMA);
  }
  if (!cursor.accept(close) || !cursor.closeMembers(opened)) return false;
  cursor.put(close);
  return true;
}

function writeList(cursor: LineCursor, depth: number): boolean {
  const { open, close } = LIST;
  if (depth > DEPTH_MAX || !cursor.accept(open)) return false;
  cursor.put(open);
  if (cursor.input[cursor.at] !== CLOSE_BRACKET) {
    for (;;) {
      if (!writeValue(cursor, depth + 1)) return false;
      if (!cursor.acceptByte(COMMA)) break;
      cursor.putByte(COMMA);
    }
  }
  if (!cursor.accept(close)) return false;
  cursor.put(close);
  return true;
}

function writeMap(cursor: LineCursor, depth: number): boolean {
  const { open, close } = MAP;
  if (depth > DEPTH_MAX || !cursor.accept(open)) return false;
  cursor.put(open);
  if (!writeMembers(cursor, writeValue, depth + 1) || !cursor.accept(close)) return false;
  cursor.put(close);
  return true;
}

/** Writes the members of a map that has been opened, in the order of their names. */
function writeMembers(cursor: LineCursor, write: Write, depth: number): boolean {
  if (cursor.input[cursor.at] === CLOSE_BRACE) return true;
  const opened = cursor.openMembers();
  for (;;) {
    const start = cursor.at;
    if (!cursor.name()) return false;
    cursor.member(0, cursor.from, cursor.to);
    cursor.copy(start, cursor.at);
    if (!write(cursor, depth)) return false;
    if (!cursor.acceptByte(COMMA)) break;
    cursor.putByte(COMMA);
  }
  return cursor.closeMembers(opened);
}
