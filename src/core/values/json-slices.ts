/** Pieces of a JSON text as they are written in it. The texts given have passed JSON.parse, but for those of `endOfDocument`. */

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

/** Index of the quote that ends the string whose content starts at `from`; -1 where there is none. */
export function endOfString(text: string, from: number): number {
  let close = text.indexOf('"', from);
  while (close !== -1 && text.charCodeAt(close - 1) === BACKSLASH && isEscaped(text, close, from))
    close = text.indexOf('"', close + 1);
  return close;
}

/** Index after the object or array that starts at `start` in any text; the text's length where it does not end. */
export function endOfDocument(text: string, start: number): number {
  const marks = /["{}[\]]/g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === '"') {
      const close = endOfString(text, mark.index + 1);
      if (close === -1) return text.length;
      marks.lastIndex = close + 1;
    } else depth += mark[0] === "{" || mark[0] === "[" ? 1 : -1;
    if (depth <= 0) return mark.index + 1;
  }
  return text.length;
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
