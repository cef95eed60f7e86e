import { expect, test } from "@jest/globals";
import { lockHolder, takeLock } from "../../../src/core/table/run-lock.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const take = (store: MemoryStore, execution: string, running: readonly string[] = [], kind = "compaction") =>
  takeLock(store, { table: "t", kind, execution, isRunning: async (other) => running.includes(other) });

test("an execution takes the lock, keeps it, and another one does not get it while the first runs", async () => {
  const store = new MemoryStore();
  expect(await take(store, "one")).toBe(true);
  expect(await take(store, "one", ["one"])).toBe(true);
  expect(await take(store, "two", ["one"])).toBe(false);
  expect(await lockHolder(store, "t", "compaction")).toBe("one");
});

test("an execution that has ended is followed, and leaves nothing behind", async () => {
  const store = new MemoryStore();
  for (const execution of ["one", "two", "three"]) expect(await take(store, execution)).toBe(true);
  expect(await lockHolder(store, "t", "compaction")).toBe("three");
  expect(store.paths("t/locks/")).toHaveLength(1);
});

test("each kind of work has a lock of its own", async () => {
  const store = new MemoryStore();
  expect(await take(store, "one")).toBe(true);
  expect(await take(store, "two", ["one"], "snapshot")).toBe(true);
});

test("of two executions that follow at the same time one gets the lock", async () => {
  const store = new MemoryStore();
  await take(store, "one");
  const outcomes = await Promise.all(["two", "three", "four"].map((execution) => take(store, execution)));
  expect(outcomes.filter((taken) => taken)).toHaveLength(1);
});
