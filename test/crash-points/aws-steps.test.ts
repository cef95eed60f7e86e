/** The steps of a compaction and a snapshot on AWS, as their state machines run them: over a bucket, a catalog and statements in memory. */
import { tmpdir } from "node:os";
import type { Table, TableInput } from "@aws-sdk/client-glue";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { AthenaEngine } from "../../src/aws/athena-engine.ts";
import type { GlueCatalog } from "../../src/aws/glue-catalog.ts";
import { publishViews } from "../../src/aws/publish-views.ts";
import { collectSegments } from "../../src/aws/segments-table.ts";
import { clean } from "../../src/aws/steps/clean.ts";
import { commitStep } from "../../src/aws/steps/commit-step.ts";
import { type CompactionKind, planCompaction } from "../../src/aws/steps/plan-compaction.ts";
import { type SavedPlan, savePlan } from "../../src/aws/steps/saved-plan.ts";
import type { StepContext } from "../../src/aws/steps/step-context.ts";
import { DynalakeError } from "../../src/core/error.ts";
import { PART_COLUMN, segmentOfPath, stageFolder } from "../../src/core/lake-path.ts";
import { latestManifest } from "../../src/core/lake-table.ts";
import type { Stage } from "../../src/core/ports/query-engine.ts";
import type { Schema } from "../../src/core/schema.ts";
import { planSeedRun } from "../../src/core/seed.ts";
import { type DuckdbSession, openDuckdb } from "../../src/embedded/duckdb-session.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { told } from "./crash-points.ts";
import { type CrashPoint, crashPoints, Faults, faultyStore, NoAnswer } from "./faults.ts";
import { TableEngine } from "./table-engine.ts";
import {
  type Change,
  deliverAll,
  FILLED,
  FILLED_CHANGES,
  filledWorld,
  history,
  historyOf,
  NOW,
  type Ports,
  type State,
  seeding,
  shown,
  TABLE,
  type World,
  worldSchema,
} from "./world.ts";

const BUCKET = "bucket";
const HOURS_PER_WEEK = 168;

let session: DuckdbSession;
const tried: Record<string, number> = {};

beforeAll(async () => {
  session = await openDuckdb({ threads: 1, memoryMegabytes: 300, temporaryFolder: tmpdir() });
});

afterAll(() => {
  session.close();
  console.info(`${sum()} crash points of steps on AWS: ${JSON.stringify(tried)}`);
});

/** Tables and partitions of Glue, of which nothing is ever half done. */
class MemoryCatalog implements GlueCatalog {
  readonly database = "lake";
  readonly tables: Map<string, Table> = new Map();
  readonly partitions: Map<string, string> = new Map();

  table = async (name: string): Promise<Table | undefined> => this.tables.get(name);

  createTable = async (input: TableInput): Promise<"created" | "exists"> => {
    if (this.tables.has(input.Name ?? "")) return "exists";
    this.tables.set(input.Name ?? "", { ...input, Name: input.Name, VersionId: "0" });
    return "created";
  };

  updateTable = async (input: TableInput, versionId: string): Promise<"updated" | "changed-meanwhile"> => {
    const standing = this.tables.get(input.Name ?? "");
    if (standing?.VersionId !== versionId) return "changed-meanwhile";
    this.tables.set(input.Name ?? "", { ...input, Name: input.Name, VersionId: `${versionId}1` });
    return "updated";
  };

  createPartitions: GlueCatalog["createPartitions"] = async (_, partitions) => {
    for (const { value, location } of partitions) {
      if (!this.partitions.has(value)) this.partitions.set(value, location);
    }
  };

  deletePartitions: GlueCatalog["deletePartitions"] = async (_, values) => {
    for (const value of values) this.partitions.delete(value);
  };

  partitionValues: GlueCatalog["partitionValues"] = async () => [...this.partitions.keys()];
}

function faultyCatalog(catalog: GlueCatalog, faults: Faults): GlueCatalog {
  return {
    database: catalog.database,
    table: (name) => faults.call(`read table ${name}`, () => catalog.table(name)),
    createTable: (input) => faults.call(`create table ${input.Name}`, () => catalog.createTable(input)),
    updateTable: (input, version) =>
      faults.call(`update table ${input.Name}`, () => catalog.updateTable(input, version)),
    createPartitions: (table, partitions) => {
      const half = partitions.slice(0, Math.floor(partitions.length / 2));
      return faults.call(
        `register ${partitions.length} partitions`,
        () => catalog.createPartitions(table, partitions),
        half.length === 0 ? undefined : () => catalog.createPartitions(table, half),
      );
    },
    deletePartitions: (table, values) =>
      faults.call(`delete ${values.length} partitions`, () => catalog.deletePartitions(table, values)),
    partitionValues: (table) => faults.call("list partitions", () => catalog.partitionValues(table)),
  };
}

