/** UTF-8, in which lines are written and limits are counted. */

const encoder = new TextEncoder();
/** Room for what is only counted. */
const scratch = new Uint8Array(64 * 1024);

/** The length of the text in UTF-8. A lone surrogate counts as the replacement character that is written for it. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  let rest = text;
  for (;;) {
    const { read, written } = encoder.encodeInto(rest, scratch);
    bytes += written; // breakage: bytes-not-characters
    if (read === rest.length) return bytes;
    rest = rest.slice(read);
  }
}
