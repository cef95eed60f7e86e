/** The split of a staged wire line, found in its bytes: by the key's hash at its end, or by the value of the partition column. */
import type { Schema } from "../schema/schema.ts";
import { splitOfHash } from "../schema/staging-splits.ts";

/** The split of the line that stands in `bytes` from `from` up to `end`, its line feed included. */
export type LineSplit = (bytes: Uint8Array, from: number, end: number) => number;

/** `_key` is the last member of a line: its 32 digits, the quote, the brace and the line feed. */
const KEY_FROM_END = 35;
/** The digits of the first 32 bits. */
const HASH_DIGITS = 8;

export function lineSplit({ partitioning }: Pick<Schema, "partitioning">, splits: number): LineSplit {
  if (partitioning === undefined || partitioning.kind === "bucket")
    return (bytes, _from, end) => splitOfHash(hashAt(bytes, end - KEY_FROM_END), splits);
  return valueSplit(partitioning.column, VALUE_BYTES[partitioning.kind], splits);
}

function hashAt(bytes: Uint8Array, at: number): number {
  let hash = 0;
  for (let i = at; i < at + HASH_DIGITS; i++) {
    const digit = bytes[i] as number;
    hash = hash * 16 + (digit < 58 ? digit - 48 : digit - 87);
  }
  return hash;
}

/** The bytes of a value, its quote included, that make a part: `"2026-11`. A long value of its own shares its split with others. */
const VALUE_BYTES = { year: 5, month: 8, day: 11, identity: 64 } as const;

const COMMA = 44;
const CLOSE_BRACE = 125;

/** Rows of one part are in one split, however their value is spelled; rows without a value have a split of their own. */
function valueSplit(column: string, bytesMax: number, splits: number): LineSplit {
  // Within a string of the line each quote has a backslash before it: this text is found as a member's name only.
  const member = new TextEncoder().encode(`"${column}":`);
  return (bytes, from, end) => {
    const at = indexOf(bytes, member, from, end);
    if (at === -1) return 0;
    let hash = 0;
    for (let i = at + member.length; i < at + member.length + bytesMax && i < end; i++) {
      const byte = bytes[i] as number;
      if (byte === COMMA || byte === CLOSE_BRACE) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    return (hash >>> 0) % splits;
  };
}

function indexOf(bytes: Uint8Array, text: Uint8Array, from: number, end: number): number {
  const [first] = text;
  for (let at = from; at + text.length <= end; at++) {
    if (bytes[at] !== first) continue;
    let i = 1;
    while (i < text.length && bytes[at + i] === text[i]) i++;
    if (i === text.length) return at;
  }
  return -1;
}
