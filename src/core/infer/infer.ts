/**
 * Infers a schema file from a sample of items. The schema depends on the items, not on their order. Its columns restore every
 * item of the sample exactly, apart from what is reported. docs/schemas.md has the rules.
 */
import { counted } from "../counted.ts";
import { schemaTypeText } from "../schema/column-type.ts";
import { type AttributeFile, columnName, type SchemaFile } from "../schema/schema.ts";
import type { AttributeValue, Item } from "../values/attribute-value.ts";
import { type KeySchema, keyAttributes } from "../values/key.ts";
import type { Decision } from "./infer-decision.ts";
import { columnNames } from "./infer-name.ts";
import { countOf, observeValue, type Shape, shapeOf, sizeOf } from "./infer-shape.ts";
import { decideAttribute, decideKey } from "./infer-type.ts";

/** What has been observed so far. Its size depends on the names in the items, not on their number, and is bounded. */
export interface Inference {
  itemCount: number;
  /** Items observed after the inference was full. */
  ignoredCount: number;
  readonly attributes: Map<string, Shape>;
  /** Whether attributes were forgotten. */
  forgetful: boolean;
  full: boolean;
}

/** A decision for a person to review. */
export interface Undecided {
  readonly attribute: string;
  /**
   * "undeclared": it has no column and is kept in `_unmapped`. "inexact": it has a column, but some values of the sample are
   * also kept in `_unmapped`. "assumed": the sample shows nothing of a part of it. "renamed": its column does not have the
   * default name.
   */
  readonly outcome: "undeclared" | "inexact" | "assumed" | "renamed";
  /** One sentence, without any value of an item. */
  readonly why: string;
}

export interface InferredSchema {
  readonly file: SchemaFile;
  /** In the order of the attributes' names. */
  readonly undecided: readonly Undecided[];
  /** About the sample as a whole, a sentence each. */
  readonly notes: readonly string[];
}

/** Columns go to the most frequent attributes. */
export const INFERRED_COLUMNS_MAX = 500;
const ATTRIBUTES_MAX = 2000;
const SHAPES_MAX = 200_000;
const ITEMS_PER_SIZE_CHECK = 256;

export function inferenceOf(): Inference {
  return { itemCount: 0, ignoredCount: 0, attributes: new Map(), forgetful: false, full: false };
}

/** Adds an item, read by `readItem`, to the sample. */
export function observe(inference: Inference, item: Item): void {
  if (inference.full) {
    inference.ignoredCount++;
    return;
  }
  inference.itemCount++;
  for (const attribute in item) {
    let shape = inference.attributes.get(attribute);
    if (shape === undefined) {
      shape = shapeOf();
      inference.attributes.set(attribute, shape);
    }
    observeValue(shape, item[attribute] as AttributeValue);
  }
  if (inference.attributes.size > 2 * ATTRIBUTES_MAX) forget(inference);
  if (inference.itemCount % ITEMS_PER_SIZE_CHECK === 0) {
    const shapes = [...inference.attributes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
    inference.full = shapes > SHAPES_MAX;
  }
}

/**
 * Attributes of every item, such as the key, are never forgotten. Of the others, those whose names look least like data are
 * kept. The choice is made by names alone, so that it does not depend on the order of the items.
 */
function forget(inference: Inference): void {
  const others = [...inference.attributes].filter(([, shape]) => countOf(shape) < inference.itemCount);
  if (others.length <= ATTRIBUTES_MAX) return;
  others.sort(([a], [b]) => nameRank(a) - nameRank(b) || a.length - b.length || (a < b ? -1 : 1));
  for (const [attribute] of others.slice(ATTRIBUTES_MAX)) inference.attributes.delete(attribute);
  inference.forgetful = true;
}

function nameRank(name: string): number {
  return /^[A-Za-z_]+$/.test(name) ? 0 : /^[^\d]+\d?$/.test(name) ? 1 : 2;
}

export interface InferredTable {
  readonly table: string;
  readonly source: string;
  readonly key: KeySchema;
}

/** The schema file for the sample; `parseSchema` accepts it. */
export function inferredSchema(inference: Inference, { table, source, key }: InferredTable): InferredSchema {
  forget(inference);
  const keys = keyAttributes(key);
  const others = [...inference.attributes].filter(([attribute]) => !keys.includes(attribute));
  const undecided: Undecided[] = [];
  const declared: [string, AttributeFile][] = [];
  const decide = (attribute: string, decision: Decision): void => {
    undecided.push(...leftOpen(attribute, decision));
    const spec = declarationOf(decision);
    if (spec !== undefined) declared.push([attribute, spec]);
  };
  for (const attribute of keys) decide(attribute, decideKey(inference.attributes.get(attribute)));
  const ordered = others.sort(([a, one], [b, other]) => countOf(other) - countOf(one) || (a < b ? -1 : 1));
  let left = 0;
  for (const [attribute, shape] of ordered) {
    if (declared.length < INFERRED_COLUMNS_MAX) decide(attribute, decideAttribute(attribute, shape));
    else left++;
  }
  const naming = columnNames(
    declared.map(([attribute]) => attribute),
    keys,
  );
  const attributes = declared.map(([attribute, spec]): [string, AttributeFile] => {
    const name = naming.nameOf.get(attribute) as string;
    return [attribute, name === columnName(attribute) ? spec : { name, ...spec }];
  });
  for (const { attribute, why } of naming.renamed) undecided.push({ attribute, outcome: "renamed", why });
  return {
    file: { table, source, key: { ...key }, attributes: Object.fromEntries(attributes) },
    undecided: undecided.sort((a, b) => (a.attribute < b.attribute ? -1 : a.attribute > b.attribute ? 1 : 0)),
    notes: notesOf(inference, left),
  };
}

function declarationOf(decision: Decision): AttributeFile | undefined {
  if (decision.kind === "mixed") return { type: "json" };
  if (decision.kind !== "type") return undefined;
  const type = schemaTypeText(decision.type);
  return decision.set ? { type, set: true } : { type };
}

function leftOpen(attribute: string, decision: Decision): readonly Undecided[] {
  const undecided = (outcome: Undecided["outcome"], why: string): Undecided => ({ attribute, outcome, why });
  switch (decision.kind) {
    case "type":
      return [
        ...decision.inexact.map((why) =>
          undecided("inexact", `${why}; what does not fit is kept in _unmapped`),
        ),
        ...decision.assumed.map((why) => undecided("assumed", why)),
      ];
    case "mixed":
      return [undecided("inexact", `${decision.why}; the column is json`)];
    default:
      return [undecided("undeclared", `${decision.why}; it has no column and is kept in _unmapped`)];
  }
}

function notesOf(inference: Inference, left: number): readonly string[] {
  const notes: string[] = [];
  if (left > 0) {
    notes.push(
      `The ${INFERRED_COLUMNS_MAX} most frequent attributes have columns; ${counted(left, "other")} ${left === 1 ? "is" : "are"} kept in _unmapped.`,
    );
  }
  if (inference.forgetful) {
    notes.push(
      `The sample has more than ${counted(ATTRIBUTES_MAX, "attribute name")}; those that look like data were skipped and are kept in _unmapped.`,
    );
  }
  if (inference.ignoredCount > 0) {
    notes.push(
      `${counted(inference.ignoredCount, "item")} at the end of the sample ${inference.ignoredCount === 1 ? "was" : "were"} ignored: its maps have too many different members.`,
    );
  }
  return notes;
}
