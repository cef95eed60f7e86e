import { LambdaClient } from "@aws-sdk/client-lambda";
import { SFNClient } from "@aws-sdk/client-sfn";
import { describe, expect, test } from "@jest/globals";
import type { TableEntry } from "../../src/aws/contracts/registry.ts";
import { type TickContext, type TickFailure, tick } from "../../src/aws/tick/tick.ts";
import { defined } from "../../src/core/defined.ts";
import { EXPORT_FUZZ_SECONDS } from "../../src/core/exports/export-manifest.ts";
import { initialManifest, manifestText } from "../../src/core/format/manifest.ts";
import { saveFound } from "../../src/core/overlay/found-record.ts";
import { schemaMark } from "../../src/core/schema/schema-change.ts";
import { saveLastCompaction } from "../../src/core/table/last-compaction.ts";
import { saveUnfinishedVacuum, VACUUM_PASSES_MAX } from "../../src/core/table/unfinished-vacuum.ts";
import { deepTest } from "../support/deep-test.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { register, sourceEntry, tableEntry } from "../support/registry.ts";
import { fakeAws } from "./fake-aws.ts";

const HOUR = 3600;
/** Noon. */
const NOW = 1_800_014_400;

class Ticked {
  readonly store = new MemoryStore();
  nowSeconds = NOW;
  /** Snapshots that run. */
  running: readonly string[] = [];
  /** The execution that the tick ends. */
  ending: string | undefined;
  /** A machine or function that cannot be started. */
  broken: string | undefined;
  /** What was started since the last tick, each with its input. */
  started: unknown[] = [];
  failures: readonly TickFailure[] = [];

  constructor(...tables: readonly TableEntry[]) {
    const names = new Set(tables.map(({ source }) => source));
    register(this.store, { sources: [...names].map((name) => sourceEntry(name)), tables });
    this.store.nowMs = () => this.nowSeconds * 1000;
  }

  /** The table has a snapshot, and was compacted until nothing was left. */
  async settled(
    table: string,
    former: { formerSchemas?: string[]; evolution?: number } = {},
    more: Partial<TableEntry["schema"]> = {},
  ): Promise<void> {
    const { evolution, formerSchemas } = former;
    const { schema: own } = tableEntry("", table);
    const schema = { ...own, ...more, ...defined({ evolution }) };
    const snapshots = [{ run: "s", exportTimeSeconds: NOW, cutSeconds: NOW, items: 0, segments: [] }];
    const times = { committedAtSeconds: this.nowSeconds, horizonSeconds: this.nowSeconds };
    const manifest = { ...initialManifest(1), ...times, sequence: 1, schema, formerSchemas, snapshots };
    this.store.plant(`${table}/manifest/000000000001.json`, manifestText(manifest));
    await saveLastCompaction(this.store, table, { atSeconds: this.nowSeconds });
  }

  async change(table: string, hour: string): Promise<void> {
    await this.store.replace(`${table}/changes/${hour}/${this.nowSeconds}`, new Uint8Array());
  }

  async tick(afterSeconds = 900): Promise<readonly unknown[]> {
    this.nowSeconds += afterSeconds;
    this.started = [];
    const sfn = fakeAws(({ operation, text }) => {
      const { stateMachineArn, input } = JSON.parse(text) as { stateMachineArn: string; input?: string };
      if (operation === "ListExecutions")
        return { body: { executions: this.running.map((executionArn) => ({ executionArn })) } };
      if (stateMachineArn === this.broken) return { status: 400, body: { __type: "StateMachineDeleting" } };
      this.started.push({ [stateMachineArn]: JSON.parse(input ?? "") });
      return { body: { executionArn: "x", startDate: 0 } };
    });
    const lambda = fakeAws(({ path, text }) => {
      const [, name = ""] = /functions\/([^/]+)\//.exec(path) ?? [];
      if (name === this.broken) return { status: 404, body: {} };
      this.started.push({ [name]: JSON.parse(text) });
      return { status: 202 };
    });
    const { failures } = await tick({
      store: this.store,
      clients: { stepFunctions: new SFNClient(sfn.options) },
      lambda: new LambdaClient(lambda.options),
      cleanFunction: "clean",
      nowSeconds: () => this.nowSeconds,
      ending: this.ending,
    } as unknown as TickContext);
    this.failures = failures;
    return this.started;
  }
}

