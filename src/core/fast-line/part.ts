/** Writers of columns: of their types' scalars, arrays, maps and structs, of sets, of timestamps in their formats, and of json. */
import type { PartType } from "../schema/column-type.ts";
import type { Column } from "../schema/schema.ts";
import {
  QUOTE_WITHIN,
  readRankedNumber,
  type Write,
  writeDynamo,
  writeElements,
  writeMembers,
  writePlain,
  writeSet,
} from "./any.ts";
import type { LineCursor } from "./cursor.ts";
import {
  bytes,
  epochWriter,
  fitsOf,
  type Outcome,
  otherType,
  readBase64,
  scalarWriter,
  stringWriter,
  UNFIT,
  UNKNOWN,
  WRITTEN,
  type WriteValue,
} from "./scalar.ts";

const COMMA = 44;
const QUOTE = 34;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const QUOTED: Uint8Array = bytes('"');
const LIST: Uint8Array = bytes('{"L":[');
const MAP: Uint8Array = bytes('{"M":{');
const NULL_VALUE: Uint8Array = bytes('{"NULL":true}');
const NULL: Uint8Array = bytes("null");

/** The writer of a column that is not masked: what `columnCodec` encodes. */
export function columnWriter({ type, format, set }: Column): WriteValue {
  switch (type.kind) {
    case "json":
      return quoted(jsonWriter);
    case "array":
      return quoted(set ? setWriter(type.element) : partWriter(type));
    case "map":
    case "struct":
      return quoted(partWriter(type));
    case "string":
      return stringWriter(QUOTED);
    case "int":
    case "bigint":
    case "double":
      return scalarWriter(type, bytes(""));
    case "timestamp":
      return format === "iso"
        ? scalarWriter(type, QUOTED)
        : epochWriter(format === "epoch_millis" ? 0 : 3, QUOTED);
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

function jsonWriter(cursor: LineCursor): Outcome {
  if (cursor.accept(NULL_VALUE)) return UNFIT;
  return writePlain(cursor, 0) ? WRITTEN : UNKNOWN;
}

function partWriter(type: PartType): WriteValue {
  switch (type.kind) {
    case "array":
      return arrayWriter(elementWriter(partWriter(type.element)));
    case "map":
      return mapWriter(elementWriter(partWriter(type.value)));
    case "struct":
      return structWriter(
        nameTable(type.fields.map((field) => field.attribute)),
        type.fields.map((field) => bytes(`\\"${field.name}\\":`)),
        type.fields.map((field) => partWriter(field.type)),
      );
    default:
      return scalarWriter(type, QUOTE_WITHIN);
  }
}

/** Takes back what was written since `length`, and passes over the value at `at`: false where that is not in a known form. */
export function passOver(cursor: LineCursor, at: number, length: number): boolean {
  cursor.at = at;
  cursor.length = length;
  const known = writeDynamo(cursor, 0);
  cursor.length = length;
  return known;
}

/** An element of an array or map: null for a NULL and, inexactly, for a misfit. */
function elementWriter(write: WriteValue): Write {
  return (cursor) => {
    if (cursor.input[cursor.at + 3] === 85 && cursor.accept(NULL_VALUE)) {
      cursor.put(NULL);
      return true;
    }
    const { at, length } = cursor;
    const outcome = write(cursor);
    if (outcome !== UNFIT) return outcome === WRITTEN;
    cursor.exact = false;
    const known = passOver(cursor, at, length);
    cursor.put(NULL);
    return known;
  };
}

function arrayWriter(element: Write): WriteValue {
  return (cursor) => {
    // The codec shows a set in an array too.
    if (!cursor.accept(LIST)) return isSet(cursor) ? UNKNOWN : otherType(cursor, "L");
    return writeElements(cursor, element, 0) && cursor.acceptByte(CLOSE_BRACE) ? WRITTEN : UNKNOWN;
  };
}

function isSet({ input, at }: LineCursor): boolean {
  return input[at + 3] === 83 && input[at + 4] === QUOTE;
}

function mapWriter(member: Write): WriteValue {
  return (cursor) => {
    if (!cursor.accept(MAP)) return otherType(cursor, "M");
    return writeMembers(cursor, member, 0) && cursor.acceptByte(CLOSE_BRACE) ? WRITTEN : UNKNOWN;
  };
}

/** A field that does not fit, or is none of the type, is left out, inexactly. Two of one name are found when the whole value is passed over. */
function structWriter(
  fieldOf: (cursor: LineCursor) => number,
  names: readonly Uint8Array[],
  fields: readonly WriteValue[],
): WriteValue {
  const fieldAt = (cursor: LineCursor, field: number): Outcome => {
    if (field === -1) return UNFIT;
    cursor.member(field, 0, 0);
    cursor.put(names[field] as Uint8Array);
    return (fields[field] as WriteValue)(cursor);
  };
  return (cursor) => {
    if (!cursor.accept(MAP)) return otherType(cursor, "M");
    cursor.putByte(OPEN_BRACE);
    const opened = cursor.openMembers();
    const start = cursor.length;
    if (!cursor.acceptByte(CLOSE_BRACE)) {
      do {
        if (!cursor.name()) return UNKNOWN;
        const { at, length } = cursor;
        const before = cursor.openMembers();
        const outcome = fieldAt(cursor, fieldOf(cursor));
        if (outcome === UNKNOWN) return UNKNOWN;
        if (outcome === WRITTEN) cursor.putByte(COMMA);
        else {
          cursor.exact = false;
          cursor.dropMembers(before);
          if (!passOver(cursor, at, length)) return UNKNOWN;
        }
      } while (cursor.acceptByte(COMMA));
      if (!cursor.acceptByte(CLOSE_BRACE)) return UNKNOWN;
    }
    if (cursor.length > start) cursor.length--;
    if (!cursor.closeMembers(opened)) return UNKNOWN;
    cursor.putByte(CLOSE_BRACE);
    return cursor.acceptByte(CLOSE_BRACE) ? WRITTEN : UNKNOWN;
  };
}

/** A column declared from a set. A list in it, or a member that does not fit, is left to the codec. */
function setWriter(element: PartType): WriteValue {
  const type = element.kind === "string" ? "SS" : element.kind === "binary" ? "BS" : "NS";
  const fits = fitsOf(element);
  const read = {
    SS: (cursor: LineCursor) => cursor.plainText(),
    BS: readBase64,
    NS: (cursor: LineCursor) => readRankedNumber(cursor) && fits(cursor),
  }[type];
  const open = bytes(`{"${type}":[`);
  return (cursor) => {
    if (!cursor.accept(open)) return cursor.input[cursor.at + 2] === 76 ? UNKNOWN : otherType(cursor, type);
    return writeSet(cursor, read) && cursor.acceptByte(CLOSE_BRACE) ? WRITTEN : UNKNOWN;
  };
}

/** Finds the name that the cursor has read last among `names`: its index, or -1. */
export function nameTable(names: readonly string[]): (cursor: LineCursor) => number {
  const encoder = new TextEncoder();
  const spellings = names.map((name) => encoder.encode(name));
  let size = 8;
  while (size < names.length * 4) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  for (const [i, spelling] of spellings.entries()) {
    // Such a name has no bytes of its own, and no attribute can have it.
    if (!names[i]?.isWellFormed()) continue;
    let slot = spelling.reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, 0) & (size - 1);
    while (slots[slot] !== -1) slot = (slot + 1) & (size - 1);
    slots[slot] = i;
  }
  return ({ input, from, to, hash }) => {
    for (let slot = hash & (size - 1); ; slot = (slot + 1) & (size - 1)) {
      const i = slots[slot] as number;
      if (i === -1 || isSpelling(spellings[i] as Uint8Array, input, from, to)) return i;
    }
  };
}

function isSpelling(spelling: Uint8Array, input: Uint8Array, from: number, to: number): boolean {
  if (spelling.length !== to - from) return false;
  for (let i = 0; i < spelling.length; i++) if (spelling[i] !== input[from + i]) return false;
  return true;
}
