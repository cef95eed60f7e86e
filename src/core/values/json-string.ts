/** Texts as JSON strings. Most texts need no escape, and finding that out is faster than writing them one by one. */

/** Characters that may have to be escaped: quotes, backslashes, control characters, and surrogates, since some stand alone. */
const ESCAPED = /[^ !#-[\]-\ud7ff\ue000-\uffff]/; // breakage: json-quotes-escaped

/** The same as `JSON.stringify(text)`. */
export function jsonString(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}
