/** The type that holds what a column holds and what did not fit it: no value is lost, and none that was there changes. */
import {
  type ColumnType,
  type DecimalType,
  type PartType,
  type StructField,
  schemaTypeText,
} from "../schema/column-type.ts";
import { type Digits, digitsOf, reaches, widens } from "../schema/widening.ts";
import { roomBeside } from "./infer-number.ts";
import { allMembers, type NumberShape, type Shape } from "./infer-shape.ts";
import { decideAttribute } from "./infer-type.ts";
import { DIGITS_MAX, heldBy, mostHeld } from "./number-digits.ts";

/** Every statement repeats the text of a column's type. */
const TYPE_CHARACTERS_MAX = 8192;
const FIELDS_MAX = 100;

/**
 * Undefined where no wider type shows more of the values. `wholeDigits` is how many digits before the point the column's values
 * have, where that is known: room that they do not need can go behind the point.
 */
export function widerType(type: ColumnType, misfits: Shape, wholeDigits?: number): ColumnType | undefined {
  if (type.kind === "json") return undefined;
  const wider = widerPart(type, misfits);
  if (wider === type && wholeDigits !== undefined) return furtherType(type, misfits, wholeDigits);
  if (!widens(type, wider) || schemaTypeText(wider).length > TYPE_CHARACTERS_MAX) return undefined;
  return wider;
}

/** The type itself where nothing wider is known. */
function widerPart(type: PartType, shape: Shape): PartType {
  switch (type.kind) {
    case "array": {
      const numbers = shape.setNumbers;
      const element = shape.element ?? (numbers && { ...shape, numbers });
      return element === undefined ? type : { kind: "array", element: widerPart(type.element, element) };
    }
    case "map":
      return { kind: "map", value: widerPart(type.value, allMembers(shape)) };
    case "struct":
      return { kind: "struct", fields: widerFields(type.fields, shape.members) };
    default:
      return (shape.numbers && widerNumber(type, shape.numbers)) ?? type;
  }
}

/** A decimal with room for all numbers, which the type has not on one side of the point alone. */
function furtherType(type: PartType, { numbers }: Shape, wholeDigits: number): ColumnType | undefined {
  const held = digitsOf(type);
  if (held === undefined || numbers === undefined) return undefined;
  const needed = decimalFor(type, { whole: wholeDigits, fraction: held.fraction }, numbers);
  if (needed === undefined) return undefined;
  // What is left is for digits before the point.
  const next: ColumnType = { ...needed, precision: DIGITS_MAX };
  return reaches(type, next) ? next : undefined;
}

/** Fields for members that appeared come after those that there are. */
function widerFields(
  fields: readonly StructField[],
  members: ReadonlyMap<string, Shape> | undefined,
): readonly StructField[] {
  const known = fields.map((field) => {
    const member = members?.get(field.attribute);
    return member === undefined ? field : { ...field, type: widerPart(field.type, member) };
  });
  const names = new Set(fields.map(({ name }) => name));
  const added: StructField[] = [];
  for (const [attribute, member] of [...(members ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = attribute.toLowerCase();
    const decision = names.has(name) ? undefined : decideAttribute(attribute, member);
    if (decision?.kind !== "type" || names.size >= FIELDS_MAX) continue;
    names.add(name);
    added.push({ attribute, name, type: decision.type });
  }
  return [...known, ...added];
}

function widerNumber(type: PartType, numbers: NumberShape): PartType | undefined {
  const held = digitsOf(type);
  if (held === undefined) return undefined;
  const needed = decimalFor(type, held, numbers);
  const isWhole = needed?.scale === 0 && numbers.bigints >= heldBy(digitsOf(needed) ?? held, numbers.digits);
  return type.kind === "int" && isWhole ? { kind: "bigint" } : needed;
}

/** A decimal with room for what is held and for more of the numbers; undefined where 38 digits are too few for any of them. */
function decimalFor(type: PartType, held: Digits, numbers: NumberShape): DecimalType | undefined {
  const least = mostHeld(numbers.digits, held); // breakage: widening-keeps-digits
  if (least.count <= heldBy(sureDigits(type), numbers.digits)) return undefined;
  let free = DIGITS_MAX - least.whole - least.fraction;
  // A side that had no room gets some more than it needs: the next value may have a digit more.
  const more = (side: keyof Digits): number => {
    const grows = least[side] > held[side];
    const room = grows ? roomBeside(least[side], free) : 0;
    free -= room;
    return least[side] + room;
  };
  const [fraction, whole] = [more("fraction"), more("whole")];
  return { kind: "decimal", precision: whole + fraction, scale: fraction };
}

/**
 * Every number of so few digits fits the type: it is hidden for another reason, as those beside a text that was taken for the
 * column's are.
 */
function sureDigits(type: PartType): Digits {
  const held = digitsOf(type) ?? { whole: 0, fraction: 0 };
  return type.kind === "decimal" ? held : { ...held, whole: held.whole - 1 };
}
