/** The key of an item, and its hash, which is the value of `_key`. */
import type { AttributeValue, Item } from "./attribute-value.ts";
import { sha256Half } from "./hash.ts";

/** The names of a table's key attributes. */
export interface KeySchema {
  readonly hash: string;
  readonly range?: string;
}

export function keyAttributes(schema: KeySchema): readonly string[] {
  return schema.range === undefined ? [schema.hash] : [schema.hash, schema.range];
}

/** The key's values in the order of its attributes, or undefined where the item lacks one or has one of another type than S, N or B. */
export function keyOf(schema: KeySchema, item: Item): readonly AttributeValue[] | undefined {
  const hash = keyValue(item, schema.hash);
  if (hash === undefined) return undefined;
  if (schema.range === undefined) return [hash];
  const range = keyValue(item, schema.range);
  return range === undefined ? undefined : [hash, range];
}

function keyValue(item: Item, attribute: string): AttributeValue | undefined {
  if (!Object.hasOwn(item, attribute)) return undefined;
  const value = item[attribute] as AttributeValue;
  return "S" in value || "N" in value || "B" in value ? value : undefined;
}

/** The key as an item: its attributes by their names. */
export function keyItem(schema: KeySchema, key: readonly AttributeValue[]): Item {
  return Object.fromEntries(
    keyAttributes(schema).map((name, i) => [name, key[i] as AttributeValue] as const),
  );
}

export function sameKey(a: readonly AttributeValue[], b: readonly AttributeValue[]): boolean {
  return a.length === b.length && a.every((value, i) => sameScalar(value, b[i] as AttributeValue));
}

function sameScalar(a: AttributeValue, b: AttributeValue): boolean {
  if ("S" in a) return "S" in b && a.S === b.S;
  if ("N" in a) return "N" in b && a.N === b.N;
  return "B" in a && "B" in b && a.B === b.B;
}

/** The type's letter and the value: equal for equal keys only. */
function scalarText(value: AttributeValue): string {
  if ("S" in value) return `S${value.S}`;
  if ("N" in value) return `N${value.N}`;
  return `B${(value as { readonly B: string }).B}`;
}

const encoder = new TextEncoder();
let buffer = new Uint8Array(4096);

/**
 * `_key`: 128 bits of SHA-256, as 32 hexadecimal digits, over the key's values. Each value is its type's letter, its
 * length in UTF-8 bytes (4 bytes, big-endian) and its bytes, so that no two keys have one encoding.
 */
export function keyHash(key: readonly AttributeValue[]): string {
  let length = 0;
  for (const value of key) length = appendValue(scalarText(value), length);
  return sha256Half(buffer.subarray(0, length));
}

/** A value of a key as it stands in bytes: `from` up to `to` are the UTF-8 of its string, number or base64. */
export interface KeySpan {
  /** The character code of the type's letter. */
  type: number;
  from: number;
  to: number;
}

/** Writes the `keyHash` of the key whose values stand in `input` into `target` at `at`, as 32 digits. */
export function writeKeyHash(
  input: Uint8Array,
  key: readonly KeySpan[],
  target: Uint8Array,
  at: number,
): void {
  let length = 0;
  for (const { type, from, to } of key) {
    reserve(length, 5 + to - from);
    for (let i = from, o = length + 5; i < to; i++, o++) buffer[o] = input[i] as number;
    writeHeader(length, type, to - from);
    length += 5 + to - from;
  }
  const digits = sha256Half(buffer.subarray(0, length));
  for (let i = 0; i < digits.length; i++) target[at + i] = digits.charCodeAt(i);
}

function appendValue(text: string, start: number): number {
  reserve(start, 4 + text.length * 3);
  const bytes = writeUtf8(text, 1, start + 5);
  writeHeader(start, text.charCodeAt(0), bytes);
  return start + 5 + bytes;
}

function reserve(length: number, more: number): void {
  const room = length + more;
  if (buffer.length >= room) return;
  const larger = new Uint8Array(room * 2);
  larger.set(buffer.subarray(0, length));
  buffer = larger;
}

function writeHeader(at: number, type: number, bytes: number): void {
  buffer[at] = type;
  buffer[at + 1] = bytes >>> 24;
  buffer[at + 2] = bytes >>> 16;
  buffer[at + 3] = bytes >>> 8;
  buffer[at + 4] = bytes;
}

/** Writes the text from character `from` on into the buffer at `at`; the number of bytes written. */
function writeUtf8(text: string, from: number, at: number): number {
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return encoder.encodeInto(text.slice(from), buffer.subarray(at)).written;
    buffer[at + i - from] = unit;
  }
  return text.length - from;
}
