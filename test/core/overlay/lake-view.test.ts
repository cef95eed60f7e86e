/** Which relations the view of a table reads: none that is known to decide nothing, as long as nothing new can come into it. */
import { describe, expect, test } from "@jest/globals";
import { changeObjectPath } from "../../../src/core/format/lake-path.ts";
import { initialManifest, type Segment } from "../../../src/core/format/manifest.ts";
import { currentView, standingView } from "../../../src/core/overlay/lake-view.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { listChanges } from "../../../src/core/table/change-listing.ts";
import { FakeEngine } from "../../support/fake-engine.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const SCHEMA = parseSchema(
  { table: "t", key: { hash: "K" }, attributes: { K: { type: "string" } } },
  "a test",
);
const HORIZON = 1_000_000;
const segment = (kind: Segment["kind"]): Segment => ({
  id: kind,
  run: "run",
  part: kind,
  kind,
  rows: 1,
  bytes: 1,
});

/** The view of a base, with deltas and a change log with one object whose newest change has this time. */
function tableWith({ deltas = false, newestSeconds }: { deltas?: boolean; newestSeconds?: number }) {
  const store = new MemoryStore();
  if (newestSeconds !== undefined) store.plant(changeObjectPath("t", HORIZON, newestSeconds, "a"), "");
  const segments = deltas ? [segment("base"), segment("delta")] : [segment("base")];
  const manifest = { ...initialManifest(1), horizonSeconds: HORIZON, skewSeconds: 120, segments };
  return {
    engine: new FakeEngine(store),
    table: { schema: SCHEMA, manifest, changes: listChanges(store, "t") },
  };
}

describe("a statement of now", () => {
  const reads = async (of: Parameters<typeof tableWith>[0]) => {
    const { engine, table } = tableWith(of);
    const { sql } = await currentView(engine, table, undefined);
    return { deltas: sql.includes("segments(delta)"), log: sql.includes("changes(") };
  };

  test("reads the change log if an object may hold a change at the horizon or after it", async () => {
    expect(await reads({ newestSeconds: HORIZON })).toEqual({ deltas: false, log: true });
    expect(await reads({ newestSeconds: HORIZON - 1 })).toEqual({ deltas: false, log: false });
    expect(await reads({})).toEqual({ deltas: false, log: false });
  });

  test("reads deltas where there are any", async () => {
    expect(await reads({ deltas: true })).toEqual({ deltas: true, log: false });
    expect(await reads({ deltas: true, newestSeconds: HORIZON + 5 })).toEqual({ deltas: true, log: true });
  });
});

test("a standing view always reads the change log, since changes will come", async () => {
  const { engine, table } = tableWith({});
  expect((await standingView(engine, table)).sql).toContain("changes(");
});
