/** Escape sequences in the content of a JSON string, as bytes (RFC 8259, section 7). */

const BACKSLASH = 92;
const ZERO = 48;

/** 1 for each byte that may follow a backslash by itself. */
export const SHORT_ESCAPES: Uint8Array = new Uint8Array(256);
for (const escaped of '"\\/bfnrt') SHORT_ESCAPES[escaped.charCodeAt(0)] = 1;

/** The index after the escape sequence at `at`, or -1 if there is none or it is half a character. */
export function endOfEscape(input: Uint8Array, at: number): number {
  if (SHORT_ESCAPES[input[at + 1] as number] === 1) return at + 2;
  const unit = escapedUnit(input, at);
  if (unit === -1 || (unit >= 0xdc00 && unit <= 0xdfff)) return -1;
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  const low = escapedUnit(input, at + 6);
  return low >= 0xdc00 && low <= 0xdfff ? at + 12 : -1;
}

/** The UTF-16 unit of the \uXXXX at `at`, or -1. */
function escapedUnit(input: Uint8Array, at: number): number {
  if (input[at] !== BACKSLASH || input[at + 1] !== 117) return -1;
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const byte = input[i] as number;
    const lower = byte | 32;
    const digit = byte >= ZERO && byte <= 57 ? byte - ZERO : lower >= 97 && lower <= 102 ? lower - 87 : -1;
    if (digit === -1) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}