const first = (table: string) => ({ snapshot: { table, first: true } });

describe("a tick", () => {
  test("starts everything once for a table that has just been deployed, and then what comes to be due", async () => {
    const ticked = new Ticked(tableEntry("orders", "orders"));
    expect(await ticked.tick()).toEqual([
      first("orders"),
      { compaction: { table: "orders" } },
      { clean: { table: "orders", vacuum: true } },
      { "orders-source": { step: "look" } },
    ]);
    await ticked.settled("orders");
    expect(await ticked.tick(60)).toEqual([]);
    await ticked.change("orders", "dt=2027-01-15/hr=12");
    expect(await ticked.tick(60)).toEqual([]);
    expect(await ticked.tick(780)).toEqual([{ compaction: { table: "orders" } }]);
    expect(await ticked.tick(2700)).toContainEqual({ "orders-source": { step: "look" } });
  });

  deepTest("leaves an idle table alone but for vacuum, and looks at its source hourly", async () => {
    const ticked = new Ticked(tableEntry("orders", "orders"));
    await ticked.settled("orders");
    await ticked.tick();
    const started = new Map<string, number>();
    for (let i = 0; i < 96; i++)
      for (const one of await ticked.tick())
        for (const name of Object.keys(one as object)) started.set(name, (started.get(name) ?? 0) + 1);
    expect(Object.fromEntries(started)).toEqual({ clean: 1, "orders-source": 24 });
  });

  test("goes on with a vacuum that had no time for everything, once its function has surely ended", async () => {
    const ticked = new Ticked(tableEntry("orders", "orders"));
    await ticked.settled("orders");
    await ticked.tick();
    const vacuum = { clean: { table: "orders", vacuum: true } };
    expect(await ticked.tick()).not.toContainEqual(vacuum);
    await saveUnfinishedVacuum(ticked.store, "orders", { sinceSeconds: 1, passes: 1, filesAfter: "run" });
    expect(await ticked.tick()).toContainEqual(vacuum);
    expect(await ticked.tick(600)).not.toContainEqual(vacuum);
    expect(await ticked.tick(600)).toContainEqual(vacuum);
    await saveUnfinishedVacuum(ticked.store, "orders", {
      sinceSeconds: 1,
      passes: VACUUM_PASSES_MAX,
      filesAfter: "run",
    });
    expect(await ticked.tick(4 * HOUR)).not.toContainEqual(vacuum);
  });

  test("looks at a source again at once when a table was added, until after that is served", async () => {
    const ticked = new Ticked(tableEntry("orders", "orders"));
    await ticked.settled("orders");
    await ticked.tick();
    const served = [{ configuration: "two", fromSeconds: ticked.nowSeconds + 300 }];
    register(ticked.store, { tables: [tableEntry("orders", "lines", { served })] });
    await ticked.settled("lines");
    const looks: boolean[] = [];
    for (const afterSeconds of [60, 200, 60, 60])
      looks.push(JSON.stringify(await ticked.tick(afterSeconds)).includes("look"));
    expect(looks).toEqual([true, true, true, false]);
  });

  test("compacts a table that is idle for days, so that its horizon moves on", async () => {
    const ticked = new Ticked(tableEntry("orders", "orders"));
    await ticked.settled("orders");
    await ticked.tick();
    expect(await ticked.tick(49 * HOUR)).not.toContainEqual({ compaction: { table: "orders" } });
    expect(await ticked.tick(HOUR)).toContainEqual({ compaction: { table: "orders" } });
  });

  test("compacts where the data asks for columns that Firehose surely knows by now", async () => {
    const entry = tableEntry("orders", "orders");
    const schema = { ...entry.schema, evolve: "types" as const };
    const ticked = new Ticked({ ...entry, schema });
    await ticked.settled("orders", {}, { evolve: "types" });
    await ticked.tick();
    const wanted = { columns: {}, sinceSeconds: ticked.nowSeconds };
    await saveFound(ticked.store, "orders", { looks: [], wanted });
    expect(await ticked.tick()).toEqual([]);
    expect(await ticked.tick()).toEqual([{ compaction: { table: "orders" } }]);
  });

  test.each([
    ["of this hour", "dt=2027-01-15/hr=12"],
    ["that Firehose held up for a day", "dt=2027-01-14/hr=11"],
  ])("compacts where there is an object %s", async (_, hour) => {
    const ticked = new Ticked(tableEntry("orders", "orders"));
    await ticked.settled("orders");
    await ticked.tick();
    await ticked.change("orders", hour);
    expect(await ticked.tick()).toEqual([{ compaction: { table: "orders" } }]);
  });

  test("compacts again until what the last compaction left alone is folded", async () => {
    const ticked = new Ticked(tableEntry("orders", "orders"));
    await ticked.settled("orders");
    await ticked.tick();
    await ticked.change("orders", "dt=2027-01-15/hr=12");
    await saveLastCompaction(ticked.store, "orders", { atSeconds: ticked.nowSeconds + 60 });
    expect(await ticked.tick()).toEqual([{ compaction: { table: "orders" } }]);
    await saveLastCompaction(ticked.store, "orders", { atSeconds: ticked.nowSeconds });
    expect(await ticked.tick()).toEqual([]);
  });

  test("compacts where a schema was deployed that the lake has not taken on", async () => {
    const attributes = { id: { type: "string" }, note: { type: "string" } } as const;
    const schema = { table: "orders", key: { hash: "id" }, attributes };
    const ticked = new Ticked(tableEntry("orders", "orders", { schema }));
    await ticked.settled("orders");
    await ticked.tick();
    expect(await ticked.tick()).toEqual([{ compaction: { table: "orders" } }]);
  });

  test("leaves a table alone whose deployed schema is the one of before, as a rollback leaves it", async () => {
    const attributes = { id: { type: "string" }, note: { type: "string" } } as const;
    const before = { table: "orders", key: { hash: "id" }, attributes };
    const ticked = new Ticked(tableEntry("orders", "orders", { schema: before }));
    await ticked.settled("orders", { formerSchemas: [schemaMark(before)], evolution: 1 });
    await ticked.tick();
    expect(await ticked.tick()).toEqual([]);
  });

  test("has what waits delivered by the function of the source", async () => {
    const ticked = new Ticked(tableEntry("orders", "orders"), tableEntry("orders", "lines"));
    for (const table of ["orders", "lines"]) await ticked.settled(table);
    await ticked.tick();
    ticked.store.plant("lines/waiting/rows/one.jsonl", "");
    expect(await ticked.tick(60)).toEqual([{ "orders-stream": { feed: "lines" } }]);
  });

  test("never compacts a table that never is, and takes snapshots as often as is asked for", async () => {
    const { compactEverySeconds: _, ...entry } = tableEntry("orders", "orders", {
      snapshotEverySeconds: 30 * 24 * HOUR,
    });
    const ticked = new Ticked(entry);
    await ticked.settled("orders");
    await ticked.tick();
    expect(await ticked.tick(29 * 24 * HOUR)).not.toContainEqual(
      expect.objectContaining({ snapshot: expect.anything() }),
    );
    expect(await ticked.tick(24 * HOUR)).toContainEqual({
      snapshot: { table: "orders", first: false },
    });
  });

  test.each(["clean", "orders-source"])(
    "starts the rest if %s cannot be run, and that alone again",
    async (name) => {
      const ticked = new Ticked(tableEntry("orders", "orders"), tableEntry("users", "users"));
      for (const table of ["orders", "users"]) await ticked.settled(table);
      ticked.broken = name;
      const started = await ticked.tick();
      expect(ticked.failures.map(({ error }) => error)).toContainEqual(
        expect.objectContaining({ code: "ENGINE_FAILED" }),
      );
      ticked.broken = undefined;
      const missed = await ticked.tick(60);
      expect(ticked.failures).toEqual([]);
      const all = [
        { clean: { table: "orders", vacuum: true } },
        { clean: { table: "users", vacuum: true } },
        { "orders-source": { step: "look" } },
        { "users-source": { step: "look" } },
      ];
      expect(missed).toEqual(all.filter((one) => Object.hasOwn(one, name)));
      expect([...started, ...missed]).toEqual(expect.arrayContaining(all));
      expect(await ticked.tick(60)).toEqual([]);
    },
  );

  test("serves the other tables if one cannot be opened", async () => {
    const ticked = new Ticked(tableEntry("orders", "damaged"), tableEntry("orders", "lines"));
    await ticked.settled("lines");
    ticked.store.plant("damaged/manifest/000000000001.json", "{");
    expect(await ticked.tick()).toEqual([
      { clean: { table: "lines", vacuum: true } },
      { "orders-source": { step: "look" } },
    ]);
    expect(ticked.failures).toMatchObject([{ table: "damaged", error: { code: "LAKE_DAMAGED" } }]);
  });

  test("does nothing for tables and sources that were removed", async () => {
    const served = [{ configuration: "one", fromSeconds: 0, untilSeconds: NOW }];
    const ticked = new Ticked(tableEntry("orders", "gone", { served }));
    register(ticked.store, {
      sources: [sourceEntry("users", { removedAtSeconds: NOW })],
      tables: [tableEntry("users", "users")],
    });
    expect(await ticked.tick()).toEqual([{ "orders-source": { step: "look" } }]);
  });
});

