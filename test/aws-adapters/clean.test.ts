import { expect, test } from "@jest/globals";
import { clean } from "../../src/aws/steps/clean.ts";
import { MemoryStore } from "../support/memory-store.ts";

const EXPORT = "_exports/orders/AWSDynamoDB/one/";
const context = (store: MemoryStore) =>
  ({ store, nowSeconds: () => 1_800_000_000 }) as unknown as Parameters<typeof clean>[0];
const request = { source: "orders", retentionHours: 168, exportPrefix: EXPORT };

test("an export goes with the last of its tables, in whatever order they end, and however often", async () => {
  const store = new MemoryStore();
  store.plant(`${EXPORT}data/part.json.gz`, "rows");
  const exportTables = ["a", "b"];
  await clean(context(store), { ...request, table: "b", exportTables });
  await clean(context(store), { ...request, table: "b", exportTables });
  expect(store.paths(EXPORT)).toContain(`${EXPORT}data/part.json.gz`);
  await clean(context(store), { ...request, table: "a", exportTables });
  expect(store.paths(EXPORT)).toEqual([]);
});

test.each(["reviews/changes/", "_exports/orders/AWSDynamoDB/", "_exports/../AWSDynamoDB/one/", "_registry/"])(
  "%s is no export and stays",
  async (exportPrefix) => {
    const store = new MemoryStore();
    const cleaning = clean(context(store), { ...request, exportPrefix, table: "a" });
    await expect(cleaning).rejects.toMatchObject({ code: "INPUT_INVALID" });
  },
);
