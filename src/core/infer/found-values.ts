/** Values that were found by counting alone: what of a schema file would bring them into SQL, for people and for what follows the data. */
import { schemaTypeText } from "../schema/column-type.ts";
import type { AttributeFile } from "../schema/schema.ts";
import { countOf, type Shape, shapeOf } from "./infer-shape.ts";
import { decideAttribute } from "./infer-type.ts";

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

/** What is known of the values: their types and digits. Nothing is known of what is in lists, maps and most sets. */
export function shapeOfFound({ types, wholeDigits, fractionDigits }: FoundValues): Shape {
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
  const bigints = fractionDigits === 0 && wholeDigits <= BIGINT_DIGITS_SURE ? N : 0;
  return { ...shape, numbers: { count: N, bigints, doubles: 0, wholeDigits, fractionDigits } };
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
    case "unfit":
      // Text that holds values of every type.
      return { type: "json" };
    default:
      return undefined;
  }
}

/** The line of a schema file that brings the values of an attribute without a column into SQL, if there is one. */
export function declarationLine(found: FoundValues): string | undefined {
  const spec = declarationOf(found.attribute, shapeOfFound(found));
  return spec && `${JSON.stringify(found.attribute)}: ${JSON.stringify(spec)}`;
}