/** Reads only what is registered, as Athena does: a segment that is not gives no rows, and no error. */
class StatementsEngine extends TableEngine {
  readonly store: MemoryStore;
  readonly catalog: MemoryCatalog;

  constructor(store: MemoryStore, catalog: MemoryCatalog) {
    super(store, session);
    this.store = store;
    this.catalog = catalog;
    const { segments, rows } = this;
    this.segments = (schema, named) => {
      const registered = named.filter(({ id }) => catalog.partitions.has(id));
      return segments(schema, registered);
    };
    this.rows = (sql) => (sql.startsWith("SELECT _segment, count(*)") ? this.#countRows(sql) : rows(sql));
  }

  override pathOf(schema: Schema, run: string, part: string): string {
    const files = this.store.paths(`${schema.table}/segments/${run}/`);
    return files.find((path) => segmentOfPath(path)?.part === part) ?? super.pathOf(schema, run, part);
  }

  /** One statement: the parts of a stage, each in a folder of its own; `partsMax`: it fails after so many. */
  async unload(sql: string, partsMax = Number.POSITIVE_INFINITY): Promise<void> {
    const { stage, folder } = JSON.parse(sql) as { readonly stage: Stage; readonly folder: string };
    for (const [i, { part, where }] of stage.cut.parts.entries()) {
      if (i >= partsMax) return;
      const rows = where === undefined ? stage.rows : `SELECT * FROM (${stage.rows}) WHERE ${where}`;
      await this.write(rows, `${folder}${PART_COLUMN}=${part}/20270115_080000_00001_abcde_0`);
    }
  }

  async #countRows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const run = /_segment > '([^']+)-'/.exec(sql)?.[1];
    const counted: Readonly<Record<string, unknown>>[] = [];
    for (const [id, location] of this.catalog.partitions) {
      if (!id.startsWith(`${run}-`)) continue;
      const [path = ""] = this.store.paths(location.replace(`s3://${BUCKET}/`, ""));
      counted.push({ _segment: id, rows: await this.count(this.store.text(path) ?? "") });
    }
    return counted;
  }
}

/** A deployment's lake: what the world has, and a catalog. */
class Deployment {
  readonly store: MemoryStore = new MemoryStore();
  readonly catalog: MemoryCatalog = new MemoryCatalog();
  readonly engine: StatementsEngine = new StatementsEngine(this.store, this.catalog);
  readonly schema: Schema = worldSchema();
  nowSeconds: number = NOW + 10;
  #runs = 0;

  /** As the world's lake has been left by an embedded deployment: its segments are registered. */
  static async of(world: World): Promise<Deployment> {
    const deployment = new Deployment();
    for (const [path, object] of world.store.objects) deployment.store.objects.set(path, object);
    for (const path of world.store.paths(`${TABLE}/segments/`)) {
      const { run, part } = segmentOfPath(path) as { readonly run: string; readonly part: string };
      const location = `s3://${BUCKET}/${path.slice(0, path.lastIndexOf("/") + 1)}`;
      deployment.catalog.partitions.set(`${run}-${part}`, location);
    }
    await publishViews(deployment.context());
    return deployment;
  }

  constructor() {
    this.store.nowMs = () => this.nowSeconds * 1000;
  }

  copy(): Deployment {
    const copy = new Deployment();
    for (const [path, object] of this.store.objects) copy.store.objects.set(path, object);
    for (const [name, table] of this.catalog.tables) copy.catalog.tables.set(name, table);
    for (const [id, location] of this.catalog.partitions) copy.catalog.partitions.set(id, location);
    copy.nowSeconds = this.nowSeconds;
    return copy;
  }

  newRun = (): string => `aws-${++this.#runs}`;

