import { expect, test } from "@jest/globals";
import { clean } from "../../src/aws/steps/clean.ts";
import { EXPORTS_FOLDER } from "../../src/core/format/deployment-path.ts";
import { segmentOfPath } from "../../src/core/format/lake-path.ts";
import { namedSegments } from "../../src/core/format/named-segments.ts";
import { nameOfPlace } from "../../src/core/format/segment-name.ts";
import { tableDrift } from "../../src/core/overlay/drift.ts";
import { readFound } from "../../src/core/overlay/found-record.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { type OpenTable, openTable } from "../../src/core/table/open-table.ts";
import { readWrittenSchema } from "../../src/core/table/schema-file.ts";
import { deepTest } from "../support/deep-test.ts";
import { atLeast, everyOf, firstOf } from "../support/effort.ts";
import { thinned, told } from "./crash-points.ts";
import { COMPACTED, DEPLOYED_CHANGES, Deployment, filledDeployment, SOURCE } from "./deployment.ts";
import { type Call, type CrashPoint, crashPoints, Faults } from "./faults.ts";
import {
  A_STATEMENT,
  again,
  compactionMachine,
  Execution,
  firstSnapshotMachine,
  type Invoker,
  isKnown,
  type Machine,
  once,
  snapshotMachine,
  twice,
} from "./machines.ts";
import { Counts, sessionOfTests } from "./session.ts";
import {
  type Change,
  deliverAll,
  evolvingSchema,
  FILLED,
  history,
  historyOf,
  NOW,
  type State,
  shown,
  TABLE,
  World,
  worldSchema,
} from "./world.ts";

/** The steps of a compaction and a snapshot on AWS, as the state machines run them, over a bucket, a catalog and statements in memory. */

const tried = new Counts();
const session = sessionOfTests(() => tried.told("crash points of steps on AWS"));

interface Case {
  /** The lake before the execution; it is copied for each point. */
  readonly begin: () => Promise<Deployment>;
  readonly machine: Machine;
  /** The executions that follow; default: the same again. */
  readonly next?: readonly Machine[];
  /** What readers may see: the old state first, the new one last. */
  readonly states: readonly State[];
  readonly changes: readonly Change[];
  /** Selects the points to try; default: all. */
  readonly chosen?: (points: readonly CrashPoint[], calls: readonly Call[]) => readonly CrashPoint[];
  /** Holds once an execution has succeeded. */
  readonly ended?: (deployment: Deployment) => Promise<void>;
}

/** The items of a later snapshot, which the stream has never shown. */
const SEEDED: State = { 1: "c3", 5: "s5", 10: "s10" };

const filled = (): Promise<Deployment> => filledDeployment(session());

async function filledAndLater(items: State): Promise<Deployment> {
  const deployment = await filled();
  deployment.nowSeconds = NOW + 500;
  deployment.source(items);
  return deployment;
}

const FIRST: State = { 5: "s5", 9: "e9", 10: "s10" };

/** Changes have been delivered, and nothing has been committed yet. */
async function unseeded(): Promise<Deployment> {
  const world = new World(session(), worldSchema());
  await deliverAll(world, FIRST_CHANGES);
  const deployment = await Deployment.of(world, session());
  deployment.source(FIRST);
  return deployment;
}

const FIRST_CHANGES: readonly Change[] = [
  { key: 1, sequence: 31, value: undefined, timeSeconds: NOW },
  { key: 9, sequence: 32, value: "e9", timeSeconds: NOW },
];

async function withNewColumn(): Promise<Deployment> {
  const deployment = await filled();
  deployment.deploy(worldSchema(undefined, "now"), NOW - 1800);
  return deployment;
}

/** Prices are whole at first: the table's column of them follows the data, and so does a note that has none. */
function following(): Promise<Deployment> {
  return evolving(evolvingSchema("bigint"));
}

/** Prices are numbers, in a column of texts. */
function misfitting(): Promise<Deployment> {
  return evolving(evolvingSchema("string", { evolve: "types" }));
}

async function evolving(schema: Schema): Promise<Deployment> {
  const deployment = await filledDeployment(session(), schema);
  deployment.deploy(schema, NOW - 1800);
  return deployment;
}

/** What its data asks for waits until Firehose surely knows the columns. */
async function waiting(): Promise<Deployment> {
  const deployment = await following();
  await compactionMachine(new Execution(deployment, again));
  deployment.nowSeconds += 1800;
  return deployment;
}

/** The points from the first statement on that looks for what columns do not hold. */
const fromTheLookOn: NonNullable<Case["chosen"]> = (points, calls) => {
  const first = calls.findIndex(({ name }) => name.startsWith("rows") && name.includes("attribute"));
  return points.filter(({ call }) => call >= first);
};

