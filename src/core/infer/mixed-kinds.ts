/**
 * Whether the items of a table are of several kinds (single-table design), as far as their attributes show it: an attribute of the key
 * whose values look like `ORDER#17`, or one with a usual name such as `type`, tells kinds apart that have other attributes each.
 */
import type { Item } from "../values/attribute-value.ts";
import { kindTest } from "./kind-test.ts";

/** Of each attribute that may tell kinds apart, the attributes that items of each kind have; undefined once it has too many values. */
export type KindsSeen = Map<string, Map<string, Set<string>> | undefined>;

/** More values are identifiers. */
const KINDS_MAX = 20;
const ATTRIBUTES_MAX = 100;

const USUAL_NAME =
  /^(_*(kind|type|entity|model|et|typename|edb_e)_*|(entity|item|object|record)_?(type|kind|name))$/i;

/** Begins to look at an attribute if its name says that it may tell kinds apart. */
export function watchKinds(seen: KindsSeen, attribute: string): void {
  if (!seen.has(attribute) && USUAL_NAME.test(attribute)) seen.set(attribute, new Map());
}

export function seeKinds(seen: KindsSeen, item: Item): void {
  for (const [attribute, kinds] of seen) {
    const test = kinds && kindTest(item, attribute);
    if (test === undefined) continue;
    const own = kindOf(seen, attribute, "equals" in test ? test.equals : test.beginsWith);
    if (own === undefined || own.size >= ATTRIBUTES_MAX) continue;
    for (const name in item) own.add(name);
  }
}

/** Adds what was seen of other items. */
export function mergeKindsSeen(into: KindsSeen, from: KindsSeen): void {
  for (const [attribute, kinds] of from) {
    if (kinds === undefined) into.set(attribute, undefined);
    else if (!into.has(attribute)) into.set(attribute, new Map());
    for (const [kind, names] of kinds ?? []) {
      const own = kindOf(into, attribute, kind);
      for (const name of names) own?.add(name);
    }
  }
}

/** Undefined where the attribute has too many values. */
function kindOf(seen: KindsSeen, attribute: string, kind: string): Set<string> | undefined {
  const kinds = seen.get(attribute);
  const known = kinds?.get(kind);
  if (kinds === undefined || known !== undefined) return known;
  if (kinds.size === KINDS_MAX) {
    seen.set(attribute, undefined);
    return undefined;
  }
  const names = new Set<string>();
  kinds.set(kind, names);
  return names;
}

export interface MixedKinds {
  /** The attribute that tells most kinds apart. */
  readonly attribute: string;
  readonly kinds: number;
}

/** Undefined where nothing shows that there are several. */
export function mixedKinds(seen: KindsSeen, keys: readonly string[]): MixedKinds | undefined {
  const found = [...seen].flatMap(([attribute, kinds]) =>
    kinds !== undefined && tellsApart(kinds, keys.includes(attribute))
      ? [{ attribute, kinds: kinds.size }]
      : [],
  );
  const rank = ({ attribute }: MixedKinds): number => (keys.includes(attribute) ? 0 : 1);
  return found.sort(
    (a, b) => b.kinds - a.kinds || rank(a) - rank(b) || (a.attribute < b.attribute ? -1 : 1),
  )[0];
}

/** Values of a key that do not look like `ORDER#17` are identifiers. */
function tellsApart(kinds: ReadonlyMap<string, ReadonlySet<string>>, isKey: boolean): boolean {
  if (isKey && ![...kinds.keys()].some((kind) => kind.endsWith("#"))) return false;
  const shapes = [...kinds.values()];
  const hasMore = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
    [...one].some((name) => !other.has(name));
  // breakage: kinds-have-attributes-of-their-own
  return shapes.some((one) => shapes.some((other) => hasMore(one, other) && hasMore(other, one)));
}