  context(faults = new Faults()): StepContext {
    const store = faultyStore(this.store, faults);
    const catalog = faultyCatalog(this.catalog, faults);
    const rows: AthenaEngine["rows"] = (sql) =>
      faults.call(`rows ${sql.slice(0, 60)}`, () => this.engine.rows(sql));
    const place = { database: "lake", bucket: BUCKET, store, catalog, rows };
    const engine = {
      dialect: this.engine.dialect,
      keysAtOnceMax: 10,
      changes: this.engine.changes,
      changeLog: this.engine.changeLog,
      segments: this.engine.segments,
      rows,
      catalog,
      unloads: (schema: Schema, stages: readonly Stage[]) =>
        stages.map((stage, i) => JSON.stringify({ stage, folder: stageFolder(schema.table, stage.run, i) })),
      collect: (schema: Schema, stages: readonly Stage[]) => collectSegments(place, schema.table, stages),
    };
    const unused = { bucket: BUCKET, close: () => undefined };
    const { schema, newRun } = this;
    const nowSeconds = (): number => this.nowSeconds;
    const context = { ...unused, store, engine, schema, deployed: schema, newRun, nowSeconds };
    return context as unknown as StepContext;
  }

  fingerprint(): string {
    const texts = this.store.paths().map((path) => `${path} ${this.store.text(path)}`);
    const views = [...this.catalog.tables.values()].map((table) => JSON.stringify(table.Parameters));
    return [...texts, ...views, ...this.catalog.partitions.keys()]
      .join("\n")
      .replaceAll(/object[ -]\d+/g, "object");
  }
}

/** How a state machine invokes its functions. */
type Invoker = <T>(step: () => Promise<T>) => Promise<T>;

/** What could not be run, or has lost its answer, is run again. */
const again: Invoker = async (step) => {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return step();
  }
};

/** A function may be run twice though it had no fault. */
const twice: Invoker = async (step) => {
  await step();
  return step();
};

type Machine = (deployment: Deployment, faults: Faults, invoke: Invoker) => Promise<unknown>;

/** infra/compaction-machine.ts */
const compactionMachine: Machine = async (deployment, faults, invoke) => {
  const context = deployment.context(faults);
  const done: CompactionKind[] = [];
  let run: string | undefined;
  for (;;) {
    const request = { scope: "all", settleSeconds: 0, schemaSettleSeconds: 1800, done: [...done] } as const;
    const plan = await invoke(() => planCompaction(context, request));
    if (plan.step === "publish") break;
    run = plan.run;
    if ((await stageAndCommit(deployment, faults, invoke, plan)) === "conflict") return "conflict";
    done.push(plan.kind);
  }
  await invoke(() => publishViews(context));
  await cleanAfter(context, invoke, run);
  return "succeeded";
};

/** infra/snapshot-machine.ts, from the staged items on. */
const snapshotMachine: Machine = async (deployment, faults, invoke) => {
  const context = deployment.context(faults);
  const ports = { store: context.store, engine: context.engine, newRun: () => "seed" };
  const world = { ...deployment, engine: deployment.engine } as unknown as World;
  const request = seeding(world, SEEDED, NOW + 500, ports as unknown as Ports);
  const plan = await invoke(async () => savePlan(context, await planSeedRun(request)));
  if ((await stageAndCommit(deployment, faults, invoke, plan)) === "conflict") return "conflict";
  await invoke(() => publishViews(context));
  await cleanAfter(context, invoke, plan.run);
  return "succeeded";
};

async function stageAndCommit(
  deployment: Deployment,
  faults: Faults,
  invoke: Invoker,
  plan: SavedPlan,
): Promise<"conflict" | "committed"> {
  const lines = (deployment.store.text(plan.statementsKey) ?? "").trim().split("\n");
  expect(lines).toHaveLength(plan.statements);
  for (const line of lines) {
    const { sql } = JSON.parse(line) as { readonly sql: string };
    // No statement is run twice: one that failed ends the execution.
    const { engine } = deployment;
    await faults
      .call(
        "a statement",
        () => engine.unload(sql),
        () => engine.unload(sql, 1),
      )
      .catch(failStatement);
  }
  return (await invoke(() => commitStep(deployment.context(faults), plan.run))).outcome;
}

function failStatement(cause: unknown): never {
  throw new DynalakeError("ENGINE_FAILED", "a statement failed", { cause });
}

async function cleanAfter(context: StepContext, invoke: Invoker, run: string | undefined): Promise<void> {
  await invoke(() =>
    clean(context, { run, exportPrefix: undefined, vacuum: true, retentionHours: HOURS_PER_WEEK }),
  );
}

const LATE: Change = { key: 4, sequence: 17, value: undefined, timeSeconds: NOW - 3009 };
const CHANGES = [...FILLED_CHANGES, LATE];
const { [LATE.key]: _, ...COMPACTED } = FILLED;
const SEEDED: State = { 1: "c3", 5: "s5", 10: "s10" };

