import { describe, expect, test } from "@jest/globals";
import { EARLY_SECONDS, PARTS_AT_ONCE, SNAPSHOTS_AT_ONCE } from "../../src/aws/contracts/machines.ts";
import type { TableEntry } from "../../src/aws/contracts/registry.ts";
import type { BeginRunEvent } from "../../src/aws/contracts/steps.ts";
import { beginRun } from "../../src/aws/steps/begin-run.ts";
import type { LakeContext } from "../../src/aws/steps/step-context.ts";
import { EXPORT_FUZZ_SECONDS } from "../../src/core/exports/export-manifest.ts";
import { initialManifest, manifestText } from "../../src/core/format/manifest.ts";
import { lockHolder } from "../../src/core/table/run-lock.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { register, sourceEntry, tableEntry } from "../support/registry.ts";

const NOW = 1_800_000_000;
const FUNCTIONS = {
  sourceFunction: "orders-source",
  snapshotPartFunction: "orders-snapshot-part",
  partsAtOnce: PARTS_AT_ONCE,
};

function storeWith(...tables: readonly TableEntry[]): MemoryStore {
  const store = new MemoryStore();
  register(store, { sources: [sourceEntry("orders")], tables });
  return store;
}

/** Step Functions, where these executions run, or are about to be redriven. */
function contextOf(
  store: MemoryStore,
  running: readonly string[] = [],
  redriven: readonly string[] = [],
): LakeContext {
  const stepFunctions = {
    send: ({ input }: { readonly input: { readonly executionArn: string } }) => {
      if (input.executionArn === "forgotten")
        return Promise.reject(Object.assign(new Error("no"), { name: "ExecutionDoesNotExist" }));
      const other = redriven.includes(input.executionArn) ? "PENDING_REDRIVE" : "SUCCEEDED";
      const status = running.includes(input.executionArn) ? "RUNNING" : other;
      return Promise.resolve({ status });
    },
  };
  return { store, clients: { stepFunctions }, nowSeconds: () => NOW } as unknown as LakeContext;
}

const snapshot = (table: string, more: Partial<BeginRunEvent> = {}): BeginRunEvent => ({
  kind: "snapshot",
  table,
  execution: "this",
  ...more,
});

function seed(store: MemoryStore, table: string): void {
  const snapshots = [{ run: "s", exportTimeSeconds: NOW, cutSeconds: NOW, items: 0, segments: [] }];
  const manifest = { ...initialManifest(1), sequence: 1, snapshots };
  store.plant(`${table}/manifest/000000000001.json`, manifestText(manifest));
}

describe("a compaction", () => {
  const compaction = (execution: string): BeginRunEvent => ({ kind: "compaction", table: "a", execution });

  test("that is redriven has its lock as before, unless another one has taken it in the meantime", async () => {
    const store = storeWith(tableEntry("orders", "a"));
    await beginRun(contextOf(store), compaction("one"));
    expect(await beginRun(contextOf(store, [], ["one"]), compaction("two"))).toEqual({ go: "no" });
    expect(await beginRun(contextOf(store, ["one"]), compaction("two"))).toEqual({ go: "no" });
    // It has failed again.
    expect(await beginRun(contextOf(store), compaction("two"))).toEqual({ go: "compact" });
    expect(await beginRun(contextOf(store, ["one", "two"]), compaction("three"))).toEqual({ go: "no" });
    expect(await lockHolder(store, "a", "compaction")).toBe("two");
  });

  test("goes on unless another one of the table runs; those of other tables do not matter", async () => {
    const store = storeWith(tableEntry("orders", "a"), tableEntry("orders", "b"));
    const context = contextOf(store, ["one"]);
    expect(await beginRun(context, compaction("one"))).toEqual({ go: "compact" });
    expect(await beginRun(context, compaction("two"))).toEqual({ go: "no" });
    expect(await beginRun(context, { ...compaction("two"), table: "b" })).toEqual({ go: "compact" });
    expect(await beginRun(contextOf(store), compaction("three"))).toEqual({ go: "compact" });
  });

  test("goes on after one that Step Functions has forgotten", async () => {
    const store = storeWith(tableEntry("orders", "a"));
    await beginRun(contextOf(store), compaction("forgotten"));
    expect(await beginRun(contextOf(store), compaction("two"))).toEqual({ go: "compact" });
  });
});

test.each(["none", "gone"])("an execution for the table %s, which is not deployed, fails", async (table) => {
  const served = [{ configuration: "one", fromSeconds: 0, untilSeconds: 5 }];
  const store = storeWith(tableEntry("orders", "gone", { served }));
  await expect(beginRun(contextOf(store), snapshot(table))).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining(`"${table}"`),
  });
});

