/**
 * The fast way from an export's line to the wire line of its item: bytes are copied, nothing is parsed. It knows the compact
 * form that exports have and gives up on all else, so that `readExportLine` and `itemLine` stay the one measure of what a line
 * means: whatever is accepted here, they accept, and the row is the same.
 */

import type { Codec } from "../row/encoding.ts";
import type { RowCodec } from "../row/row.ts";
import { type KeySpan, keyAttributes, writeKeyHash } from "../values/key.ts";
import { writeDynamo, writeName } from "./any.ts";
import { areOfBytes, LineConditions } from "./conditions.ts";
import type { LineCursor } from "./cursor.ts";
import type { LineWatch } from "./line-watch.ts";
import { maskWriter } from "./mask.ts";
import { columnWriter, nameTable, passOver } from "./part.ts";
import { bytes, type Outcome, UNFIT, UNKNOWN, WRITTEN, type WriteValue } from "./scalar.ts";

/** The line is given up: nothing is written. */
export const GIVEN_UP = 0;
/** The item does not belong to the lake table: nothing is written. */
export const UNSELECTED = 1;
/** The item's wire line is written. */
export const TAKEN = 2;
export type LineOutcome = typeof GIVEN_UP | typeof UNSELECTED | typeof TAKEN;

/**
 * Writes the wire line of the export line that stands in the input from `start` up to `end`, which is known to be valid UTF-8,
 * and ends before a line feed or with the input.
 */
export type FastLine = (cursor: LineCursor, start: number, end: number) => LineOutcome;

/** Longer lines are given up: they are rare, and the room for what they may become is not to be reserved. */
export const FAST_LINE_BYTES_MAX: number = 1024 * 1024;

/** What stands before an item's attributes and after them. */
export interface ItemForm {
  readonly open: Uint8Array;
  readonly close: Uint8Array;
}

const EXPORTED: ItemForm = { open: bytes('{"Item":{'), close: bytes("}}") };

const COMMA = 44;
const QUOTE = 34;
const BACKSLASH = 92;
const UNMAPPED: Uint8Array = bytes('"_unmapped":"{');
const UNMAPPED_END: Uint8Array = bytes('}",');
const KEY: Uint8Array = bytes('"_key":"');
const LINE_END: Uint8Array = bytes('"}\n');
/** The numbers that are kept of an attribute that goes to `_unmapped`. */
const REST = 5;
/** `{"S":"` and `"}`. */
const SCALAR_OPEN_BYTES = 6;
const SCALAR_CLOSE_BYTES = 2;

interface ColumnWriter {
  /** `"name":`. */
  readonly name: Uint8Array;
  readonly write: WriteValue;
}

interface Member {
  /** Undefined for an attribute that has none: of the key, of a condition, or a dropped one. */
  readonly column: ColumnWriter | undefined;
  /** The place of the attribute in the key, or -1. */
  readonly keyPlace: number;
  readonly isDropped: boolean;
  /** The conditions on it, as `LineConditions` numbers them. */
  readonly tests: readonly number[];
}

/** The fast way for a schema; undefined for one whose `where` is not decided by bytes. `watch` sees the lines that are taken. */
export function fastLine(
  { schema, codecs }: RowCodec,
  watch?: LineWatch,
  form: ItemForm = EXPORTED,
): FastLine | undefined {
  const { columns, dropped, where } = schema;
  if (!areOfBytes(where)) return undefined;
  const keyNames = keyAttributes(schema.key);
  const conditions = new LineConditions(where);
  const attributes = [
    ...new Set([
      ...columns.map(({ attribute }) => attribute),
      ...keyNames,
      ...dropped,
      ...where.map(({ attribute }) => attribute),
    ]),
  ];
  const members = attributes.map((attribute, i): Member => {
    const column = columns[i];
    const write = column?.masked ? maskWriter(codecs[i] as Codec) : column && columnWriter(column);
    return {
      column: column && write && { name: bytes(`"${column.name}":`), write },
      keyPlace: keyNames.indexOf(attribute),
      isDropped: dropped.has(attribute),
      tests: conditions.testsOf(attribute),
    };
  });
  const scanner = new LineScanner(form, nameTable(attributes), members, keyNames.length, conditions, watch);
  return (cursor, start, end) => scanner.line(cursor, start, end);
}

/** The attributes of one line, read into one line of wire rows. */
class LineScanner {
  readonly #form: ItemForm;
  readonly #find: (cursor: LineCursor) => number;
  readonly #members: readonly Member[];
  readonly #conditions: LineConditions;
  readonly #constantBytes: number;
  readonly #key: KeySpan[];
  #keyFound = 0;
  /** The number of the line in which each member was seen last. */
  readonly #seen: Float64Array;
  #lines = 0;
  /** The attributes that go to `_unmapped`: where the name begins and ends, the same of the value, and which member it is. */
  readonly #rest: number[] = [];
  #restCount = 0;
  readonly #watch: LineWatch | undefined;

  constructor(
    form: ItemForm,
    find: (cursor: LineCursor) => number,
    members: readonly Member[],
    keyLength: number,
    conditions: LineConditions,
    watch: LineWatch | undefined,
  ) {
    this.#form = form;
    this.#find = find;
    this.#members = members;
    this.#conditions = conditions;
    this.#watch = watch;
    this.#key = Array.from({ length: keyLength }, () => ({ type: 0, from: 0, to: 0 }));
    this.#seen = new Float64Array(members.length);
    // The names, and the timestamps and masks, which may be longer than the values that they come from.
    this.#constantBytes = members.reduce((sum, { column }) => sum + (column?.name.length ?? 0) + 80, 128);
  }

