/** All versions of one item by its key: the rows of the table, its history and its snapshots for that key, as versions. */
import { DynalakeError } from "../core/error.ts";
import { type Dialect, literal, quoted } from "../core/ports/dialect.ts";
import type { Cell } from "../core/ports/query-result.ts";
import type { Column, Schema } from "../core/schema/schema.ts";
import { keyAttributes } from "../core/values/key.ts";
import type { ItemHistory, ItemVersion, ShownValue } from "./api.ts";
import { shownValue } from "./shown-value.ts";

/** The newest are shown. */
const VERSIONS_MAX = 200;
const NUMBER = /^-?\d{1,38}(?:\.\d{1,38})?(?:[eE][+-]?\d{1,3})?$/;
/** The columns of a table's key, in its order. */
export function keyColumns(schema: Schema): readonly Column[] {
  return keyAttributes(schema.key).flatMap(
    (attribute) => schema.columns.find((column) => column.attribute === attribute) ?? [],
  );
}

export type Row = Readonly<Record<string, Cell>>;
/** The rows of each of some statements. Numbers have every digit. */
export type Ask = (statements: readonly string[]) => Promise<readonly (readonly Row[])[]>;

/** `key`: the values of the key's columns as text. Throws USAGE. */
export async function itemHistory(
  schema: Schema,
  key: Readonly<Record<string, string>>,
  dialect: Dialect,
  ask: Ask,
): Promise<ItemHistory> {
  const { table } = schema;
  const where = keyCondition(schema, key, dialect);
  const seconds = (column: string): string =>
    `${dialect.timeWire(`CAST(${column} AS TIMESTAMP)`)} AS ${quoted(AT)}`;
  const [changes = [], snapshots = [], now = []] = await ask([
    `SELECT *, ${seconds("_changed_at")} FROM ${quoted(`${table}_history`)} WHERE ${where} ORDER BY _version DESC LIMIT ${VERSIONS_MAX + 1}`,
    `SELECT *, ${seconds("ddb_export_timestamp")} FROM ${quoted(`${table}_snapshots`)} WHERE ${where} LIMIT ${VERSIONS_MAX}`,
    `SELECT * FROM ${quoted(table)} WHERE ${where} LIMIT 1`,
  ]);
  const shown = changes.slice(0, VERSIONS_MAX);
  const versions = [
    ...snapshots.map((row) => ({ operation: "SNAPSHOT", ...versionOf(schema, row) })),
    ...shown.map((row) => ({ operation: String(row._op), ...versionOf(schema, row) })).toReversed(),
  ];
  return {
    table,
    // Changes keep the order of their sequence numbers: their clocks may run backwards.
    versions: versions.toSorted((a, b) => (a.operation === b.operation ? 0 : a.atSeconds - b.atSeconds)),
    cut: changes.length > VERSIONS_MAX,
    isPresent: now.length > 0,
  };
}

/** A column's name that no table has: names of columns have no spaces. */
const AT = "at seconds";

function keyCondition(schema: Schema, key: Readonly<Record<string, string>>, dialect: Dialect): string {
  const conditions = keyColumns(schema).map((column) => {
    const text = Object.hasOwn(key, column.label) ? key[column.label] : undefined;
    if (text === undefined)
      throw new DynalakeError("USAGE", `the key needs a value for "${column.label}"`, {
        next: "Give every part of the key.",
      });
    return `${quoted(column.label)} = ${keyLiteral(column, text, dialect)}`; // breakage: key-values-are-literals
  });
  return conditions.join(" AND ");
}

function keyLiteral({ label, type }: Column, text: string, dialect: Dialect): string {
  switch (type.kind) {
    case "date":
    case "timestamp":
      return `CAST(${literal(text)} AS ${dialect.typeName(type)})`;
    case "string":
      // The engine's statements end at a NUL.
      return text.split("\u0000").map(literal).join(" || chr(0) || ");
    case "binary":
      throw new DynalakeError("USAGE", `the key "${label}" is binary`, {
        next: "Ask for it in SQL: from_base64('...') makes a binary value.",
      });
    default:
      if (NUMBER.test(text)) return text;
      throw new DynalakeError("USAGE", `the key "${label}" is a number`, {
        next: "Give it as digits, such as 42.",
      });
  }
}

function versionOf(schema: Schema, row: Row): Omit<ItemVersion, "operation"> {
  return {
    atSeconds: Number(row[AT]),
    expired: row._expired === true,
    values: Object.fromEntries(
      schema.columns.map(({ label }) => [
        label,
        shownValue(Object.hasOwn(row, label) ? (row[label] as Cell) : null),
      ]),
    ),
    hidden: hiddenOf(schema, row._unmapped),
  };
}

/** What `_unmapped` holds, which is DynamoDB JSON that dynalake wrote. */
function hiddenOf({ columns }: Schema, unmapped: Cell | undefined): ItemVersion["hidden"] {
  if (typeof unmapped !== "string") return {};
  const labels = new Map(columns.map(({ attribute, label }) => [attribute, label]));
  const attributes = Object.entries(JSON.parse(unmapped) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(attributes.map(([name, value]) => [labels.get(name) ?? name, plainValue(value)]));
}

/** A value of DynamoDB JSON without its types. */
function plainValue(value: unknown): ShownValue {
  const [[type, content] = []] = Object.entries(value as Readonly<Record<string, unknown>>);
  if (type === "NULL") return "null";
  if (type === "L") return (content as readonly unknown[]).map(plainValue);
  if (type !== "M") return content as ShownValue;
  const members = Object.entries(content as Readonly<Record<string, unknown>>);
  return Object.fromEntries(members.map(([name, member]) => [name, plainValue(member)]));
}
