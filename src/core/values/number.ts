/**
 * DynamoDB numbers as text. A number never passes through a JavaScript number unless `toExactDouble` proves it safe.
 * Source: "Number" in the Amazon DynamoDB naming rules and data types: 38 digits, 1E-130 to 9.99...E+125.
 */

const CANONICAL = /^(?:0|-?[1-9]\d*|-?(?:0|[1-9]\d*)\.\d*[1-9])$/;
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
const TEXT_LENGTH_MAX = 500;

/**
 * The one plain notation of a number: no exponent, no plus sign, no needless zeros, no "-0". Equal texts mean equal
 * values. Undefined where the text is no decimal number, or where it or its plain notation is beyond 500 characters.
 */
export function canonicalNumber(text: string): string | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  if (CANONICAL.test(text)) return text; // breakage: plain-integers-as-text
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const unsigned = plainNotation(whole + fraction, whole.length + Number(exponentText));
  const canonical = sign === "-" && unsigned !== "0" ? `-${unsigned}` : unsigned;
  return canonical.length > TEXT_LENGTH_MAX ? undefined : canonical;
}

/** `digits` with the decimal point before digit `point`; the point may lie outside of the digits. */
function plainNotation(digits: string, point: number): string {
  const first = digits.search(/[1-9]/);
  if (first === -1) return "0";
  const significant = digits.slice(first).replace(/0+$/, "");
  const at = point - first;
  if (at <= 0) return `0.${"0".repeat(-at)}${significant}`;
  if (at >= significant.length) return significant + "0".repeat(at - significant.length);
  return `${significant.slice(0, at)}.${significant.slice(at)}`;
}

/** The double that prints back to the same decimal, or undefined where there is none. `canonical` is canonical. */
export function toExactDouble(canonical: string): number | undefined {
  const double = Number(canonical);
  if (!Number.isFinite(double)) return undefined;
  // breakage: doubles-print-exactly
  return canonicalNumber(String(double)) === canonical ? double : undefined;
}

/** Orders two canonical numbers by value: negative, zero or positive, as `Array.prototype.sort` wants it. */
export function compareNumbers(a: string, b: string): number {
  const negativeA = a.startsWith("-");
  const negativeB = b.startsWith("-");
  if (negativeA !== negativeB) return negativeA ? -1 : 1;
  return negativeA ? comparePositive(b.slice(1), a.slice(1)) : comparePositive(a, b);
}

function comparePositive(a: string, b: string): number {
  const [wholeA = "", fractionA = ""] = a.split(".");
  const [wholeB = "", fractionB = ""] = b.split(".");
  if (wholeA.length !== wholeB.length) return wholeA.length - wholeB.length;
  if (wholeA !== wholeB) return wholeA < wholeB ? -1 : 1;
  if (fractionA === fractionB) return 0;
  return fractionA < fractionB ? -1 : 1;
}
