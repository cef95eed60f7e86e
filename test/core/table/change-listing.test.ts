/** The listing of a change log: what it asks the store for, and that it never changes under its reader. */
import { expect, test } from "@jest/globals";
import { listChanges } from "../../../src/core/table/change-listing.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const DAY = "t/changes/dt=2026-11-23";

function storeOf(...names: readonly string[]): MemoryStore {
  const store = new MemoryStore();
  for (const name of names) store.plant(`${DAY}/${name}.parquet`, "rows");
  return store;
}

const at = (hr: string) => ({ dt: "2026-11-23", hr });

test("hours before the one that is asked for are not listed", async () => {
  const store = storeOf("hr=04/a", "hr=05/b", "hr=06/c");
  const asked: (string | undefined)[] = [];
  const names = store.names.bind(store);
  store.names = (prefix, after) => {
    asked.push(after);
    return names(prefix, after);
  };
  const changes = listChanges(store, "t");
  expect((await changes.since(at("05"))).map(({ id }) => id)).toEqual(["b.parquet", "c.parquet"]);
  expect((await changes.since(at("06"))).map(({ id }) => id)).toEqual(["c.parquet"]);
  expect(asked).toEqual([`${DAY}/hr=05`]);
});

test("hours that were listed stay as they are when earlier ones are asked for", async () => {
  const store = storeOf("hr=04/a", "hr=05/b");
  const changes = listChanges(store, "t");
  await changes.since(at("05"));
  store.plant(`${DAY}/hr=05/late.parquet`, "rows");
  store.plant(`${DAY}/hr=03/early.parquet`, "rows");
  const all = ["early.parquet", "a.parquet", "b.parquet"];
  expect((await changes.ofDay("2026-11-23")).map(({ id }) => id)).toEqual(all);
  expect((await changes.since(at("03"))).map(({ id }) => id)).toEqual(all);
});