const MACHINES: Readonly<Record<string, readonly [Machine, readonly State[]]>> = {
  "a compaction, minor and major": [compactionMachine, [FILLED, COMPACTED]],
  "a snapshot": [snapshotMachine, [FILLED, SEEDED]],
};

async function begun(): Promise<Deployment> {
  const world = await filledWorld(session, worldSchema());
  await deliverAll(world, [LATE]);
  return Deployment.of(world);
}

test.each(Object.entries(MACHINES))(
  "%s: a fault at each call of each step",
  async (name, [machine, states]) => {
    const origin = await begun();
    const whole = new Faults();
    const counted = origin.copy();
    expect(await shown(counted)).toEqual(states[0]);
    expect(await whole.run(() => machine(counted, whole, again))).toEqual({ kind: "done" });
    await expectEnd(counted, states);
    const points = crashPoints(whole.calls);
    const left = new Set<string>();
    for (const point of points) {
      const at = `${point.ending} ${point.moment} call ${point.call}, ${whole.calls[point.call]?.name}`;
      await told(at, () => tryPoint(origin.copy(), machine, { point, states, left }));
    }
    tried[name] = points.length;
  },
);

test.each(Object.entries(MACHINES))("%s: each step is run twice", async (_name, [machine, states]) => {
  const deployment = await begun();
  await machine(deployment, new Faults(), twice);
  await expectEnd(deployment, states);
});

/** As in write-paths.test.ts: the number may grow. */
const POINTS_MIN = 292;

test("all points were tried", () => {
  expect(sum()).toBeGreaterThanOrEqual(POINTS_MIN);
});

function sum(): number {
  return Object.values(tried).reduce((a, b) => a + b, 0);
}

interface TriedPoint {
  readonly point: CrashPoint;
  readonly states: readonly State[];
  readonly left: Set<string>;
}

async function tryPoint(
  deployment: Deployment,
  machine: Machine,
  { point, states, left }: TriedPoint,
): Promise<void> {
  const faults = new Faults(point);
  const ending = await faults.run(() => machine(deployment, faults, again));
  if (ending.kind === "failed" && !(ending.error instanceof DynalakeError)) throw ending.error;
  const lake = deployment.fingerprint();
  if (left.has(lake)) return;
  left.add(lake);
  expect(states).toContainEqual(await shown(deployment));
  expect(await history(deployment)).toEqual(historyOf(CHANGES));
  expectViewsAt((await latestManifest(deployment.store, TABLE)).sequence, deployment, "at most");
  if (ending.kind === "done") await expectEnd(deployment, states);
  deployment.nowSeconds += 900;
  await machine(deployment, new Faults(), again);
  await expectEnd(deployment, states);
}

/** The last state is shown and published, and what is old enough and not live is gone after the next cleaning. */
async function expectEnd(deployment: Deployment, states: readonly State[]): Promise<void> {
  const manifest = await latestManifest(deployment.store, TABLE);
  expect(await shown(deployment)).toEqual(states.at(-1));
  expectViewsAt(manifest.sequence, deployment, "exactly");
  const later = deployment.copy();
  later.nowSeconds += 3 * 86_400;
  await clean(later.context(), { run: undefined, exportPrefix: undefined, vacuum: true, retentionHours: 0 });
  const named = [...manifest.segments, ...manifest.snapshots.flatMap(({ segments }) => segments)];
  const ids = [...new Set(named.map(({ id }) => id))].sort();
  expect([...later.catalog.partitions.keys()].sort()).toEqual(ids);
  const files = later.store.paths(`${TABLE}/segments/`).map((path) => segmentOfPath(path));
  expect(files.map((segment) => `${segment?.run}-${segment?.part}`).sort()).toEqual(ids);
  expect(later.store.paths(`${TABLE}/staging/`)).toEqual([]);
  expect(await shown(later)).toEqual(states.at(-1));
}

function expectViewsAt(sequence: number, { catalog }: Deployment, how: "exactly" | "at most"): void {
  const shownBy = [...catalog.tables.values()].map((table) =>
    Number(table.Parameters?.["dynalake.manifest"]),
  );
  expect(shownBy).toHaveLength(3);
  for (const own of shownBy) {
    if (how === "exactly") expect(own).toBe(sequence);
    else expect(own).toBeLessThanOrEqual(sequence);
  }
}
