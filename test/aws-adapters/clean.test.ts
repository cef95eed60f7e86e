import { expect, test } from "@jest/globals";
import { clean } from "../../src/aws/steps/clean.ts";
import { MemoryStore } from "../support/memory-store.ts";

const EXPORT = "_exports/orders/AWSDynamoDB/one/";
const context = (store: MemoryStore) =>
  ({ store, nowSeconds: () => 1_800_000_000, isOver: () => false }) as unknown as Parameters<typeof clean>[0];
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

test("a run's staging goes as far as there is time, page by page", async () => {
  const store = new MemoryStore();
  for (let i = 0; i < 2500; i++) store.plant(`a/staging/one/rows/${i}.jsonl.gz`, "rows");
  let pages = 0;
  const inTime = { ...context(store), isOver: () => pages++ === 2 };
  const { exportPrefix: _, ...staged } = { ...request, table: "a", run: "one" };
  expect(await clean(inTime, staged)).toMatchObject({ files: 2000 });
  expect(store.paths("a/staging/")).toHaveLength(500);
});

test.each(["reviews/changes/", "_exports/orders/AWSDynamoDB/", "_exports/../AWSDynamoDB/one/", "_registry/"])(
  "%s is no export and stays",
  async (exportPrefix) => {
    const store = new MemoryStore();
    const cleaning = clean(context(store), { ...request, exportPrefix, table: "a" });
    await expect(cleaning).rejects.toMatchObject({ code: "INPUT_INVALID" });
  },
);
