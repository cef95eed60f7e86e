/**
 * Writers of attribute values: each reads one value in DynamoDB JSON and writes what the codec of its column's type gives
 * for it. A column's plain strings keep the escapes that they have; all else is the codec's text, character by character.
 */
import type { AttributeValue } from "./attribute-value.ts";
import { Inexact, type WireValue } from "./codec/encoding.ts";
import { dateEncode, timestampEncode } from "./codec/time.ts";
import type { PartType, ScalarType } from "./column-type.ts";
import type { LineCursor } from "./fast-line-cursor.ts";
import { toExactDouble } from "./number.ts";
import type { Column } from "./schema.ts";

/**
 * UNKNOWN: not in a form that the fast way knows. MISFIT: the codec has nothing for the value; what was read and written is to be
 * taken back. WRITTEN: as the codec has it, and the cursor's `exact` is cleared where the codec's encoding is inexact.
 */
export type Outcome = typeof UNKNOWN | typeof MISFIT | typeof WRITTEN;
export const UNKNOWN = 0;
export const MISFIT = 1;
export const WRITTEN = 2;

export type WriteValue = (cursor: LineCursor) => Outcome;

/** The bytes of a text in ASCII. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const COMMA = 44;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const QUOTE = 34;
const NOTHING: Uint8Array = bytes("");
const QUOTED: Uint8Array = bytes('"');
/** A quote of the JSON text within a JSON string. */
const QUOTED_WITHIN: Uint8Array = bytes('\\"');
const COLON_WITHIN: Uint8Array = bytes('\\":');
const CLOSED_TEXT: Uint8Array = bytes('"}');
const NULL_VALUE: Uint8Array = bytes('{"NULL":true}');
const TRUE: Uint8Array = bytes("true");
const FALSE: Uint8Array = bytes("false");
const NULL: Uint8Array = bytes("null");

/** The writer of a whole column that is not masked. */
export function columnWriter(column: Column): WriteValue {
  const { type } = column;
  if (type.kind === "timestamp" && column.format !== "iso") {
    return typed("N", epoch(column.format === "epoch_millis" ? 0 : 3));
  }
  switch (type.kind) {
    case "json":
      return quotedJson;
    case "array":
      return quoted(column.set ? setWriter(type.element) : partWriter(type));
    case "map":
    case "struct":
      return quoted(partWriter(type));
    case "int":
    case "bigint":
    case "double":
      return scalarWriter(type, NOTHING);
    case "string":
      return typed("S", quoted(textAsItIs));
    default:
      return scalarWriter(type, QUOTED);
  }
}

function quoted(write: WriteValue): WriteValue {
  return (cursor) => {
    cursor.putByte(QUOTE);
    const outcome = write(cursor);
    cursor.putByte(QUOTE);
    return outcome;
  };
}

function textAsItIs(cursor: LineCursor): Outcome {
  return cursor.text() ? WRITTEN : UNKNOWN;
}

function textWithin(cursor: LineCursor): Outcome {
  cursor.put(QUOTED_WITHIN);
  if (!cursor.textWithin()) return UNKNOWN;
  cursor.put(QUOTED_WITHIN);
  return WRITTEN;
}

function quotedJson(cursor: LineCursor): Outcome {
  if (cursor.input[cursor.at + 2] === 78 && cursor.accept(NULL_VALUE)) return MISFIT;
  cursor.putByte(QUOTE);
  const written = writePlain(cursor, 0);
  cursor.putByte(QUOTE);
  return written ? WRITTEN : UNKNOWN;
}

/** A value that is one JSON string under its type; `write` stands at its content. */
function typed(type: "S" | "N" | "B", write: WriteValue): WriteValue {
  const open = bytes(`{"${type}":"`);
  return (cursor) => {
    if (!cursor.accept(open)) return otherType(cursor, type);
    const outcome = write(cursor);
    return outcome !== WRITTEN || cursor.accept(CLOSED_TEXT) ? outcome : UNKNOWN;
  };
}

/** For a value that does not open as `type` does: MISFIT if it is of another type. Whether it is valid is seen when it is passed over. */
function otherType({ input, at }: LineCursor, type: string): Outcome {
  if (input[at] !== OPEN_BRACE || input[at + 1] !== QUOTE) return UNKNOWN;
  for (let i = 0; i < type.length; i++) if (input[at + 2 + i] !== type.charCodeAt(i)) return MISFIT;
  return input[at + 2 + type.length] === QUOTE ? UNKNOWN : MISFIT;
}

