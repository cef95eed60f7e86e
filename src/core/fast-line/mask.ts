/** The writer of a masked column: the one place where the fast way parses a value, since its hash is of the text that all spellings share. */
import type { Codec } from "../row/encoding.ts";
import { readAttributeValue } from "../values/attribute-value.ts";
import { passOver } from "./part.ts";
import { bytes, UNKNOWN, WRITTEN, type WriteValue } from "./scalar.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function maskWriter(codec: Codec): WriteValue {
  return (cursor) => {
    const { at, length } = cursor;
    if (!passOver(cursor, at, length)) return UNKNOWN;
    const text = decoder.decode(cursor.input.subarray(at, cursor.at));
    const hash = codec.encode(readAttributeValue(JSON.parse(text)));
    cursor.put(bytes(`"${String(hash)}"`));
    return WRITTEN;
  };
}
