/**
 * Writers of scalar values: each reads one value in DynamoDB JSON and writes what the codec of its column's type gives for
 * it. A column's plain strings keep the escapes that they have; all else is the codec's text, character by character.
 */

import { calendarDay } from "../row/calendar-day.ts";
import { Inexact, type WireValue } from "../row/encoding.ts";
import { dateEncode, timestampEncode } from "../row/time.ts";
import type { PartType, ScalarType } from "../schema/column-type.ts";
import type { AttributeValue } from "../values/attribute-value.ts";
import { toExactDouble } from "../values/number.ts";
import type { LineCursor } from "./cursor.ts";

/** Not in a form that the fast way knows: the whole line is given up. */
export const UNKNOWN = 0;
/** The codec has nothing for the value: what was read and written of it is to be taken back. */
export const UNFIT = 1;
/** Written as the codec has it; the cursor's `exact` is cleared where the codec's encoding is inexact. */
export const WRITTEN = 2;
export type Outcome = typeof UNKNOWN | typeof UNFIT | typeof WRITTEN;

export type WriteValue = (cursor: LineCursor) => Outcome;

/** The bytes of a text in ASCII. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const QUOTE = 34;
const ZERO = 48;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const CLOSED_TEXT: Uint8Array = bytes('"}');
const BOOLEAN_OPEN: Uint8Array = bytes('{"BOOL":');
const TRUE: Uint8Array = bytes("true");
const FALSE: Uint8Array = bytes("false");
const ENCODED_BYTES_MAX = 64;

/** `quote` stands around numbers and all other values that are not a boolean. */
export function scalarWriter(type: ScalarType, quote: Uint8Array): WriteValue {
  switch (type.kind) {
    case "string":
      return typed("S", quote, (cursor) => (cursor.textWithin() ? WRITTEN : UNKNOWN));
    case "boolean":
      return booleanWriter;
    case "int":
    case "bigint":
    case "decimal":
      return typed("N", quote, numberThat(fitsOf(type)));
    case "double":
      return typed("N", quote, double);
    case "date":
      return typed("S", quote, encoded(dateEncode));
    case "timestamp":
      return typed("S", quote, isoTimestamp);
    case "binary":
      return typed("B", quote, (cursor) => {
        if (!readBase64(cursor)) return UNKNOWN;
        cursor.copy(cursor.from, cursor.to);
        return WRITTEN;
      });
  }
}

/** A string of a column of its own: it may have any escapes. */
export function stringWriter(quote: Uint8Array): WriteValue {
  return typed("S", quote, (cursor) => (cursor.text() ? WRITTEN : UNKNOWN));
}

/** A number of milliseconds since the epoch with the point moved by `shift` digits, as a timestamp. */
export function epochWriter(shift: number, quote: Uint8Array): WriteValue {
  return typed("N", quote, (cursor) => epochTimestamp(cursor, shift));
}

/** A value whose content is one JSON string; `write` reads it up to its closing quote. */
function typed(type: "S" | "N" | "B", quote: Uint8Array, write: WriteValue): WriteValue {
  const open = bytes(`{"${type}":"`);
  return (cursor) => {
    if (!cursor.accept(open)) return otherType(cursor, type);
    cursor.put(quote);
    const outcome = write(cursor);
    if (outcome !== WRITTEN) return outcome;
    cursor.put(quote);
    return cursor.accept(CLOSED_TEXT) ? WRITTEN : UNKNOWN;
  };
}

/** What a value is that does not open as one of `type`. Whether one of another type is valid is seen when it is passed over. */
export function otherType({ input, at }: LineCursor, type: string): Outcome {
  if (input[at] !== OPEN_BRACE || input[at + 1] !== QUOTE) return UNKNOWN;
  for (let i = 0; i < type.length; i++) if (input[at + 2 + i] !== type.charCodeAt(i)) return UNFIT;
  return input[at + 2 + type.length] === QUOTE ? UNKNOWN : UNFIT;
}