describe("a snapshot", () => {
  test("reads as many files at the same time as its input says, or its source, or by default", async () => {
    const partsOf = async (configured: object, asked: object): Promise<unknown> => {
      const store = new MemoryStore();
      register(store, { sources: [sourceEntry("orders", configured)], tables: [tableEntry("orders", "a")] });
      const begun = await beginRun(contextOf(store), snapshot("a", asked));
      return "partsAtOnce" in begun ? begun.partsAtOnce : undefined;
    };
    expect(await partsOf({}, {})).toBe(PARTS_AT_ONCE);
    expect(await partsOf({ partsAtOnce: 200 }, { partsAtOnce: 0 })).toBe(200);
    expect(await partsOf({ partsAtOnce: 200 }, { partsAtOnce: 7 })).toBe(7);
    // A tenth of what an account may run by default.
    expect(PARTS_AT_ONCE * SNAPSHOTS_AT_ONCE).toBeLessThanOrEqual(100);
  });

  test("of another account's table says so, and of the lake's own nothing", async () => {
    const ownerRole = "arn:aws:iam::222222222222:role/dynalake";
    const store = new MemoryStore();
    register(store, { sources: [sourceEntry("orders", { ownerRole })], tables: [tableEntry("orders", "a")] });
    expect(await beginRun(contextOf(store), snapshot("a"))).toMatchObject({ go: "export", isForeign: true });
    const own = await beginRun(contextOf(storeWith(tableEntry("orders", "a"))), snapshot("a"));
    expect(own).not.toHaveProperty("isForeign");
  });

  test("takes the tables of its source along that have none, and their locks", async () => {
    const store = storeWith(...["a", "b", "c", "d"].map((table) => tableEntry("orders", table)));
    seed(store, "b");
    await beginRun(contextOf(store), snapshot("c", { execution: "other", first: true }));
    await store.remove(store.paths("a/locks/"));
    await store.remove(store.paths("d/locks/"));
    expect(await beginRun(contextOf(store, ["other"]), snapshot("a"))).toEqual({
      go: "export",
      tables: ["a", "d"],
      others: ["d"],
      ...FUNCTIONS,
    });
    expect(await lockHolder(store, "d", "snapshot")).toBe("this");
    expect(await lockHolder(store, "c", "snapshot")).toBe("other");
  });

  test("takes those along whose next snapshot is due, and no others", async () => {
    const every = (table: string, snapshotEverySeconds: number) =>
      tableEntry("orders", table, { snapshotEverySeconds });
    const store = storeWith(
      tableEntry("orders", "a"),
      every("b", 0),
      every("c", 60),
      tableEntry("orders", "d"),
    );
    for (const table of ["b", "c", "d"]) seed(store, table);
    expect(await beginRun(contextOf(store), snapshot("a"))).toMatchObject({ others: ["b"] });
  });

  test("takes those along that were exported together with the one whose tick comes a little early", async () => {
    const day = (table: string) => tableEntry("orders", table, { snapshotEverySeconds: 86_400 });
    const store = storeWith(day("a"), day("b"));
    for (const table of ["a", "b"]) seed(store, table);
    const at = (seconds: number): LakeContext => ({ ...contextOf(store), nowSeconds: () => seconds });
    const due = NOW + 86_400;
    expect(await beginRun(at(due - EARLY_SECONDS), snapshot("a"))).toMatchObject({ others: ["b"] });
    await store.remove(store.paths("b/locks/"));
    expect(await beginRun(at(due - EARLY_SECONDS - 1), snapshot("a"))).toMatchObject({ others: [] });
  });

  test("that is the first is not taken where the table has one, or while another execution takes it", async () => {
    const store = storeWith(tableEntry("orders", "a"));
    await beginRun(contextOf(store), snapshot("a", { execution: "other", first: true }));
    const again = snapshot("a", { first: true });
    expect(await beginRun(contextOf(store, ["other"]), again)).toEqual({ go: "no" });
    seed(store, "a");
    expect(await beginRun(contextOf(store), again)).toEqual({ go: "no" });
    // By hand it is taken all the same.
    expect(await beginRun(contextOf(store, ["other"]), snapshot("a"))).toMatchObject({ go: "export" });
  });

  test("that is the first waits until the table is served for as long as its cut is fuzzy", async () => {
    const added = (fromSeconds: number) =>
      tableEntry("orders", "a", { served: [{ configuration: "one", fromSeconds }] });
    const first = snapshot("a", { first: true });
    expect(await beginRun(contextOf(storeWith(added(NOW - EXPORT_FUZZ_SECONDS + 1))), first)).toEqual({
      go: "no",
    });
    expect(await beginRun(contextOf(storeWith(added(NOW - EXPORT_FUZZ_SECONDS))), first)).toMatchObject({
      go: "export",
    });
    const other = tableEntry("orders", "b");
    expect(await beginRun(contextOf(storeWith(added(NOW), other)), snapshot("b"))).toMatchObject({
      others: [],
    });
  });

  test("that another execution has staged takes its lock over", async () => {
    const store = storeWith(tableEntry("orders", "a"), tableEntry("orders", "b"));
    const parent = contextOf(store, ["parent"]);
    await beginRun(parent, snapshot("a", { execution: "parent" }));
    const staged = { run: "r", exportPrefix: "p", tables: ["a", "b"], execution: "parent" };
    expect(await beginRun(parent, snapshot("b", { staged }))).toEqual({
      go: "seed",
      tables: ["a", "b"],
      others: [],
      ...FUNCTIONS,
    });
    expect(await lockHolder(store, "b", "snapshot")).toBe("this");
  });
});
