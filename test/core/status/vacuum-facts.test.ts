/** What a status says of a vacuum that had no time for everything. */
import { expect, test } from "@jest/globals";
import { vacuumFacts } from "../../../src/core/status/vacuum-facts.ts";
import { saveUnfinishedVacuum, VACUUM_PASSES_MAX } from "../../../src/core/table/unfinished-vacuum.ts";
import { MemoryStore } from "../../support/memory-store.ts";

test("a vacuum that was left goes on with a tick, and on the next day after a day's passes", async () => {
  const store = new MemoryStore();
  expect(await vacuumFacts(store, "t")).toBeUndefined();
  const begun = { sinceSeconds: 1_800_000_000, filesAfter: "run" };
  await saveUnfinishedVacuum(store, "t", { ...begun, passes: VACUUM_PASSES_MAX - 1 });
  expect(await vacuumFacts(store, "t")).toEqual({ sinceSeconds: 1_800_000_000, passes: 23, goesOn: "tick" });
  await saveUnfinishedVacuum(store, "t", { ...begun, passes: VACUUM_PASSES_MAX });
  expect(await vacuumFacts(store, "t")).toEqual({ sinceSeconds: 1_800_000_000, passes: 24, goesOn: "day" });
});
