/** Values of the engine as cells. */
import type {
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTypeId,
  DuckDBValueConverter,
} from "@duckdb/node-api";
import type { Cell, NumberForm } from "../../core/ports/query-result.ts";
import { duckdbClient } from "../duckdb/duckdb-client.ts";

/** Integers that a double may not hold. */
const WIDE_INTEGERS: ReadonlySet<DuckDBTypeId> = new Set([
  duckdbClient.DuckDBTypeId.BIGINT,
  duckdbClient.DuckDBTypeId.UBIGINT,
  duckdbClient.DuckDBTypeId.HUGEINT,
  duckdbClient.DuckDBTypeId.UHUGEINT,
  duckdbClient.DuckDBTypeId.BIGNUM,
]);
const DOUBLES: ReadonlySet<DuckDBTypeId> = new Set([
  duckdbClient.DuckDBTypeId.FLOAT,
  duckdbClient.DuckDBTypeId.DOUBLE,
]);

/** Turns a value into a cell. */
export function cellConverter(numbers: NumberForm): DuckDBValueConverter<Cell> {
  const integer = INTEGERS[numbers];
  return (value, type, converter) => {
    if (value === null) return null;
    if (WIDE_INTEGERS.has(type.typeId)) return integer(value as bigint);
    if (DOUBLES.has(type.typeId)) return value as number;
    // A copy: the engine reuses its memory for the next rows.
    if (value instanceof duckdbClient.DuckDBBlobValue) return Uint8Array.from(value.bytes);
    if (value instanceof duckdbClient.DuckDBStructValue && type instanceof duckdbClient.DuckDBStructType)
      return structCell(value, type, converter);
    return (duckdbClient.JsonDuckDBValueConverter as DuckDBValueConverter<Cell>)(value, type, converter);
  };
}

const INTEGERS: Readonly<Record<NumberForm, (value: bigint) => Cell>> = {
  safe: (value) => {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  },
  bigint: (value) => value,
  string: String,
};

function structCell(
  { entries }: DuckDBStructValue,
  type: DuckDBStructType,
  converter: DuckDBValueConverter<Cell>,
): Cell {
  const cell: Record<string, Cell> = Object.create(null);
  for (const [i, name] of type.entryNames.entries()) {
    cell[name] = converter(entries[name] ?? null, type.entryTypes[i] as typeof type, converter);
  }
  return cell;
}
