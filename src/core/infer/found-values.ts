/** Values that were found by counting alone: what of a schema file would bring them into SQL, for people and for what follows the data. */
import { defined } from "../defined.ts";
import { type ColumnType, isNested, parseColumnType, schemaTypeText } from "../schema/column-type.ts";
import { type AttributeFile, parseSchema, type Schema } from "../schema/schema.ts";
import { schemaChange } from "../schema/schema-change.ts";
import { digitsOf } from "../schema/widening.ts";
import { countOf, type Shape, shapeOf } from "./infer-shape.ts";
import { decideAttribute, MAJORITY } from "./infer-type.ts";
import { addDigits, type DigitCounts, heldBy, mostHeld } from "./number-digits.ts";
import { widerType } from "./wider-type.ts";

/** How many values there are by their types of DynamoDB, and the most digits of numbers on either side of the point. */
export interface FoundValues {
  readonly attribute: string;
  readonly types: Readonly<Record<string, number>>;
  readonly wholeDigits: number;
  readonly fractionDigits: number;
}

/** Every number of so many digits is one of 64 bits. */
const BIGINT_DIGITS_SURE = 18;
/** Types whose values counting alone tells enough of. */
const TOLD_BY_COUNTS = ["S", "N", "B", "BOOL", "NULL", "SS", "L"] as const;

/**
 * What is known of the values: their types and digits. Nothing is known of what is in lists, maps and most sets. Without `digits`,
 * which counts the numbers, each of them might have the most digits on both sides.
 */
export function shapeOfFound(
  { types, wholeDigits, fractionDigits }: FoundValues,
  digits: DigitCounts = new Map(),
): Shape {
  const shape = { ...shapeOf(), coarse: true };
  let others = Object.values(types).reduce((sum, count) => sum + count, 0);
  for (const type of TOLD_BY_COUNTS) {
    const count = types[type];
    if (count === undefined) continue;
    shape.counts[type] = count;
    others -= count;
  }
  if (others > 0) shape.counts.M = others;
  const { N = 0 } = types;
  if (N === 0) return shape;
  const known = new Map(digits);
  if (known.size === 0) addDigits(known, { whole: wholeDigits, fraction: fractionDigits, count: N });
  const bigints = heldBy({ whole: BIGINT_DIGITS_SURE, fraction: 0 }, known);
  return { ...shape, numbers: { count: N, bigints, doubles: 0, digits: known } };
}

/**
 * Whether the most digits on both sides are more than a column of this type could get, so that each number's own digits decide.
 * Without a type: a new column.
 */
export function digitsDecide(found: FoundValues, type: ColumnType | undefined): boolean {
  const { numbers } = shapeOfFound(found);
  const held = type === undefined ? { whole: 0, fraction: 0 } : digitsOf(type);
  return held !== undefined && numbers !== undefined && mostHeld(numbers.digits, held).count === 0;
}

/** How an attribute with these values is declared. Undefined where there is nothing but NULL, empty lists and empty maps. */
export function declarationOf(attribute: string, shape: Shape): AttributeFile | undefined {
  if (countOf(shape) === (shape.counts.NULL ?? 0)) return undefined;
  const decision = decideAttribute(attribute, shape);
  switch (decision.kind) {
    case "type": {
      const type = schemaTypeText(decision.type);
      return decision.set ? { type, set: true } : { type };
    }
    case "mixed":
      // Text that holds values of every type.
      return { type: "json" };
    default:
      return undefined;
  }
}

/** The same beside the column that is to show them, if there is one. */
export interface FoundBesideColumn extends FoundValues {
  /** How many values the column does not show, of all that the attribute has. */
  readonly hidden: number;
  readonly values: number;
  readonly column?: object | undefined;
}

/**
 * The line of a schema file that brings the values of an attribute into SQL: a declaration, or what is said of its column with a wider
 * type, or with another kind of type where so many values are of that kind that they are no strays. Undefined where the table allows none.
 */
export function schemaLine(schema: Schema, found: FoundBesideColumn): string | undefined {
  const { attribute, column } = found;
  const shape = shapeOfFound(found);
  const declared = column && schema.file.attributes[attribute];
  const spec = declared ? changedSpec(found, declared, shape) : declarationOf(attribute, shape);
  if (spec === undefined || (declared && !allows(schema, attribute, spec))) return undefined;
  return `${JSON.stringify(attribute)}: ${JSON.stringify(spec)}`;
}

function changedSpec(
  { attribute, hidden, values }: FoundBesideColumn,
  { type, format, set, ...kept }: AttributeFile,
  shape: Shape,
): AttributeFile | undefined {
  const wider = type === undefined ? undefined : widerType(parseColumnType(type), shape);
  if (wider !== undefined) return { ...kept, type: schemaTypeText(wider), ...defined({ format, set }) };
  const other = hidden < values * MAJORITY ? undefined : declarationOf(attribute, shape);
  if (other?.type === undefined) return undefined;
  return { ...kept, ...(isNested(parseColumnType(other.type)) ? { type: "json" } : other) };
}

function allows(schema: Schema, attribute: string, spec: AttributeFile): boolean {
  // How files hold columns is no matter of people's files.
  const { forms: _, ...file } = schema.file;
  const attributes = { ...file.attributes, [attribute]: spec };
  return (
    schemaChange(schema, parseSchema({ ...file, attributes }, "a changed line"), "order").kind ===
    "compatible"
  );
}
