import { expect, test } from "@jest/globals";
import { tableDrift } from "../../src/core/overlay/drift.ts";
import { readFound } from "../../src/core/overlay/found-record.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { atLeast, everyOf } from "../support/effort.ts";
import { thinned, told } from "./crash-points.ts";
import { COMPACTED, DEPLOYED_CHANGES, type Deployment, filledDeployment } from "./deployment.ts";
import { type Call, type CrashPoint, crashPoints, Faults } from "./faults.ts";
import { expectOnePending, expectSettled } from "./following.ts";
import { again, compactionMachine, Execution, type Invoker, isKnown, once } from "./machines.ts";
import { Counts, sessionOfTests } from "./session.ts";
import { Firehose, StreamFunction } from "./stream-function.ts";
import {
  type Change,
  evolvingSchema,
  FILLED,
  history,
  historyOf,
  NOW,
  recordOf,
  type State,
  shown,
  TABLE,
} from "./world.ts";

/**
 * The whole way by which columns of a deployed table follow its data: a compaction looks, records what it found and gives Glue the
 * columns; half an hour later one takes them on and publishes the views; and meanwhile, just afterwards, and from then on the stream
 * brings more of such values. Whichever call of it is the last of its function, or fails: the end is the same, and on the way there
 * no value is missing in SQL that its column has room for, or is not counted.
 */

const tried = new Counts();
const session = sessionOfTests(() => tried.told("crash points of deployed tables that follow their data"));

/** Prices with cents and notes: by the columns of before, by these although others are the table's by now, and by the new ones. */
const [BEFORE, OLD, NEW] = [
  { key: 8, sequence: 31, value: "c8", timeSeconds: NOW + 60 },
  { key: 9, sequence: 32, value: "d9", timeSeconds: NOW + 1850 },
  { key: 10, sequence: 33, value: "e10", timeSeconds: NOW + 1950 },
] as const satisfies readonly Change[];

/** What works on the table at a time. */
interface Stage {
  readonly atSeconds: number;
  readonly brings?: Change;
}

/** A function that dies at a delivery gets its records again; what a compaction leaves, the next one does. */
const PATH: readonly Stage[] = [
  { atSeconds: NOW + 20 },
  { atSeconds: BEFORE.timeSeconds, brings: BEFORE },
  { atSeconds: OLD.timeSeconds - 60, brings: { ...BEFORE, sequence: 34 } },
  { atSeconds: OLD.timeSeconds - 10 },
  { atSeconds: OLD.timeSeconds, brings: OLD },
  { atSeconds: NEW.timeSeconds, brings: NEW },
  { atSeconds: NEW.timeSeconds + 60 },
];

/** The compactions that follow, each half an hour after the one before. */
const COMPACTIONS_AFTER = 3;

async function begin(): Promise<Deployment> {
  const schema = evolvingSchema("bigint");
  const deployment = await filledDeployment(session(), schema);
  deployment.deploy(schema, NOW - 3600);
  return deployment;
}

/** The table as it is played, and what was delivered. */
interface Play {
  readonly deployment: Deployment;
  readonly firehose: Firehose;
  readonly invoker: Invoker;
  faults: Faults;
  stream: StreamFunction;
  readonly changes: Change[];
}

function playOf(deployment: Deployment, invoker: Invoker, faults: Faults): Play {
  const firehose = new Firehose(deployment);
  const stream = new StreamFunction(deployment, firehose, faults);
  return { deployment, firehose, invoker, faults, stream, changes: [...DEPLOYED_CHANGES] };
}

/** Returns whether it ended well. */
async function work(play: Play, { brings }: Stage): Promise<boolean> {
  const { deployment, faults, invoker } = play;
  const ending = await faults.run(() =>
    brings === undefined
      ? compactionMachine(new Execution(deployment, invoker, faults))
      : play.stream.deliver([recordOf(brings)]),
  );
  if (ending.kind === "failed" && !isKnown(ending.error)) throw ending.error;
  if (ending.kind === "died") {
    play.faults = new Faults();
    play.stream = new StreamFunction(deployment, play.firehose, play.faults);
  }
  return ending.kind === "done";
}

async function playStage(play: Play, stage: Stage): Promise<void> {
  play.deployment.nowSeconds = Math.max(play.deployment.nowSeconds, stage.atSeconds);
  const isDone = await work(play, stage);
  if (stage.brings !== undefined) {
    if (!isDone) expect(await work(play, stage)).toBe(true);
    play.changes.push(stage.brings);
  }
}