const FOLLOWED = ["n string", "p__decimal_23_4 decimal(23,4)"];

async function expectColumnsInGlue({ catalog }: Deployment): Promise<void> {
  const { Columns = [] } = catalog.tables.get(`${TABLE}__segments`)?.StorageDescriptor ?? {};
  expect(Columns.map(({ Name, Type }) => `${Name} ${Type}`)).toEqual(expect.arrayContaining(FOLLOWED));
}

async function expectFollowed(deployment: Deployment): Promise<void> {
  await expectColumnsInGlue(deployment);
  for (const names of await columns(deployment)) expect(names).toEqual(["k", "v", "g", "p", "n"]);
  const opened = (await openTable(deployment.store, TABLE)) as OpenTable;
  expect(opened.schema.columns.map(({ name }) => name)).toContain("p__decimal_23_4");
  expect(await tableDrift(deployment.engine, opened)).toEqual([]);
  expect((await readFound(deployment.store, TABLE)).wanted).toBeUndefined();
}

/** The columns of schema.json, with which changes are sent, and of the newest commit. */
async function columns({ store }: Deployment): Promise<readonly (readonly string[])[]> {
  const schemas = [await readWrittenSchema(store, TABLE), (await openTable(store, TABLE))?.schema];
  return schemas.map((schema) => schema?.columns.map(({ label }) => label) ?? []);
}

async function expectQuarantine({ store }: Deployment): Promise<void> {
  expect(store.paths(`${TABLE}/quarantine/no-key/`)).not.toEqual([]);
}

const CASES: Readonly<Record<string, Case>> = {
  "a compaction, minor and major": {
    begin: filled,
    machine: compactionMachine,
    states: [FILLED, COMPACTED],
    changes: DEPLOYED_CHANGES,
  },
  "a snapshot": {
    begin: () => filledAndLater(SEEDED),
    machine: snapshotMachine,
    states: [FILLED, SEEDED],
    changes: DEPLOYED_CHANGES,
    ended: expectQuarantine,
  },
  "a compaction that takes on the deployed schema": {
    begin: withNewColumn,
    machine: compactionMachine,
    states: [FILLED, COMPACTED],
    changes: DEPLOYED_CHANGES,
    // From there it continues like any compaction.
    chosen: (points, calls) => {
      const first = calls.findIndex(({ name }) => name === A_STATEMENT);
      return points.filter(({ call }) => call <= first);
    },
    ended: async (deployment) => {
      for (const names of await columns(deployment)) expect(names).toContain("n");
      expect(deployment.catalog.tables.get(TABLE)?.StorageDescriptor?.Columns).toContainEqual(
        expect.objectContaining({ Name: "n" }),
      );
    },
  },
  "a compaction that finds what columns do not hold": {
    begin: following,
    machine: compactionMachine,
    states: [FILLED, COMPACTED],
    changes: DEPLOYED_CHANGES,
    chosen: fromTheLookOn,
    ended: expectColumnsInGlue,
  },
  "a compaction that shows as text what columns do not hold": {
    begin: misfitting,
    machine: compactionMachine,
    states: [FILLED, COMPACTED],
    changes: DEPLOYED_CHANGES,
    chosen: fromTheLookOn,
    ended: async ({ catalog, store }) => {
      expect((await latestManifest(store, TABLE)).texts).toEqual(["P"]);
      const { Columns } = catalog.tables.get(TABLE)?.StorageDescriptor ?? {};
      expect(Columns).toContainEqual(expect.objectContaining({ Name: "p__text" }));
    },
  },
  "a compaction that takes on what the data asks for": {
    begin: waiting,
    machine: compactionMachine,
    states: [COMPACTED],
    changes: DEPLOYED_CHANGES,
    chosen: thinned,
    ended: expectFollowed,
  },
  "a snapshot of a table without items": {
    begin: () => filledAndLater({}),
    machine: snapshotMachine,
    states: [FILLED, {}],
    changes: DEPLOYED_CHANGES,
  },
  "the first snapshot, which the schedule takes": {
    begin: unseeded,
    machine: firstSnapshotMachine,
    // The first snapshot is taken once: what it has not published, a compaction publishes.
    next: [firstSnapshotMachine, compactionMachine],
    states: [{ 9: "e9" }, FIRST],
    changes: FIRST_CHANGES,
    chosen: thinned,
    ended: expectQuarantine,
  },
};

/** For hundreds of executions, on a machine that may be busy. */
const MINUTES_MS = 240_000;

