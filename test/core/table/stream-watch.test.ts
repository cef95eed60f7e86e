import { expect, test } from "@jest/globals";
import { NEWEST_FORMAT } from "../../../src/core/format/lake-file.ts";
import { readStreamWatch, saveStreamWatch } from "../../../src/core/table/stream-watch.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const watch = { streamArn: "arn", seenReadingSeconds: 1, lookedSeconds: 2, sinceSeconds: 0 };

test("what a look has left is found by the next one", async () => {
  const store = new MemoryStore();
  expect(await readStreamWatch(store, "t")).toBeUndefined();
  await saveStreamWatch(store, "t", watch);
  expect(await readStreamWatch(store, "t")).toEqual(watch);
});

test.each([
  ["no JSON", "LAKE_DAMAGED"],
  ["{}", "LAKE_DAMAGED"],
  [JSON.stringify({ format: 1, ...watch, seenReadingSeconds: "1" }), "LAKE_DAMAGED"],
  [JSON.stringify({ format: NEWEST_FORMAT + 1, ...watch }), "LAKE_NEWER"],
])("%s is told as what it is, with the path", async (text, code) => {
  const store = new MemoryStore();
  store.plant("t/watch.json", text);
  await expect(readStreamWatch(store, "t")).rejects.toMatchObject({
    code,
    message: expect.stringContaining("t/watch.json"),
  });
});
