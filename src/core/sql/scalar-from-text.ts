/** What the codecs of src/core/row make of the text of a string, a number or a binary value, as SQL: the typed value, or null. */

import { type Dialect, lambdaVariable, literal } from "../ports/dialect.ts";
import type { ScalarType } from "../schema/column-type.ts";
import type { TimestampFormat } from "../schema/schema.ts";

/** Numbers that DynamoDB can hold are shorter in plain notation; between them doubles have no gaps. */
const NUMBER_CHARACTERS_MAX = 200;
/** Doubles of that range tell all numbers of so many digits apart. */
const EXACT_DIGITS = 15;

/** `text` is an attribute's of the type that the codec reads, in its canonical form. `depth` variables are in use. */
export function scalarFromText(
  dialect: Dialect,
  type: ScalarType,
  text: string,
  depth: number,
  format: TimestampFormat,
): string {
  const typeName = dialect.typeName(type);
  const matching = (pattern: string): string => tryCast(dialect.json.matching(text, pattern), typeName);
  switch (type.kind) {
    case "string":
      return text;
    case "boolean":
      return `CAST(NULL AS ${typeName})`;
    case "binary":
      return dialect.typed(type, text);
    case "int":
      return matching("-?[0-9]{1,10}");
    case "bigint":
      return matching("-?[0-9]{1,19}");
    case "decimal":
      return matching(decimalPattern(type.precision - type.scale, type.scale));
    case "double":
      return dialect.json.bound(text, lambdaVariable(depth), exactDouble(dialect, lambdaVariable(depth)));
    case "date":
      return matching(DATE);
    case "timestamp":
      return timestampFromText(dialect, text, depth, format);
  }
}

function tryCast(expression: string, typeName: string): string {
  return `TRY_CAST(${expression} AS ${typeName})`;
}

function decimalPattern(wholeDigits: number, scale: number): string {
  const whole = wholeDigits === 0 ? "0" : `(?:0|[1-9][0-9]{0,${wholeDigits - 1}})`;
  return `-?${whole}${scale === 0 ? "" : `(?:\\.[0-9]{1,${scale}})?`}`;
}

/** A number is exact if its digits are the shortest ones that make its double. */
function exactDouble({ json, typeName }: Dialect, text: string): string {
  const double = tryCast(text, typeName({ kind: "double" }));
  const digits = digitsOf(text);
  const isExact = `(length(${digits}) <= ${EXACT_DIGITS} OR ${digits} = ${digitsOf(json.shortest(double))})`;
  return `CASE WHEN length(${text}) <= ${NUMBER_CHARACTERS_MAX} AND ${isExact} THEN ${double} END`;
}

/** The digits between the zeros at both ends; an exponent is none of them. */
function digitsOf(number: string): string {
  return `regexp_extract(replace(replace(${number}, '-', ''), '.', ''), '^0*([0-9]*?)0*(?:[eE].*)?$', 1)`;
}

/** There is no year 0. */
const YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])";
const DATE = `${YEAR}-[0-9]{2}-[0-9]{2}`;
/** What JavaScript takes for white space. */
const BLANK =
  "[\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}]";
const HOUR = "(?:[01][0-9]|2[0-3])";
const SIXTY = "[0-5][0-9]";
/** Finer than a millisecond are zeros at most. */
const FRACTION = "[.,](?:[0-9]{1,3}|[0-9]{3}0{1,6})";
const ZONE = `[Zz]|[+-]${HOUR}(?::?${SIXTY})?`;
const TIMESTAMP = `${DATE}[Tt ]${HOUR}:${SIXTY}(?::${SIXTY}(?:${FRACTION})?)?${BLANK}?(?:${ZONE})?`;

function timestampFromText(dialect: Dialect, text: string, depth: number, format: TimestampFormat): string {
  const { json, typeName } = dialect;
  const bigint = typeName({ kind: "bigint" });
  if (format === "epoch_millis") {
    return timeInRange(dialect, tryCast(json.matching(text, "-?[0-9]{1,15}"), bigint));
  }
  if (format === "epoch_seconds") {
    const seconds = json.matching(text, "-?[0-9]{1,12}(?:\\.[0-9]{1,3})?");
    const exact = tryCast(seconds, typeName({ kind: "decimal", precision: 18, scale: 3 }));
    return timeInRange(dialect, `CAST(${exact} * 1000 AS ${bigint})`);
  }
  const whole = lambdaVariable(depth);
  const time = timeInRange(dialect, millisOf(dialect, whole));
  return json.bound(json.matching(text, TIMESTAMP), whole, `CASE WHEN ${whole} IS NOT NULL THEN ${time} END`);
}

function timeInRange({ json }: Dialect, millis: string): string {
  const time = json.timeOfMillis(millis);
  const inRange = "BETWEEN TIMESTAMP '0001-01-01 00:00:00.000' AND TIMESTAMP '9999-12-31 23:59:59.999'";
  return `CASE WHEN ${time} ${inRange} THEN ${time} END`;
}

/** Milliseconds since 1970 of a text that looks like a timestamp; null where the calendar has no such day. */
function millisOf({ typeName }: Dialect, text: string): string {
  const bigint = typeName({ kind: "bigint" });
  const rest = `substr(${text}, 17)`;
  const found = (pattern: string, group: number): string =>
    `regexp_extract(${rest}, ${literal(pattern)}, ${group})`;
  const number = (expression: string): string => `coalesce(${tryCast(expression, bigint)}, 0)`;
  const day = tryCast(`substr(${text}, 1, 10)`, typeName({ kind: "date" }));
  const days = `date_diff('day', DATE '1970-01-01', ${day})`;
  const minutes = `${number(`substr(${text}, 12, 2)`)} * 60 + ${number(`substr(${text}, 15, 2)`)}`;
  const seconds = number(found("^:([0-9]{2})", 1));
  const fraction = number(`rpad(coalesce(${found("[.,]([0-9]{1,3})", 1)}, ''), 3, '0')`);
  const offset = `${number(found(OFFSET, 2))} * 60 + ${number(found(OFFSET, 3))}`;
  const utcMinutes = `${days} * 1440 + ${minutes} - CASE WHEN ${found(OFFSET, 1)} = '-' THEN -1 ELSE 1 END * (${offset})`;
  return `(((${utcMinutes}) * 60 + ${seconds}) * 1000 + ${fraction})`;
}

const OFFSET = "([+-])([0-9]{2}):?([0-9]{2})?$";
