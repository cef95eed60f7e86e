import { describe, expect, test } from "@jest/globals";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { openTable, openTables, requireTable } from "../../../src/core/table/open-table.ts";
import { writeSchema } from "../../../src/core/table/schema-file.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const schema = parseSchema(
  { table: "reviews", key: { hash: "User" }, attributes: { User: { type: "string" } } },
  "a test",
);

describe("the tables of a lake", () => {
  test("are the folders that hold a schema", async () => {
    const store = new MemoryStore();
    await writeSchema(store, schema);
    store.plant("orders/position.json", "{}");
    store.plant("Upper/schema.json", "{}");
    store.plant("file", "");
    expect((await openTables(store)).map(({ schema: { table } }) => table)).toEqual(["reviews"]);
  });

  test("a schema comes back as it was written, whatever stood there before", async () => {
    const store = new MemoryStore();
    store.plant("reviews/schema.json", "{}");
    await writeSchema(store, schema);
    expect((await openTable(store, "reviews"))?.schema).toEqual(schema);
    expect((await openTable(store, "orders"))?.schema).toBeUndefined();
  });

  test("one that is missing is told with those that are there", async () => {
    const store = new MemoryStore();
    await expect(requireTable(store, "orders")).rejects.toMatchObject({
      code: "LAKE_NOT_FOUND",
      message: expect.stringContaining("it has no tables"),
    });
    await writeSchema(store, schema);
    await expect(requireTable(store, "orders")).rejects.toMatchObject({
      code: "LAKE_NOT_FOUND",
      message: expect.stringContaining("reviews"),
    });
  });

  test("a schema that is damaged is told with its path", async () => {
    const store = new MemoryStore();
    store.plant("reviews/schema.json", '{"table": "reviews"');
    await expect(openTable(store, "reviews")).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
      message: expect.stringContaining("reviews/schema.json"),
    });
  });
});