function booleanWriter(cursor: LineCursor): Outcome {
  if (!cursor.accept(BOOLEAN_OPEN)) return otherType(cursor, "BOOL");
  return truth(cursor) && cursor.acceptByte(CLOSE_BRACE) ? WRITTEN : UNKNOWN;
}

/** Copies true or false. */
export function truth(cursor: LineCursor): boolean {
  const value = cursor.input[cursor.at] === TRUE[0] ? TRUE : FALSE;
  if (!cursor.accept(value)) return false;
  cursor.put(value);
  return true;
}

/** Whether the number just read fits. */
type Fits = (cursor: LineCursor) => boolean;

/** For a double: whether it also prints in the digits that it has. */
export function fitsOf(type: PartType): Fits {
  switch (type.kind) {
    case "int":
      return fitsInt;
    case "bigint":
      return fitsBigint;
    case "decimal":
      return decimalFits(type.precision, type.scale);
    default:
      return isPlainDouble;
  }
}

function numberThat(fits: Fits): WriteValue {
  return (cursor) => {
    if (!cursor.number()) return UNKNOWN;
    if (!fits(cursor)) return UNFIT;
    cursor.copy(cursor.from, cursor.to);
    return WRITTEN;
  };
}

function fitsInt(cursor: LineCursor): boolean {
  if (cursor.fractionDigits > 0 || cursor.wholeDigits > 10) return false;
  return cursor.digits <= (cursor.negative ? 2_147_483_648 : 2_147_483_647);
}

function fitsBigint(cursor: LineCursor): boolean {
  if (cursor.fractionDigits > 0 || cursor.wholeDigits > 19) return false;
  if (cursor.wholeDigits < 19) return true;
  const high = wholeNumber(cursor, cursor.to - 19, cursor.to - 9);
  if (high !== 9_223_372_036) return high < 9_223_372_036;
  return wholeNumber(cursor, cursor.to - 9, cursor.to) <= (cursor.negative ? 854_775_808 : 854_775_807);
}

function wholeNumber({ input }: LineCursor, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 10 + (input[i] as number) - ZERO;
  return value;
}

function decimalFits(precision: number, scale: number): Fits {
  return ({ input, from, negative, wholeDigits, fractionDigits }) => {
    const isBelowOne = input[negative ? from + 1 : from] === ZERO;
    return fractionDigits <= scale && (isBelowOne ? 0 : wholeDigits) <= precision - scale;
  };
}

function double(cursor: LineCursor): Outcome {
  if (!cursor.number()) return UNKNOWN;
  if (isPlainDouble(cursor)) {
    cursor.copy(cursor.from, cursor.to);
    return WRITTEN;
  }
  const exact = toExactDouble(asciiText(cursor) as string);
  if (exact === undefined) return UNFIT;
  cursor.put(bytes(String(exact)));
  return WRITTEN;
}

/** Whether the number just read is a double that prints in the digits it has: one of up to 15 digits that is not below 1e-6. */
function isPlainDouble({ wholeDigits, fractionDigits, digits }: LineCursor): boolean {
  return wholeDigits + fractionDigits <= 15 && (fractionDigits <= 6 || digits >= 1e9);
}

