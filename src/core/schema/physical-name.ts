/**
 * The names by which files hold columns: lower-case letters of ASCII, digits and `_`, since Glue documents no others. A name in SQL
 * may have letters of any script; the files' name is then its transliteration.
 */

const CHARACTERS_MAX = 255;

/** Letters that lose more than their marks. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ...pairs("ßæœøđðłþıŋ", ["ss", "ae", "oe", "o", "d", "d", "l", "th", "i", "ng"]),
  ...pairs("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ", [
    ..."a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch".split(" "),
    ..."_ y _ e yu ya i yi ye g".split(" ").map((text) => (text === "_" ? "" : text)),
  ]),
  ...pairs("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(" ")),
]);

function pairs(letters: string, texts: readonly string[]): [string, string][] {
  return [...letters].map((letter, i) => [letter, texts[i] ?? ""]);
}

/** A name of ASCII as it is, any other one spelled with letters of ASCII: those of other scripts as `u` and their number. */
export function physicalName(name: string): string {
  if (/^[a-z0-9_]*$/.test(name)) return name;
  return [...name.normalize("NFC").toLowerCase()].map(spelled).join("").slice(0, CHARACTERS_MAX);
}

function spelled(letter: string): string {
  const known = LETTERS.get(letter);
  if (known !== undefined) return known;
  const plain = letter.normalize("NFD").replace(/\p{M}/gu, "");
  if (/^[a-z0-9_]*$/.test(plain)) return plain;
  if (LETTERS.has(plain)) return LETTERS.get(plain) as string;
  return /^[\p{L}\p{N}]$/u.test(plain) ? `u${(plain.codePointAt(0) as number).toString(16)}` : "_";
}

/** What names in SQL are compared by: two of one folding would be hard to tell apart, and engines do not agree on them. */
export function foldedName(name: string): string {
  return name.normalize("NFC").toLowerCase();
}