/** `quote` stands around numbers and all that is plain ASCII text. */
function scalarWriter(type: ScalarType, quote: Uint8Array): WriteValue {
  switch (type.kind) {
    case "string":
      return typed("S", textWithin);
    case "boolean":
      return booleanWriter;
    case "int":
      return typed("N", numberThat(fitsInt, quote));
    case "bigint":
      return typed("N", numberThat(fitsBigint, quote));
    case "decimal":
      return typed("N", numberThat(decimalFits(type.precision, type.scale), quote));
    case "double":
      return typed("N", double(quote));
    case "date":
      return typed("S", encoded(dateEncode, quote));
    case "timestamp":
      return typed("S", encoded((value) => timestampEncode(value, "iso"), quote));
    case "binary":
      return typed("B", base64(quote));
  }
}

const BOOLEAN_OPEN: Uint8Array = bytes('{"BOOL":');

function booleanWriter(cursor: LineCursor): Outcome {
  if (!cursor.accept(BOOLEAN_OPEN)) return otherType(cursor, "BOOL");
  return truth(cursor) && cursor.acceptByte(CLOSE_BRACE) ? WRITTEN : UNKNOWN;
}

function truth(cursor: LineCursor): boolean {
  const value = cursor.input[cursor.at] === 116 ? TRUE : FALSE;
  if (!cursor.accept(value)) return false;
  cursor.put(value);
  return true;
}

type Fits = (cursor: LineCursor) => boolean;

function numberThat(fits: Fits, quote: Uint8Array): WriteValue {
  return (cursor) => {
    if (!cursor.number()) return UNKNOWN;
    if (!fits(cursor)) return MISFIT;
    cursor.put(quote);
    cursor.copy(cursor.numberFrom, cursor.numberTo);
    cursor.put(quote);
    return WRITTEN;
  };
}

function fitsInt(cursor: LineCursor): boolean {
  if (cursor.fractionDigits > 0 || cursor.wholeDigits > 10) return false;
  return cursor.digits <= (cursor.negative ? 2147483648 : 2147483647);
}

function fitsBigint(cursor: LineCursor): boolean {
  if (cursor.fractionDigits > 0 || cursor.wholeDigits > 19) return false;
  if (cursor.wholeDigits < 19) return true;
  const from = cursor.numberTo - 19;
  const high = digitsOf(cursor, from, from + 10);
  if (high !== 9_223_372_036) return high < 9_223_372_036;
  return digitsOf(cursor, from + 10, cursor.numberTo) <= (cursor.negative ? 854_775_808 : 854_775_807);
}

function digitsOf({ input }: LineCursor, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 10 + (input[i] as number) - 48;
  return value;
}

function decimalFits(precision: number, scale: number): Fits {
  return (cursor) => {
    const isBelowOne = cursor.wholeDigits === 1 && cursor.digits < 10 ** cursor.fractionDigits;
    return cursor.fractionDigits <= scale && (isBelowOne ? 0 : cursor.wholeDigits) <= precision - scale;
  };
}

/** Every decimal of up to 15 digits is a double's own; from 1e-6 on a double is written in plain digits. */
function isPlainDouble(cursor: LineCursor): boolean {
  return cursor.wholeDigits + cursor.fractionDigits <= 15 && (cursor.fractionDigits <= 6 || cursor.digits >= 1e9);
}

function double(quote: Uint8Array): WriteValue {
  return (cursor) => {
    if (!cursor.number()) return UNKNOWN;
    cursor.put(quote);
    if (isPlainDouble(cursor)) cursor.copy(cursor.numberFrom, cursor.numberTo);
    else {
      const exact = toExactDouble(asciiText(cursor, cursor.numberFrom, cursor.numberTo) as string);
      if (exact === undefined) return MISFIT;
      cursor.put(bytes(String(exact)));
    }
    cursor.put(quote);
    return WRITTEN;
  };
}

const ENCODED_BYTES_MAX = 64;

function asciiText({ input }: LineCursor, from: number, to: number): string | undefined {
  let text = "";
  for (let i = from; i < to; i++) {
    const byte = input[i] as number;
    if (byte > 127) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** A short string that the codec itself encodes, unless it is a timestamp in the one form that the codec leaves as it is. */
function encoded(encode: (value: AttributeValue) => WireValue | Inexact, quote: Uint8Array): WriteValue {
  return (cursor) => {
    if (!cursor.plainText() || cursor.nameTo - cursor.nameFrom > ENCODED_BYTES_MAX) return UNKNOWN;
    const text = asciiText(cursor, cursor.nameFrom, cursor.nameTo);
    if (text === undefined) return UNKNOWN;
    const wire = encode({ S: text });
    const value = wire instanceof Inexact ? wire.value : wire;
    if (value === null) return MISFIT;
    if (wire instanceof Inexact) cursor.exact = false;
    cursor.put(quote);
    cursor.put(bytes(String(value)));
    cursor.put(quote);
    return WRITTEN;
  };
}
