/** A column of a statement as Parquet holds it: with every digit, or refused. */
import type { DuckDBType } from "@duckdb/node-api";
import { literal, quoted } from "../../core/ports/dialect.ts";
import { duckdbClient } from "../duckdb/duckdb-client.ts";

/** Of a decimal in Parquet. */
const DIGITS_MAX = 38;
const NINES = "9".repeat(DIGITS_MAX);

/**
 * The expression that is written for a column. The engine would write an integer of 128 bits as a double, which loses digits, and a
 * sum of decimals can have a digit more than its type. So the former become decimals of 38 digits, and a value that has more fails
 * the statement with `tooLong` in its message. Integers without a bound become text.
 */
export function parquetColumn(name: string, type: DuckDBType): string {
  const column = quoted(name);
  const isTooLong = tooLongIn(type, column, 0);
  const checked =
    isTooLong === undefined
      ? column
      : `CASE WHEN ${isTooLong} THEN error(${literal(tooLong(name))}) ELSE ${column} END`;
  const written = String(writtenType(type));
  const cast = written === String(type) ? checked : `CAST(${checked} AS ${written})`;
  return cast === column ? column : `${cast} AS ${column}`;
}

/** What the engine says of a value that Parquet has no number for. */
export function tooLong(column: string): string {
  return `a number in column "${column}" has more than ${DIGITS_MAX} digits, which Parquet cannot hold`;
}

/** Whether a value of the type has a number of more than 38 digits, as SQL; undefined where the type has no such number. */
function tooLongIn(type: DuckDBType, value: string, depth: number): string | undefined {
  const { DuckDBTypeId } = duckdbClient;
  switch (type.typeId) {
    case DuckDBTypeId.HUGEINT:
      return exceeds(value, NINES, type);
    case DuckDBTypeId.UHUGEINT:
      return `${value} > CAST(${NINES} AS UHUGEINT)`;
    case DuckDBTypeId.DECIMAL:
      if (type.width < DIGITS_MAX) return undefined;
      return exceeds(value, withPoint(NINES, type.scale), type); // breakage: parquet-decimals-fit
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
      return tooLongElement(type.valueType, value, depth);
    case DuckDBTypeId.MAP:
      return either([
        tooLongElement(type.keyType, `map_keys(${value})`, depth),
        tooLongElement(type.valueType, `map_values(${value})`, depth),
      ]);
    case DuckDBTypeId.STRUCT:
      return either(
        type.entryTypes.map((field, i) => tooLongIn(field, `struct_extract_at(${value}, ${i + 1})`, depth)),
      );
    case DuckDBTypeId.UNION:
      return either(
        type.memberTags.map((tag, i) =>
          tooLongIn(type.memberTypes[i] as DuckDBType, `union_extract(${value}, ${literal(tag)})`, depth),
        ),
      );
    default:
      return undefined;
  }
}

/** The bound has the value's own type: the engine compares without a conversion, which could round. */
function exceeds(value: string, bound: string, type: DuckDBType): string {
  return `${value} NOT BETWEEN CAST('-${bound}' AS ${type}) AND CAST('${bound}' AS ${type})`;
}

function withPoint(digits: string, scale: number): string {
  const at = digits.length - scale;
  return scale === 0 ? digits : `${digits.slice(0, at) || "0"}.${digits.slice(at)}`;
}

function tooLongElement(type: DuckDBType, list: string, depth: number): string | undefined {
  const element = `e${depth}`;
  const isTooLong = tooLongIn(type, element, depth + 1);
  return isTooLong && `len(list_filter(${list}, lambda ${element}: ${isTooLong})) > 0`;
}

function either(conditions: readonly (string | undefined)[]): string | undefined {
  const some = conditions.filter((condition) => condition !== undefined);
  return some.length === 0 ? undefined : `(${some.map((condition) => `(${condition})`).join(" OR ")})`;
}

/** The type in Parquet: the same, but for integers of 128 bits and without a bound, wherever they stand. */
function writtenType(type: DuckDBType): DuckDBType {
  const client = duckdbClient;
  const { DuckDBTypeId } = client;
  switch (type.typeId) {
    case DuckDBTypeId.HUGEINT: // breakage: parquet-keeps-digits
    case DuckDBTypeId.UHUGEINT:
      return client.DECIMAL(DIGITS_MAX, 0);
    case DuckDBTypeId.BIGNUM:
      return client.VARCHAR;
    case DuckDBTypeId.LIST:
      return client.LIST(writtenType(type.valueType));
    case DuckDBTypeId.ARRAY:
      return client.ARRAY(writtenType(type.valueType), type.length);
    case DuckDBTypeId.MAP:
      return client.MAP(writtenType(type.keyType), writtenType(type.valueType));
    case DuckDBTypeId.STRUCT:
      return new client.DuckDBStructType(type.entryNames.map(fieldName), type.entryTypes.map(writtenType));
    case DuckDBTypeId.UNION:
      return new client.DuckDBUnionType(type.memberTags, type.memberTypes.map(writtenType));
    default:
      return type;
  }
}

/** Fields without names, which a type cannot be written with, go by their places. */
function fieldName(name: string, i: number): string {
  return name === "" ? `v${i + 1}` : name;
}