/** What the cursor has read last, or undefined where it is not in ASCII. */
function asciiText({ input, from, to }: LineCursor): string | undefined {
  let text = "";
  for (let i = from; i < to; i++) {
    const byte = input[i] as number;
    if (byte > 127) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** A short string as the codec itself encodes it. */
function encoded(encode: (value: AttributeValue) => WireValue | Inexact): WriteValue {
  return (cursor) => {
    if (!cursor.plainText() || cursor.to - cursor.from > ENCODED_BYTES_MAX) return UNKNOWN;
    const text = asciiText(cursor);
    if (text === undefined) return UNKNOWN;
    const wire = encode({ S: text });
    const value = wire instanceof Inexact ? wire.value : wire;
    if (value === null) return UNFIT;
    if (wire instanceof Inexact) cursor.exact = false;
    cursor.put(bytes(String(value)));
    return WRITTEN;
  };
}

const encodedTimestamp: WriteValue = encoded((value) => timestampEncode(value, "iso"));

/** The canonical text of a real day, up to the 28th of its month, and time is copied; for all else the codec is asked. */
function isoTimestamp(cursor: LineCursor): Outcome {
  const { input, at } = cursor;
  const shape = ISO_SHAPE;
  for (let i = 0; i < shape.length; i++) {
    const byte = input[at + i] as number;
    const wanted = shape[i] as number;
    if (wanted === ZERO ? byte < ZERO || byte > 57 : byte !== wanted) return encodedTimestamp(cursor);
  }
  const part = (from: number, to: number): number => wholeNumber(cursor, at + from, at + to);
  const [month, day] = [part(5, 7), part(8, 10)];
  const isDay = part(0, 4) > 0 && month > 0 && month < 13 && day > 0 && day < 29;
  if (!isDay || part(11, 13) > 23 || part(14, 16) > 59 || part(17, 19) > 59) return encodedTimestamp(cursor);
  cursor.at = at + shape.length - 1;
  cursor.copy(at, cursor.at);
  return WRITTEN;
}

const ISO_SHAPE: Uint8Array = bytes('0000-00-00T00:00:00.000Z"');
const DAY_MS = 86_400_000;
/** 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z. */
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

function epochTimestamp(cursor: LineCursor, shift: number): Outcome {
  if (!cursor.number()) return UNKNOWN;
  const { wholeDigits, fractionDigits, digits } = cursor;
  if (fractionDigits > shift || wholeDigits + shift > 15) return UNFIT;
  const magnitude = digits * 10 ** (shift - fractionDigits);
  const millis = cursor.negative ? -magnitude : magnitude;
  if (millis < FIRST_MS || millis > LAST_MS) return UNFIT;
  const days = Math.floor(millis / DAY_MS);
  putDay(cursor, days);
  const ofDay = millis - days * DAY_MS;
  putPart(cursor, 84, Math.floor(ofDay / 3_600_000), 2);
  putPart(cursor, 58, Math.floor(ofDay / 60_000) % 60, 2);
  putPart(cursor, 58, Math.floor(ofDay / 1000) % 60, 2);
  putPart(cursor, 46, ofDay % 1000, 3);
  cursor.putByte(90);
  return WRITTEN;
}

/** The day that is `days` after 1970-01-01. */
function putDay(cursor: LineCursor, days: number): void {
  const date = calendarDay(days);
  const year = Math.floor(date / 10_000);
  putPart(cursor, ZERO + Math.floor(year / 1000), year % 1000, 3);
  putPart(cursor, 45, Math.floor(date / 100) % 100, 2);
  putPart(cursor, 45, date % 100, 2);
}

/** Writes the byte `before` and the number in so many digits. */
function putPart(cursor: LineCursor, before: number, value: number, digits: number): void {
  cursor.putByte(before);
  if (digits === 3) cursor.putByte(ZERO + Math.floor(value / 100));
  cursor.putByte(ZERO + (Math.floor(value / 10) % 10));
  cursor.putByte(ZERO + (value % 10));
}

const BASE64_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_VALUES: Int8Array = new Int8Array(256).fill(-1);
for (let i = 0; i < 64; i++) BASE64_VALUES[BASE64_DIGITS.charCodeAt(i)] = i;

/** Passes over canonical base64, up to the closing quote. */
export function readBase64(cursor: LineCursor): boolean {
  const { input } = cursor;
  const from = cursor.at;
  let at = from;
  while ((BASE64_VALUES[input[at] as number] as number) >= 0) at++;
  const last = BASE64_VALUES[input[at - 1] as number] as number;
  let padding = 0;
  while (padding < 2 && input[at] === 61) {
    padding++;
    at++;
  }
  const unusedBits = padding === 2 ? 15 : padding === 1 ? 3 : 0;
  if (input[at] !== QUOTE || (at - from) % 4 !== 0 || (padding > 0 && (last & unusedBits) !== 0))
    return false;
  cursor.from = from;
  cursor.to = at;
  cursor.at = at;
  return true;
}