  line(cursor: LineCursor, start: number, end: number): LineOutcome {
    if (end - start > FAST_LINE_BYTES_MAX) return GIVEN_UP;
    // Twice for quotes and backslashes within a string, for a column and again for `_unmapped`, and for what is put in order.
    cursor.reserve(6 * (end - start) + this.#constantBytes);
    const { length } = cursor;
    cursor.at = start;
    this.#lines++;
    this.#keyFound = 0;
    this.#restCount = 0;
    this.#watch?.begin();
    const isRead = this.#item(cursor) && cursor.at === end;
    // breakage: fast-where
    if (isRead && this.#conditions.areMetBy(this.#lines)) {
      if (this.#watch !== undefined) this.#watched(this.#watch, cursor);
      return TAKEN;
    }
    cursor.length = length;
    cursor.dropMembers(0);
    return isRead ? UNSELECTED : GIVEN_UP;
  }

  #item(cursor: LineCursor): boolean {
    if (!cursor.accept(this.#form.open)) return false;
    cursor.putByte(123);
    do {
      if (!cursor.name() || !this.#attribute(cursor)) return false;
    } while (cursor.acceptByte(COMMA));
    if (!cursor.accept(this.#form.close) || this.#keyFound !== this.#key.length) return false;
    if (this.#restCount > 0 && !this.#writeRest(cursor)) return false;
    cursor.put(KEY);
    writeKeyHash(cursor.input, this.#key, cursor.output, cursor.length);
    cursor.length += 32;
    cursor.put(LINE_END);
    return true;
  }

  /** Writes the attribute whose name has been read, or leaves it for later. */
  #attribute(cursor: LineCursor): boolean {
    const { from, to, at, length } = cursor;
    const found = this.#find(cursor);
    if (found === -1) {
      if (!passOver(cursor, at, length)) return false;
      this.#leave(from, to, at, cursor.at, found);
      return true;
    }
    if (this.#seen[found] === this.#lines) return false;
    this.#seen[found] = this.#lines;
    const { column, keyPlace, isDropped, tests } = this.#members[found] as Member;
    this.#watch?.see(found, cursor.input, at);
    const outcome = column === undefined ? UNFIT : writeColumn(cursor, column);
    if (outcome === UNKNOWN) return false;
    const isExact = outcome !== UNFIT && cursor.exact;
    if (outcome === UNFIT && !passOver(cursor, at, length)) return false;
    if (!isDropped && !isExact) this.#leave(from, to, at, cursor.at, found); // breakage: fast-drop
    if (tests.length > 0 && !this.#conditions.see(tests, this.#lines, cursor, at)) return false;
    return keyPlace === -1 || this.#keyValue(cursor, keyPlace, at);
  }

  /** Keeps an attribute for `_unmapped`, whose value begins at `at`. */
  #leave(from: number, to: number, at: number, end: number, member: number): void {
    const i = REST * this.#restCount++;
    this.#rest[i] = from;
    this.#rest[i + 1] = to;
    this.#rest[i + 2] = at;
    this.#rest[i + 3] = end;
    this.#rest[i + 4] = member;
  }

  /** Shows the watch what the line holds. */
  #watched(watch: LineWatch, { input }: LineCursor): void {
    watch.end();
    const rest = this.#rest as readonly number[];
    for (let i = 0; i < REST * this.#restCount; i += REST) {
      const [nameFrom = 0, nameTo = 0, from = 0, to = 0, member = -1] = rest.slice(i, i + REST);
      watch.misfit(input, member, [nameFrom, nameTo], [from, to]);
    }
  }

  /** The value that begins at `at` and ends before the cursor, for the key; false where it is none or has escapes. */
  #keyValue({ input, at: end }: LineCursor, place: number, at: number): boolean {
    const span = this.#key[place] as KeySpan;
    span.type = input[at + 2] as number;
    span.from = at + SCALAR_OPEN_BYTES;
    span.to = end - SCALAR_CLOSE_BYTES;
    if (input[at + 3] !== QUOTE || input[at + 5] !== QUOTE) return false;
    for (let i = span.from; i < span.to; i++) if (input[i] === BACKSLASH) return false;
    this.#keyFound++;
    return true;
  }

  #writeRest(cursor: LineCursor): boolean {
    const rest = this.#rest;
    const { at } = cursor;
    const opened = cursor.openMembers();
    cursor.put(UNMAPPED);
    for (let i = 0; i < REST * this.#restCount; i += REST) {
      if (i > 0) cursor.putByte(COMMA);
      writeName(cursor, rest[i] as number, rest[i + 1] as number);
      cursor.at = rest[i + 2] as number;
      if (!writeDynamo(cursor, 0)) return false;
    }
    if (!cursor.closeMembers(opened)) return false;
    cursor.put(UNMAPPED_END);
    cursor.at = at;
    return true;
  }
}

function writeColumn(cursor: LineCursor, column: ColumnWriter): Outcome {
  cursor.exact = true;
  cursor.put(column.name);
  const outcome = column.write(cursor);
  if (outcome === WRITTEN) cursor.putByte(COMMA);
  return outcome;
}
