/** A decimal that reaches further behind the point: what it has no room for any more is kept, whoever wrote it. */
import { expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { type CountDigits, changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { type Item, readItem } from "../../src/core/values/attribute-value.ts";
import { openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { newRunId } from "../../src/sdk/new-run-id.ts";
import { withFolder } from "../support/folders.ts";
import { CHANGED_AT_SECONDS, compactionOf, deliverItems, itemsOf } from "../support/lake-rows.ts";

function schemaOf(type: string): Schema {
  const attributes = { id: { type: "int" }, far: { type } };
  return parseSchema({ table: "evolving", source: "Source", key: { hash: "id" }, attributes }, "a test");
}

/** As if nothing were in the way. */
const unseen: CountDigits = async (_, columns) => new Map(columns.map(({ attribute }) => [attribute, 0]));

test("a number for which a column has no room any more comes back from all that was written before", async () => {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(`${folder}/lake`);
    try {
      const first = schemaOf("decimal(38,8)");
      await writeSchema(lake.store, first);
      const of = (id: string, far: string): Item =>
        readItem({ id: { N: id }, far: { N: far }, '"': { S: "x" } });
      await deliverItems(lake, first, [of("1", "-123456789012345678901.25"), of("2", "6.5")], 100);
      await compactMinor(compactionOf(lake, first));
      const before = await itemsOf(lake, first);
      const context = { store: lake.store, newRunId, nowSeconds: () => CHANGED_AT_SECONDS + 2000 };
      await changeSchema({ ...context, countDigits: unseen }, schemaOf("decimal(38,20)"), "a test");
      const { schema } = await openTableOf(lake.store, first);
      expect(await itemsOf(lake, schema)).toEqual(before);
      // By a writer that does not know of it.
      await deliverItems(lake, first, [of("3", "2E+29")], 200);
      const all = await itemsOf(lake, schema);
      expect(all.join()).toContain(`2${"0".repeat(29)}`);
      await compactMinor(compactionOf(lake, schema));
      await compactMajor(compactionOf(lake, schema), "all");
      expect(await itemsOf(lake, schema)).toEqual(all);
    } finally {
      await lake.close();
    }
  });
});
