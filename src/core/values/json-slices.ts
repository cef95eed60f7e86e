/** Pieces of a JSON text as they are written in it. The texts given have passed JSON.parse. */

/** The texts of the elements of a JSON array. */
export function elementTexts(text: string): readonly string[] {
  const elements: string[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (text[at] !== "]") {
    const end = endOfValue(text, at);
    elements.push(text.slice(at, end));
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return elements;
}

/** The texts of the values that a JSON object has for `name`: more than one where it names the member twice. */
export function memberTexts(text: string, name: string): readonly string[] {
  const values: string[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (text[at] !== "}") {
    const nameEnd = endOfString(text, at + 1) + 1;
    const value = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = endOfValue(text, value);
    if (JSON.parse(text.slice(at, nameEnd)) === name) values.push(text.slice(value, end));
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return values;
}

/** Index of the quote that ends the string whose content starts at `from`. */
export function endOfString(text: string, from: number): number {
  let close = text.indexOf('"', from);
  while (text.charCodeAt(close - 1) === BACKSLASH && isEscaped(text, close, from))
    close = text.indexOf('"', close + 1);
  return close;
}

const BACKSLASH = 92;

function isEscaped(text: string, quote: number, from: number): boolean {
  let backslashes = 0;
  for (let at = quote - 1; at >= from && text.charCodeAt(at) === BACKSLASH; at--) backslashes++;
  return backslashes % 2 === 1;
}

/** Index after the value that starts at `start`. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  for (;;) {
    const mark = text[at];
    if (mark === '"') at = endOfString(text, at + 1);
    else if (mark === "{" || mark === "[") depth++;
    else if (mark === "}" || mark === "]") {
      if (depth === 0) return at;
      depth--;
    } else if (mark === undefined || (mark === "," && depth === 0)) return at;
    at++;
    if (depth === 0 && (mark === '"' || mark === "}" || mark === "]")) return at;
  }
}

/** Index of the first character at or after `from` that is no white space. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit !== 32 && unit !== 9 && unit !== 10 && unit !== 13) return at;
    at++;
  }
}
