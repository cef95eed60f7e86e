/** Texts as JSON strings. Most texts need no escape, and finding that out is faster than writing them one by one. */

/** Quotes, backslashes and control characters. */
const ESCAPED = /[^ !#-[\]-\uffff]/; // breakage: json-quotes-escaped

/** Whether the text stands between the quotes of a JSON string as it is. A surrogate that stands alone is escaped, too. */
export function isPlainInJson(text: string): boolean {
  return !ESCAPED.test(text) && text.isWellFormed();
}

/** The same as `JSON.stringify(text)`. */
export function jsonString(text: string): string {
  return isPlainInJson(text) ? `"${text}"` : JSON.stringify(text);
}
