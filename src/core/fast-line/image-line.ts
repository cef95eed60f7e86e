/** The fast way from a record's new image to the wire line of its change: the same as that of an export's line, but for its ends. */
import type { UnparsedChange } from "../change/unparsed-change.ts";
import { endedLine, type LineWriter, type WireLine } from "../row/wire-line.ts";
import { keyHash } from "../values/key.ts";
import { LineCursor } from "./cursor.ts";
import { fastLine, type ItemForm, TAKEN } from "./fast-line.ts";
import { bytes } from "./scalar.ts";

/** The line of the change, with the columns in the order of the image; undefined where the image has to be parsed. */
export type ImageLine = (change: UnparsedChange) => WireLine | undefined;

const IMAGE: ItemForm = { open: bytes("{"), close: bytes("}") };
/** The ending of an item's line: `"_key":"`, */
const KEY_OPEN_BYTES = 8;
/** the digits of the hash, */
const HASH_DIGITS = 32;
/** and `"}` with the line feed. */
const KEY_CLOSE_BYTES = 3;
/** The room that is kept from one line to the next. */
const OUTPUT_BYTES_KEPT_MAX = 8 * 1024 * 1024;

/** The fast way for a writer; undefined where its schema has none. */
export function imageLine(writer: LineWriter): ImageLine | undefined {
  const fast = fastLine(writer.codec, undefined, IMAGE);
  if (fast === undefined) return undefined;
  const cursor = new LineCursor();
  return ({ image, key, marks }) => {
    cursor.clear(OUTPUT_BYTES_KEPT_MAX);
    cursor.input = image.bytes;
    if (fast(cursor, image.from, image.to) !== TAKEN) return undefined;
    const hashAt = cursor.length - KEY_CLOSE_BYTES - HASH_DIGITS;
    const hash = keyHash(key);
    if (!isHashAt(cursor, hashAt, hash)) return undefined; // breakage: fast-keys-match-image
    writer.arena.addBytes(cursor.output.subarray(0, hashAt - KEY_OPEN_BYTES));
    return endedLine(writer, hash, marks);
  };
}

/** Whether the key of the image is the one in Keys. */
function isHashAt({ output }: LineCursor, at: number, hash: string): boolean {
  for (let i = 0; i < hash.length; i++) if (output[at + i] !== hash.charCodeAt(i)) return false;
  return true;
}
