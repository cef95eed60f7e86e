/**
 * A single-table design taken apart: the kinds of items that an attribute tells apart, each with a schema of its own, and one for all
 * others. Every item belongs to exactly one of them. What was found in parts of a table can be merged.
 */
import { counted, grouped } from "../counted.ts";
import { DynalakeError } from "../error.ts";
import type { TextTest } from "../schema/schema.ts";
import type { Item } from "../values/attribute-value.ts";
import { type KeySchema, keyAttributes } from "../values/key.ts";
import { type InferredSchema, type InferredTable, inferredSchema } from "./infer.ts";
import { merge, shapeOf } from "./infer-shape.ts";
import { type Inference, inferenceOf, mergeInference, observe } from "./inference.ts";
import { kindTest } from "./kind-test.ts";

export interface Kinds {
  readonly key: KeySchema;
  readonly attribute: string;
  /** By the text of their tests. */
  readonly found: Map<string, { readonly test: TextTest; readonly items: Inference }>;
  /** Items of no kind, and of kinds that are too many. */
  readonly others: Inference;
  /** There were more kinds than are looked at. */
  crowded: boolean;
}

/** So many kinds get a schema, the most frequent ones. */
export const SPLIT_KINDS_MAX = 50;
/** So many are looked at; where there are more, the rarest half of them go to the others. */
const KINDS_SEEN_MAX = 400;

export function kindsOf(key: KeySchema, attribute: string): Kinds {
  return { key, attribute, found: new Map(), others: inferenceOf(key), crowded: false };
}

export function seeKind(kinds: Kinds, item: Item): void {
  const test = kindTest(item, kinds.attribute);
  observe(test === undefined ? kinds.others : itemsOf(kinds, test), item);
  limitKinds(kinds);
}

/** Adds what was found among other items, and leaves `from` unchanged. */
export function mergeKinds(into: Kinds, from: Kinds): void {
  into.crowded ||= from.crowded;
  mergeInference(into.others, from.others);
  for (const { test, items } of from.found.values()) mergeInference(itemsOf(into, test), items);
  limitKinds(into);
}

function itemsOf({ found, key }: Kinds, test: TextTest): Inference {
  const text = textOf(test);
  const known = found.get(text) ?? { test, items: inferenceOf(key) };
  found.set(text, known);
  return known.items;
}

function textOf(test: TextTest): string {
  return "equals" in test ? test.equals : test.beginsWith;
}

function limitKinds(kinds: Kinds): void {
  const { found, others } = kinds;
  if (found.size <= KINDS_SEEN_MAX) return;
  for (const [text, { items }] of byFrequency(kinds).slice(KINDS_SEEN_MAX / 2)) {
    mergeInference(others, items);
    found.delete(text);
  }
  kinds.crowded = true;
}

function byFrequency({ found }: Kinds) {
  return [...found].sort(
    ([a, one], [b, other]) => other.items.itemCount - one.items.itemCount || (a < b ? -1 : 1),
  );
}

export interface SplitSchemas {
  /** One for each kind, the most frequent first, and at the end the one for all other items. */
  readonly tables: readonly (InferredSchema & { readonly items: number })[];
  /** About the split as a whole, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * `nameOf` makes the name of a table, different for each call, of the text of its kind, or undefined for that of the others. Throws
 * USAGE where the attribute tells nothing apart.
 */
export function splitSchemas(
  kinds: Kinds,
  { source, key }: Omit<InferredTable, "table">,
  nameOf: (kind: string | undefined) => string,
): SplitSchemas {
  const { attribute } = kinds;
  const all = byFrequency(kinds);
  const candidates = withoutIdentifiers(kinds, all);
  const chosen = candidates.slice(0, SPLIT_KINDS_MAX);
  if (chosen.length === 0) throw nothingTold(kinds);
  const others = inferenceOf(key);
  mergeInference(others, kinds.others);
  for (const [, { items }] of all.filter((each) => !chosen.includes(each))) mergeInference(others, items);
  const not = chosen.map(([, { test }]) => test); // breakage: remainders-take-what-no-kind-takes
  const rest = nameOf(undefined);
  const tables = chosen.map(([text, { test, items }]) =>
    withItems(items, { table: nameOf(text), source, key, where: { [attribute]: test } }),
  );
  const remainder = { table: rest, source, key, where: { [attribute]: { not } } };
  return {
    tables: [...tables, { ...withItems(withKeys(others, kinds), remainder), items: others.itemCount }],
    notes: notesOf(kinds, all.length, chosen.length),
  };
}

type FoundKind = ReturnType<typeof byFrequency>[number];

/** So many kinds may have one item each, such as the only settings of a shop. */
const SINGLES_MAX = 10;
/** Of a text that is a kind though the attribute has very many. */
const SHARE_MIN = 0.01;

/**
 * Identifiers are no kinds: texts of one item each, and in a crowd those that few items have. Beginnings of keys (`ORDER#`) are kinds
 * unless they are many and come once.
 */
function withoutIdentifiers({ crowded, others }: Kinds, all: readonly FoundKind[]): readonly FoundKind[] {
  const isSingle = ([, { items }]: FoundKind): boolean => items.itemCount === 1;
  const isText = ([, { test }]: FoundKind): boolean => "equals" in test;
  const isMany = crowded || all.length > SPLIT_KINDS_MAX;
  const hasIdentifiers = isMany || all.filter((kind) => isText(kind) && isSingle(kind)).length > SINGLES_MAX;
  const total = all.reduce((sum, [, { items }]) => sum + items.itemCount, others.itemCount);
  return all.filter((kind) => {
    if (isSingle(kind)) return !(isMany || (hasIdentifiers && isText(kind))); // breakage: identifiers-are-no-kinds
    return !(crowded && isText(kind)) || kind[1].items.itemCount >= total * SHARE_MIN;
  });
}

function withItems(items: Inference, table: InferredTable): SplitSchemas["tables"][number] {
  return { ...inferredSchema(items, table), items: items.itemCount };
}

/** The key has the same types in all tables, also where nothing was seen of it. */
function withKeys(others: Inference, { found, key }: Kinds): Inference {
  if (others.itemCount > 0) return others;
  for (const attribute of keyAttributes(key)) {
    const shape = shapeOf();
    for (const { items } of found.values()) {
      const own = items.attributes.get(attribute);
      if (own !== undefined) merge(shape, own);
    }
    others.attributes.set(attribute, shape);
  }
  return others;
}

function notesOf({ attribute, crowded }: Kinds, found: number, chosen: number): readonly string[] {
  if (!crowded && found === chosen) return [];
  const many = crowded ? `more than ${grouped(KINDS_SEEN_MAX)} kinds` : counted(found, "kind");
  return [
    `"${attribute}" tells ${many} apart, and the ${chosen} most frequent ones have a schema, of at most ${SPLIT_KINDS_MAX}: the others are in the last one. Write a schema for each that you need, and add its test to \`not\` there; or split by another attribute.`,
  ];
}

function nothingTold({ attribute, found, crowded }: Kinds): DynalakeError {
  const why =
    found.size === 0 && !crowded
      ? `no item has a text or a number in "${attribute}"`
      : `"${attribute}" tells items apart and no kinds: its values come once each, or are very many`;
  return new DynalakeError("USAGE", why, {
    next: `Name an attribute that says what kind of item each one is, or one of the key whose values look like ORDER#17. For keys like ORDER-17, write a schema file for each kind, with "where": {"${attribute}": {"beginsWith": "ORDER-"}}.`,
  });
}
