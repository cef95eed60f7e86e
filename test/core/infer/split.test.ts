/** A single-table design taken apart: whatever the items are, each belongs to exactly one of the schemas. */
import { expect, test } from "@jest/globals";
import { belongs } from "../../../src/core/change/selection.ts";
import {
  type Kinds,
  kindsOf,
  mergeKinds,
  SPLIT_KINDS_MAX,
  seeKind,
  splitSchemas,
} from "../../../src/core/infer/split.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { type Item, readItem } from "../../../src/core/values/attribute-value.ts";
import { schemasOfKinds } from "../../../src/embedded/schemas/inference.ts";
import { item as anyItem } from "../../arbitraries/item.ts";
import { deepTest } from "../../support/deep-test.ts";
import * as fc from "../../support/fast-check.ts";

const KEY = { hash: "PK", range: "SK" };
const TABLE = { table: "shop", source: "Shop", key: KEY };

const text = fc.oneof(
  fc.constantFrom(
    "ORDER",
    "ORDER#",
    "ORDER#1",
    "ORDER#1#2",
    "order#1",
    "#",
    "#1",
    "",
    "5",
    "__proto__",
    "REST",
  ),
  fc.nat(600).map((n) => `K${n}#x`),
  fc.string({ maxLength: 120 }),
);
const kind = fc.oneof(
  text.map((S) => ({ S })),
  fc.constantFrom({ N: "5" }, { N: "0.5" }, { NULL: true as const }, { B: "QQ==" }, { L: [] }, undefined),
);
const items: fc.Arbitrary<readonly Item[]> = fc.array(
  fc.record({ kind, rest: anyItem, sk: text }).map(({ kind: type, rest, sk }): Item => {
    const { type: _, ...others } = readItem(rest);
    const item = { ...others, PK: { S: "p" }, SK: { S: sk || "-" } };
    return type === undefined ? item : readItem({ ...item, type });
  }),
  { minLength: 1, maxLength: 60 },
);

function kindsIn(all: readonly Item[], attribute: string): Kinds {
  const kinds = kindsOf(KEY, attribute);
  for (const item of all) seeKind(kinds, item);
  return kinds;
}

test("each item belongs to exactly one of the schemas, in parts or as a whole", () => {
  fc.assert(
    fc.property(items, fc.constantFrom("type", "SK"), fc.nat(60), (all, attribute, cut) => {
      const whole = kindsIn(all, attribute);
      const parts = kindsIn(all.slice(0, cut), attribute);
      mergeKinds(parts, kindsIn(all.slice(cut), attribute));
      // Nothing but identifiers is refused, below.
      if ([...whole.found.values()].every(({ items }) => items.itemCount === 1)) return;
      const { tables } = schemasOfKinds(whole, TABLE);
      expect(schemasOfKinds(parts, TABLE)).toEqual(schemasOfKinds(whole, TABLE));
      const schemas = tables.map(({ file }) => parseSchema(file, "test"));
      expect(new Set(schemas.map(({ table }) => table)).size).toBe(schemas.length);
      const counts = schemas.map(() => 0);
      for (const item of all) {
        const own = schemas.flatMap((schema, i) => (belongs(schema, item) ? [i] : []));
        expect(own).toHaveLength(1);
        counts[own[0] as number] = (counts[own[0] as number] ?? 0) + 1;
      }
      expect(counts).toEqual(tables.map(({ items }) => items));
    }),
    { numRuns: 300 },
  );
});

deepTest("kinds beyond the bound are in the last schema, and so are values that come once", () => {
  const kinds = kindsOf(KEY, "SK");
  const all: Item[] = [];
  for (let i = 0; i < 1_000; i++) {
    all.push({ PK: { S: "p" }, SK: { S: `once-${i}` } });
    for (let twice = 0; twice < 2; twice++)
      all.push({ PK: { S: "p" }, SK: { S: `K${i % 70}#${i}-${twice}` } });
  }
  for (const item of all) seeKind(kinds, item);
  expect(kinds.found.size).toBeLessThanOrEqual(400);
  const { tables, notes } = schemasOfKinds(kinds, TABLE);
  expect(tables).toHaveLength(SPLIT_KINDS_MAX + 1);
  expect(notes).toEqual([expect.stringContaining('"SK" tells more than 400 kinds apart, and the 50 most')]);
  const schemas = tables.map(({ file }) => parseSchema(file, "test"));
  for (const item of all) expect(schemas.filter((schema) => belongs(schema, item))).toHaveLength(1);
});

test("identifiers among kinds are in the last schema", () => {
  const kinds = kindsOf(KEY, "SK");
  const see = (SK: string): void => seeKind(kinds, { PK: { S: "p" }, SK: { S: SK } });
  for (let i = 0; i < 500; i++) {
    see("PROFILE");
    see(`ORDER#${i}`);
    for (let twice = 0; twice < 2; twice++) see(`user-${i}`);
  }
  see("RARE#1");
  expect(schemasOfKinds(kinds, TABLE).tables.map(({ file, items }) => [file.table, items])).toEqual([
    ["shop_order", 500],
    ["shop_profile", 500],
    ["shop_rest", 1_001],
  ]);
});

test("tables have names of their own, which no view has", () => {
  const kinds = kindsOf(KEY, "type");
  for (const type of ["HISTORY", "order", "Order", "ORDER#1", "rest", "order_history", "_changes"])
    seeKind(kinds, { PK: { S: "p" }, SK: { S: "s" }, type: { S: type } });
  const names = schemasOfKinds(kinds, TABLE).tables.map(({ file }) => file.table);
  expect(names).toEqual([
    "shop_history_2",
    "shop_order",
    "shop_order_2",
    "shop__changes_2",
    "shop_order_3",
    "shop_order_history_2",
    "shop_rest_2",
    "shop_rest",
  ]);
});

test("an attribute that tells nothing apart is refused", () => {
  const none = kindsOf(KEY, "type");
  seeKind(none, { PK: { S: "p" }, SK: { S: "s" }, type: { L: [] } });
  const named = (): string => "x";
  expect(() => splitSchemas(none, TABLE, named)).toThrow('no item has a text or a number in "type"');
  for (const count of [11, 60, 500]) {
    const once = kindsOf(KEY, "SK");
    for (let i = 0; i < count; i++) seeKind(once, { PK: { S: "p" }, SK: { S: `ORDER-${i}` } });
    expect(() => splitSchemas(once, TABLE, named)).toThrow("its values come once each");
  }
  const customers = kindsOf(KEY, "PK");
  for (let i = 0; i < 1_500; i++) seeKind(customers, { PK: { S: `c${i % 500}` }, SK: { S: `s${i}` } });
  expect(() => splitSchemas(customers, TABLE, named)).toThrow("or are very many");
});