describe("first snapshots", () => {
  const snapshots = (started: readonly unknown[]): readonly unknown[] =>
    started.filter((one) => Object.hasOwn(one as object, "snapshot"));

  test("are taken for one table of each source, three at a time, with so many files as leave functions to streams", async () => {
    const names = ["a", "b", "c", "d"];
    const ticked = new Ticked(
      ...names.flatMap((name) => [tableEntry(name, `${name}1`), tableEntry(name, `${name}2`)]),
    );
    expect(snapshots(await ticked.tick())).toEqual([first("a1"), first("b1"), first("c1")]);
    ticked.running = ["a", "b", "c"];
    expect(snapshots(await ticked.tick(60))).toEqual([]);
    ticked.running = ["b", "c"];
    for (const table of ["a1", "a2"]) await ticked.settled(table);
    expect(snapshots(await ticked.tick(60))).toEqual([first("d1")]);
  });

  test("begin with the end of another one", async () => {
    const ticked = new Ticked(...["a", "b", "c", "d"].map((name) => tableEntry(name, name)));
    await ticked.tick();
    ticked.running = ["a", "b", "c"];
    ticked.ending = "a";
    expect(snapshots(await ticked.tick(60))).toEqual([first("d")]);
  });

  test("are tried again after a while, and wait for a table that was added", async () => {
    const added = tableEntry("orders", "orders", {
      served: [{ configuration: "one", fromSeconds: NOW + 301 }],
    });
    const ticked = new Ticked(added);
    expect(snapshots(await ticked.tick(300))).toEqual([]);
    expect(snapshots(await ticked.tick(1 + EXPORT_FUZZ_SECONDS))).toEqual([first("orders")]);
    expect(snapshots(await ticked.tick(23 * HOUR))).toEqual([]);
    expect(snapshots(await ticked.tick(HOUR))).toEqual([first("orders")]);
  });
});