/** What the end is compared by. */
async function ended({ deployment }: Play): Promise<unknown> {
  const { catalog, engine, store } = deployment;
  const opened = await openTableOf(store, deployment.schema);
  const { Columns = [] } = catalog.tables.get(`${TABLE}__changes`)?.StorageDescriptor ?? {};
  return {
    shown: await shown(deployment),
    columns: opened.schema.columns,
    inGlue: Columns.map(({ Name, Type }) => `${Name} ${Type}`).sort(),
    drift: await tableDrift(engine, opened),
    wanted: (await readFound(store, TABLE)).wanted,
    viewsOf: [...catalog.shownBy().values()].filter((sequence) => sequence !== opened.manifest.sequence),
  };
}

async function expectSound({ deployment, changes }: Play): Promise<void> {
  const delivered = Object.fromEntries(
    changes.flatMap(({ key, sequence, value }) => (sequence > 30 ? [[key, value]] : [])),
  ) as State;
  const states = [FILLED, COMPACTED].map((state) => ({ ...state, ...delivered }));
  expect(states).toContainEqual(await shown(deployment));
  expect(await history(deployment)).toEqual(historyOf(changes));
  await expectCounted(deployment);
  await expectSettled(deployment);
  await expectOnePending(deployment);
  const { sequence } = await latestManifest(deployment.store, TABLE);
  for (const view of deployment.catalog.shownBy().values()) expect(view).toBeLessThanOrEqual(sequence);
}

/** Drift is what the view does not show of prices and notes. */
async function expectCounted({ engine, schema, store }: Deployment): Promise<void> {
  const opened = await openTableOf(store, schema);
  const { columns } = opened.schema;
  const price = columns.find(({ attribute }) => attribute === "P")?.type.kind;
  const hidden = [
    ...(price === "decimal" ? [] : ["P"]),
    ...(columns.some(({ attribute }) => attribute === "N") ? [] : ["N"]),
  ];
  const drift = await tableDrift(engine, opened);
  expect(drift.map(({ attribute }) => attribute).sort()).toEqual(hidden.sort());
}

/** Plays the way with the fault, and on until the table has all that it wants. */
async function playAll(play: Play, left: Set<string>): Promise<unknown> {
  for (const [i, stage] of PATH.entries()) {
    await playStage(play, stage);
    const lake = `${i} ${play.deployment.fingerprint()}`;
    if (left.has(lake)) continue;
    left.add(lake);
    await told(`stage ${i}`, () => expectSound(play));
  }
  for (let i = 0; i < COMPACTIONS_AFTER; i++) {
    play.deployment.nowSeconds += 1800;
    await work(play, { atSeconds: 0 });
  }
  await expectSound(play);
  return ended(play);
}

async function tryPoint(
  origin: Deployment,
  { point, invoker, left }: { point: CrashPoint; invoker: Invoker; left: Set<string> },
): Promise<unknown> {
  const deployment = origin.copy();
  try {
    return await playAll(playOf(deployment, invoker, new Faults(point)), left);
  } finally {
    await deployment.engine.drop();
  }
}

/** A read that fails changes nothing, and a death before a call is one after the call before. */
function isOwn({ ending, moment, call }: CrashPoint, calls: readonly Call[]): boolean {
  if (ending === "death") return moment !== "before" || call === 0;
  return (calls[call]?.moments.length ?? 0) > 1;
}

test("a fault at each write of the way ends in the same columns and rows, with nothing missing meanwhile", async () => {
  const origin = await begin();
  const whole = playOf(origin.copy(), again, new Faults());
  const left = new Set<string>();
  const end = await playAll(whole, left);
  expect(end).toMatchObject({ drift: [], wanted: undefined, viewsOf: [] });
  const { calls } = whole.faults;
  const points = everyOf(
    1,
    crashPoints(calls).filter((point) => isOwn(point, calls)),
  );
  const errors = points.filter(({ ending }) => ending === "error");
  const trials = [
    ...points.map((point) => ({ point, invoker: again })),
    ...thinned(errors).map((point) => ({ point, invoker: once })),
  ];
  for (const { point, invoker } of trials) {
    const ending = invoker === once ? "an error that ends it" : point.ending;
    const at = `${ending} ${point.moment} call ${point.call}, ${calls[point.call]?.name}`;
    await told(at, async () => expect(await tryPoint(origin, { point, invoker, left })).toEqual(end));
  }
  tried.set("the way", trials.length);
}, 900_000);

/** As in aws-steps.test.ts: the number may grow. */
const POINTS_MIN = 200;

test("all points of the way were tried", () => {
  expect(tried.sum()).toBeGreaterThanOrEqual(atLeast(POINTS_MIN));
});