test.each(firstOf(1, Object.entries(CASES)))(
  "%s: a fault at each call of each step",
  async (name, own) => {
    const origin = await own.begin();
    const counted = origin.copy();
    expect(await shown(counted)).toEqual(own.states[0]);
    const whole = new Faults();
    expect(await whole.run(() => own.machine(new Execution(counted, again, whole)))).toEqual({
      kind: "done",
    });
    await expectEnd(own, counted);
    const { calls } = whole;
    const points = own.chosen?.(crashPoints(calls), calls) ?? crashPoints(calls);
    // A death reports nothing. A passing error is retried; any other ends the execution.
    const errors = points.filter(({ ending }) => ending === "error");
    const deaths = points.filter(isOwnDeath);
    const trials = [
      ...everyOf(1, errors).map((point) => ({ point, invoker: again })),
      ...everyOf(1, deaths).map((point) => ({ point, invoker: again })),
      ...thinned(errors).map((point) => ({ point, invoker: once })),
    ];
    const left = new Set<string>();
    for (const { point, invoker } of trials) {
      const ending = invoker === once ? "an error that ends it" : point.ending;
      const at = `${ending} ${point.moment} call ${point.call}, ${calls[point.call]?.name}`;
      await told(at, () => tryPoint({ own, point, invoker, left }, origin.copy()));
    }
    tried.set(name, trials.length);
  },
  MINUTES_MS,
);

/** A death before a call is the same as one after the previous call. */
function isOwnDeath({ ending, moment, call }: CrashPoint): boolean {
  return ending === "death" && (moment !== "before" || call === 0);
}

test.each(Object.entries(CASES))("%s: each step is run twice", async (_name, own) => {
  const deployment = await own.begin();
  await own.machine(new Execution(deployment, twice));
  await expectEnd(own, deployment);
});

/** As in write-paths.test.ts: the number may grow. */
const POINTS_MIN = 504;

deepTest("all points were tried", () => {
  expect(tried.sum()).toBeGreaterThanOrEqual(atLeast(POINTS_MIN));
});

interface Trial {
  readonly own: Case;
  readonly point: CrashPoint;
  readonly invoker: Invoker;
  /** The lakes that earlier points have left: a lake that is already here needs no second check. */
  readonly left: Set<string>;
}

async function tryPoint(trial: Trial, deployment: Deployment): Promise<void> {
  try {
    await tryExecution(trial, deployment);
  } finally {
    await deployment.engine.drop();
  }
}

async function tryExecution({ own, point, invoker, left }: Trial, deployment: Deployment): Promise<void> {
  const faults = new Faults(point);
  const ending = await faults.run(() => own.machine(new Execution(deployment, invoker, faults)));
  if (ending.kind === "failed" && !isKnown(ending.error)) throw ending.error;
  const lake = `${ending.kind} ${deployment.fingerprint()}`;
  if (left.has(lake)) return;
  left.add(lake);
  if (ending.kind === "done") await expectEnd(own, deployment);
  expect(own.states).toContainEqual(await shown(deployment));
  await expectSound(own, deployment, "at most");
  for (const machine of own.next ?? [own.machine]) {
    deployment.nowSeconds += 900;
    await machine(new Execution(deployment, again));
  }
  await expectEnd(own, deployment);
}

/** No change is lost, no view is ahead of the commits, and changes are never sent with a column that the lake lacks. */
async function expectSound(own: Case, deployment: Deployment, how: "exactly" | "at most"): Promise<void> {
  expect(await history(deployment)).toEqual(historyOf(own.changes));
  const { sequence } = await latestManifest(deployment.store, TABLE);
  const views = [...deployment.catalog.shownBy().values()];
  expect(views).toHaveLength(4);
  for (const view of views) expect(how === "exactly" ? view : Math.min(view, sequence)).toBe(view);
  const [written = [], committed] = await columns(deployment);
  expect(committed).toEqual(expect.arrayContaining([...written]));
}

/** The last state is shown and published, and the next cleanup removes everything that is old and not live. */
async function expectEnd(own: Case, deployment: Deployment): Promise<void> {
  const state = own.states.at(-1);
  const manifest = await latestManifest(deployment.store, TABLE);
  expect(await shown(deployment)).toEqual(state);
  await expectSound(own, deployment, "exactly");
  await own.ended?.(deployment);
  const later = deployment.copy();
  later.nowSeconds += 3 * 86_400;
  const request = { table: TABLE, source: SOURCE, vacuum: true, retentionHours: 0 };
  await clean({ ...later.unopened(), isOver: () => false }, request);
  const ids = [...new Set(namedSegments(manifest).map(({ id }) => id))].sort();
  expect([...later.catalog.partitions.keys()].sort()).toEqual(ids);
  const places = later.store.paths(`${TABLE}/segments/`).flatMap((path) => segmentOfPath(path) ?? []);
  expect(places.map(nameOfPlace).sort()).toEqual(ids);
  for (const folder of [`${TABLE}/staging/`, EXPORTS_FOLDER]) expect(later.store.paths(folder)).toEqual([]);
  expect(await shown(later)).toEqual(state);
}
