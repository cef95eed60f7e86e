/**
 * For any items and any order of evolutions, a table whose types have widened answers as one that had the last schema from the
 * beginning: in its view, its history and its snapshots, whoever still writes by an older schema, and however it is compacted.
 */

import { expect, test } from "@jest/globals";
import { compactMinor } from "../../src/core/compaction/compact.ts";
import { changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { currentView } from "../../src/core/overlay/lake-view.ts";
import { shownView } from "../../src/core/overlay/shown-view.ts";
import { openTableOf, tableAsOf } from "../../src/core/table/open-table.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { type AttributeValue, type Item, readItem } from "../../src/core/values/attribute-value.ts";
import { openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { newRunId } from "../../src/sdk/new-run-id.ts";
import { attributeValue } from "../arbitraries/item.ts";
import { anyStep, expectAlwaysAsAlways, schemaAt, type Types } from "../support/as-always.ts";
import * as fc from "../support/fast-check.ts";
import { withFolder } from "../support/folders.ts";
import { CHANGED_AT_SECONDS, compactionOf, deliverItems } from "../support/lake-rows.ts";

/** The types that the column of each attribute gets, one after the other. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  id: ["int", "decimal(14,2)"],
  n: ["int", "bigint", "decimal(22,3)", "decimal(30,8)", "decimal(38,8)"],
  far: ["decimal(38,8)", "decimal(38,20)"],
  d: ["decimal(5,2)", "decimal(9,2)", "decimal(20,10)"],
  list: ["array<int>", "array<bigint>", "array<decimal(24,3)>"],
  set: ["array<int>", "array<decimal(14,3)>"],
  map: ["map<string,int>", "map<string,array<int>>", "map<string,array<bigint>>"].slice(1),
  to: [
    "struct<a:int>",
    "struct<a:bigint>",
    "struct<b:string,a:decimal(23,2)>",
    "struct<b:string,a:decimal(23,2),at:timestamp,in:struct<x:int>>",
    "struct<a:decimal(23,2),b:string,at:timestamp,in:struct<x:bigint,y:array<string>>>",
  ],
  at: ["timestamp"],
};
const TYPES: Types = Object.fromEntries(
  Object.entries(NAMES).map(([name, types]) => [
    name,
    types.map((type) => (name === "set" ? { name, type, set: true } : { type })),
  ]),
);

const number = fc
  .constantFrom(
    "5",
    "-7",
    "3000000000",
    "9223372036854775807",
    "29.99",
    "0.125",
    "0.00000001",
    "123456.5",
    "1E+20",
  )
  .map((N): AttributeValue => ({ N }));
const scalar = fc.oneof(
  { weight: 4, arbitrary: number },
  fc.constantFrom<AttributeValue>({ S: "x" }, { S: "2024-02-29T10:30:00Z" }, { NULL: true }, { BOOL: true }),
);
const part = fc.oneof(
  scalar,
  fc.array(number, { maxLength: 2 }).map((L): AttributeValue => ({ L })),
);
const nested = fc.oneof(
  { weight: 1, arbitrary: attributeValue },
  { weight: 2, arbitrary: fc.array(part, { maxLength: 3 }).map((L): AttributeValue => ({ L })) },
  {
    weight: 2,
    arbitrary: fc
      .uniqueArray(fc.constantFrom("1", "2.5", "3000000000"), { minLength: 1 })
      .map((NS): AttributeValue => ({ NS })),
  },
  {
    weight: 4,
    arbitrary: fc
      .dictionary(fc.constantFrom("a", "b", "at", "z"), part, { maxKeys: 4 })
      .chain((M) =>
        fc
          .option(fc.dictionary(fc.constantFrom("x", "y"), part, { maxKeys: 2 }), { nil: undefined })
          .map((inner): AttributeValue => ({ M: inner === undefined ? M : { ...M, in: { M: inner } } })),
      ),
  },
);
const item = fc
  .record(
    {
      n: scalar,
      far: scalar,
      d: scalar,
      list: nested,
      set: nested,
      map: nested,
      to: nested,
      at: scalar,
      new: scalar,
    },
    { requiredKeys: [] },
  )
  .chain((attributes) =>
    fc.constantFrom("1", "2", "1.5", "3000000000").map((N): Item => readItem({ ...attributes, id: { N } })),
  );
const step = anyStep(item, ["n", "n", "n", "far", "far", "to", "to", "to", "d", "list", "set", "map", "id"]);

test("a table whose columns have widened has the rows of one that always had the widest", async () => {
  await expectAlwaysAsAlways(TYPES, step, 40);
}, 900_000);

test("the table of a time before shows changes of then that were delivered by the newest schema", async () => {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(`${folder}/lake`);
    try {
      const first = schemaAt(TYPES, "evolving", {});
      await writeSchema(lake.store, first);
      const of = (id: string, n: string): Item => readItem({ id: { N: id }, n: { N: n } });
      await deliverItems(lake, first, [of("1", "5"), of("2", "6")], 100);
      await compactMinor(compactionOf(lake, first));
      const context = { store: lake.store, newRunId, nowSeconds: () => CHANGED_AT_SECONDS + 2000 };
      for (const n of [1, 2]) await changeSchema(context, schemaAt(TYPES, "evolving", { n }), "a test");
      const { schema } = await openTableOf(lake.store, first);
      await deliverItems(lake, schema, [of("1", "7.5"), of("3", "8")], 150);
      const then = await tableAsOf(
        lake.store,
        await openTableOf(lake.store, first),
        CHANGED_AT_SECONDS + 1500,
      );
      const view = await currentView(lake.engine, then, CHANGED_AT_SECONDS + 1500);
      const { sql } = shownView(lake.engine.dialect, then, view, "label");
      const rows = await lake.engine.rows(
        `SELECT CAST(col_id AS VARCHAR) AS id, CAST(col_n AS VARCHAR) AS n FROM (${sql}) ORDER BY 1`,
      );
      expect(rows).toEqual([
        { id: "1", n: "7.500" },
        { id: "2", n: "6.000" },
        { id: "3", n: "8.000" },
      ]);
    } finally {
      await lake.close();
    }
  });
});
