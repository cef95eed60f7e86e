/**
 * The keys to which a statement confines itself, if it plainly does: one SELECT from the table alone, whose WHERE gives each
 * attribute of the key its value, and whatever else. Rows of other keys cannot be in its result, so they need not be looked
 * for. Whatever is less plain may ask for any key.
 */
import type { ColumnType } from "../../core/schema/column-type.ts";
import type { Column, Schema } from "../../core/schema/schema.ts";
import type { AttributeValue } from "../../core/values/attribute-value.ts";
import { keyAttributes, keyHash } from "../../core/values/key.ts";

/** More are found by reading everything. */
const KEYS_MAX = 100;

/** A node of the engine's syntax tree, as json_serialize_sql gives it. */
type Node = Readonly<Record<string, unknown>>;

/** The hashes of the keys that `statement`, a syntax tree, asks for; undefined if it may ask for any key. */
export function keysAskedFor(statement: unknown, schema: Schema): readonly string[] | undefined {
  const filter = plainFilter(statement, schema);
  if (filter === undefined) return undefined;
  let keys: readonly (readonly AttributeValue[])[] = [[]];
  for (const attribute of keyAttributes(schema.key)) {
    const column = schema.columns.find((candidate) => candidate.attribute === attribute);
    const values = column && valuesOf(column, filter);
    if (values === undefined) return undefined; // breakage: whole-key-asked-for
    keys = keys.flatMap((key) => values.map((value) => [...key, value]));
    if (keys.length > KEYS_MAX) return undefined;
  }
  return keys.map(keyHash);
}

/** What the rows of the table have to meet. */
interface Filter {
  /** The names by which columns may be qualified. */
  readonly qualifiers: readonly string[];
  /** Conditions of which all are met. */
  readonly conditions: readonly Node[];
}

/** The filter of a SELECT from the table and from nothing else, by whose rows alone everything in it is decided. */
function plainFilter(statement: unknown, schema: Schema): Filter | undefined {
  const select = nodeOf(statement, "SELECT_NODE");
  const table = nodeOf(select?.from_table, "BASE_TABLE");
  if (select === undefined || table === undefined || lower(table.table_name) !== schema.table)
    return undefined;
  // A sample is taken before the filter, and other names for the columns are not followed.
  const isPlain =
    select.sample === null &&
    table.sample === null &&
    table.at_clause === null &&
    isEmpty(table.column_name_alias) &&
    isEmpty((select.cte_map as Node | undefined)?.map);
  // A subquery can read the table again.
  if (!isPlain || holdsSubquery(select)) return undefined; // breakage: subqueries-ask-for-any-key
  const name = table.alias === "" ? schema.table : lower(table.alias);
  // A struct's column of that name would make `name.x` mean its field.
  const qualifiers = schema.columns.some(({ label }) => label === name) ? [] : [name];
  return { qualifiers, conditions: conjuncts(select.where_clause) };
}

function conjuncts(condition: unknown): readonly Node[] {
  const all = nodeOf(condition, "CONJUNCTION_AND"); // breakage: either-condition-asks-for-any-key
  if (all !== undefined) return (all.children as readonly unknown[]).flatMap(conjuncts);
  return isNode(condition) ? [condition] : [];
}

/** The values that the filter leaves to a column, or undefined if it may have any. */
function valuesOf(
  { label, type }: Column,
  { conditions, qualifiers }: Filter,
): readonly AttributeValue[] | undefined {
  const isColumn = (node: unknown): boolean => {
    const names = nodeOf(node, "COLUMN_REF")?.column_names as readonly unknown[] | undefined;
    if (names === undefined || lower(names.at(-1)) !== label) return false;
    return names.length === 1 || (names.length === 2 && qualifiers.includes(lower(names[0])));
  };
  for (const condition of conditions) {
    const [column, ...constants] = comparedWith(condition);
    const sides = isColumn(column)
      ? constants
      : constants.length === 1 && isColumn(constants[0])
        ? [column]
        : [];
    const values = sides.map((side) => attributeValue(side, type));
    if (values.length > 0 && values.every((value) => value !== undefined)) return values;
  }
  return undefined;
}

/** Both sides of an equality, or what is looked for and among what. */
function comparedWith(condition: Node): readonly unknown[] {
  if (condition.type === "COMPARE_EQUAL") return [condition.left, condition.right];
  return condition.type === "COMPARE_IN" ? (condition.children as readonly unknown[]) : [];
}

const INTEGERS: ReadonlySet<unknown> = new Set(["TINYINT", "SMALLINT", "INTEGER", "BIGINT"]);
const NUMBERS: ReadonlySet<ColumnType["kind"]> = new Set(["int", "bigint", "decimal", "double"]);

/** The attribute whose column equals a constant, where there is just one: texts, and whole numbers that a double holds. */
function attributeValue(node: unknown, { kind }: ColumnType): AttributeValue | undefined {
  const constant = nodeOf(node, "VALUE_CONSTANT")?.value as Node | undefined;
  if (constant === undefined || constant.is_null !== false) return undefined;
  const { id, type_info: details } = constant.type as Node;
  const { value } = constant;
  if (kind === "string" && id === "VARCHAR" && details === null && typeof value === "string")
    return { S: value };
  const isWhole = INTEGERS.has(id) && Number.isSafeInteger(value); // breakage: rounded-constants-ask-for-any-key
  return NUMBERS.has(kind) && isWhole ? { N: String(value) } : undefined;
}

function holdsSubquery(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  return (node as Node).class === "SUBQUERY" || Object.values(node).some(holdsSubquery);
}

function nodeOf(value: unknown, type: string): Node | undefined {
  return isNode(value) && value.type === type ? value : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}

function isEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length === 0;
}

/** As the engine compares names: it takes no letter beyond ASCII for another one. */
function lower(name: unknown): string {
  return String(name).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
