/**
 * Infers a schema file from what was observed of items. The schema depends on the items, not on their order. Its columns restore
 * every item exactly, apart from what is reported. docs/schemas.md has the rules.
 */
import { counted } from "../counted.ts";
import { defined } from "../defined.ts";
import { schemaTypeText } from "../schema/column-type.ts";
import { type AttributeFile, type ConditionFile, columnName, type SchemaFile } from "../schema/schema.ts";
import { type KeySchema, keyAttributes } from "../values/key.ts";
import type { Decision } from "./infer-decision.ts";
import { columnNames } from "./infer-name.ts";
import { countOf } from "./infer-shape.ts";
import { decideAttribute, decideKey } from "./infer-type.ts";
import { ATTRIBUTES_MAX, type Inference, withoutDataNames } from "./inference.ts";
import { mixedKinds } from "./mixed-kinds.ts";

/** A decision for a person to review. */
export interface Undecided {
  readonly attribute: string;
  /**
   * "undeclared": it has no column and is kept in `_unmapped`. "inexact": it has a column, but some values are also
   * kept in `_unmapped`. "assumed": no item shows anything of a part of it. "renamed": its column does not have the
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
  /** About the items as a whole, a sentence each. */
  readonly notes: readonly string[];
}

/** Columns go to the most frequent attributes. */
export const INFERRED_COLUMNS_MAX = 500;

export interface InferredTable {
  readonly table: string;
  readonly source: string;
  readonly key: KeySchema;
  /** Which items belong to it. Default: all. */
  readonly where?: Readonly<Record<string, ConditionFile>>;
}

/** The schema file for what was observed; `parseSchema` accepts it. */
export function inferredSchema(
  observed: Inference,
  { table, source, key, where }: InferredTable,
): InferredSchema {
  const inference = withoutDataNames(observed);
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
    declared.map(([attribute]) => ({ attribute, count: claimOf(inference, keys, attribute) })),
  );
  const attributes = declared.map(([attribute, spec]): [string, AttributeFile] => {
    const name = naming.nameOf.get(attribute) as string;
    return [attribute, name === columnName(attribute) ? spec : { name, ...spec }];
  });
  for (const { attribute, why } of naming.renamed) undecided.push({ attribute, outcome: "renamed", why });
  return {
    file: {
      table,
      source,
      key: { ...key },
      ...defined({ where }),
      evolve: "all",
      attributes: Object.fromEntries(attributes),
    },
    undecided: undecided.sort((a, b) => (a.attribute < b.attribute ? -1 : a.attribute > b.attribute ? 1 : 0)),
    notes: [...notesOf(inference, left), ...(where === undefined ? mixedNotes(inference) : [])],
  };
}

/** The key's attributes come before all others, the partition key first. */
function claimOf({ attributes }: Inference, keys: readonly string[], attribute: string): number {
  const shape = attributes.get(attribute);
  if (keys.includes(attribute)) return attribute === keys[0] ? Number.POSITIVE_INFINITY : Number.MAX_VALUE;
  return shape === undefined ? 0 : countOf(shape);
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

function mixedNotes({ kinds, keys }: Inference): readonly string[] {
  const mixed = kinds && mixedKinds(kinds, keys);
  // breakage: mixed-kinds-are-told
  if (mixed === undefined) return [];
  const { attribute, kinds: number } = mixed;
  return [
    `The items are of several kinds, which "${attribute}" tells apart (${number} of them). To get a table for each, take schemas from \`dynalake infer --split-by ${optionValue(attribute)}\`, with the same source.`,
  ];
}

/** As shells take it. */
function optionValue(attribute: string): string {
  return /^[\w.:-]+$/.test(attribute) ? attribute : `'${attribute.replaceAll("'", "'\\''")}'`;
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
      `The items have more than ${counted(ATTRIBUTES_MAX, "attribute name")}; those that look like data were skipped and are kept in _unmapped.`,
    );
  }
  return notes;
}
