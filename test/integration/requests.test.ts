/** How many requests a compaction, a snapshot and each function on AWS make to the store, with and without a competing commit. */

import { expect, test } from "@jest/globals";
import type { CleanEvent, PlanCompactionEvent } from "../../src/aws/contracts/steps.ts";
import { unshownValues } from "../../src/aws/known-drift.ts";
import { publishViews } from "../../src/aws/publish-views.ts";
import { readExport } from "../../src/aws/source-export.ts";
import { beginExport } from "../../src/aws/steps/begin-export.ts";
import { beginRun } from "../../src/aws/steps/begin-run.ts";
import { clean } from "../../src/aws/steps/clean.ts";
import { commitStep } from "../../src/aws/steps/commit-step.ts";
import { lakeHealth } from "../../src/aws/steps/lake-health.ts";
import { planCompaction } from "../../src/aws/steps/plan-compaction.ts";
import { planSeedStep } from "../../src/aws/steps/plan-seed.ts";
import { snapshotPart } from "../../src/aws/steps/snapshot-part.ts";
import type { StepContext } from "../../src/aws/steps/step-context.ts";
import { watchStream } from "../../src/aws/steps/watch-stream.ts";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { type Deployment, filledDeployment, SOURCE } from "../crash-points/deployment.ts";
import { SOURCE_TABLE_ARN } from "../crash-points/export-service.ts";
import { sessionOfTests } from "../crash-points/session.ts";
import {
  compaction,
  deliverAll,
  filledWorld,
  NOW,
  type Ports,
  type State,
  seeding,
  TABLE,
  type World,
  worldSchema,
} from "../crash-points/world.ts";
import { countingStore, RequestCounter, type Requests } from "../support/counting-store.ts";

const session = sessionOfTests();

/** Older than what was compacted last. */
const LATE = { key: 4, sequence: 17, value: undefined, timeSeconds: NOW - 3009 };
const SEEDED: State = { 1: "c3", 5: "s5", 10: "s10" };

/** A base, deltas and changes that were not compacted; its schema is committed. */
async function begun(): Promise<World> {
  const world = await filledWorld(session(), worldSchema());
  await writeSchema(world.store, world.schema);
  return world;
}

interface Case {
  readonly before?: (world: World) => Promise<void>;
  readonly run: (world: World, ports: Ports) => Promise<unknown>;
  readonly requests: Requests;
  /** Where another commit comes right before its own one. */
  readonly competing: { readonly outcome: "conflict" | "committed"; readonly requests: Requests };
}

/** Late changes cost no request more. */
const MINOR: Pick<Case, "requests" | "competing"> = {
  requests: {
    "list manifest": 1,
    "read manifest": 1,
    "folders changes": 1,
    "list changes": 1,
    "list segments": 1,
    "list gaps": 1,
    "read beginning": 1,
    "create manifest": 1,
  },
  competing: {
    outcome: "conflict",
    requests: {
      "list manifest": 2,
      "read manifest": 3,
      "folders changes": 1,
      "list changes": 1,
      "list segments": 2,
      "list gaps": 1,
      "read beginning": 1,
      "create manifest": 1,
      "remove segments": 1,
    },
  },
};

const CASES: Readonly<Record<string, Case>> = {
  "a minor compaction": {
    run: (world, ports) => compactMinor(compaction(world, ports)),
    ...MINOR,
  },
  "a minor compaction with late changes": {
    before: (world) => deliverAll(world, [LATE]),
    run: (world, ports) => compactMinor(compaction(world, ports)),
    ...MINOR,
  },
  "a major compaction": {
    run: (world, ports) => compactMajor(compaction(world, ports), "all"),
    requests: {
      "list manifest": 1,
      "read manifest": 1,
      "list segments": 1,
      "list gaps": 1,
      "read beginning": 1,
      "create manifest": 1,
    },
    competing: {
      outcome: "conflict",
      requests: {
        "list manifest": 2,
        "read manifest": 3,
        "list segments": 2,
        "list gaps": 1,
        "read beginning": 1,
        "create manifest": 1,
        "remove segments": 1,
      },
    },
  },
  "a snapshot": {
    run: (world, ports) => seed(seeding(world, SEEDED, NOW - 10, ports)),
    requests: {
      "list manifest": 2,
      "read manifest": 1,
      "folders changes": 1,
      "list changes": 1,
      "list segments": 1,
      "list gaps": 1,
      "read beginning": 1,
      "create manifest": 1,
    },
    competing: {
      outcome: "committed",
      requests: {
        "list manifest": 3,
        "read manifest": 3,
        "folders changes": 2,
        "list changes": 2,
        "list segments": 1,
        "list gaps": 2,
        "read beginning": 2,
        "create manifest": 2,
      },
    },
  },
  "a change of the schema": {
    run: (world, { store, newRunId }) =>
      changeSchema(
        { store, newRunId, nowSeconds: () => world.nowSeconds },
        worldSchema(undefined, "now"),
        "a test",
      ),
    requests: {
      "list manifest": 1,
      "read manifest": 1,
      "list gaps": 1,
      "read beginning": 1,
      "create manifest": 1,
      "replace schema": 1,
    },
    competing: {
      outcome: "committed",
      requests: {
        "list manifest": 2,
        "read manifest": 3,
        "list gaps": 2,
        "read beginning": 2,
        "create manifest": 2,
        "replace schema": 1,
      },
    },
  },
};

function counted(world: World): { readonly ports: Ports; readonly counter: RequestCounter } {
  const counter = new RequestCounter();
  const ports = world.ports();
  return { ports: { ...ports, store: countingStore(ports.store, counter) }, counter };
}

test.each(Object.entries(CASES))("%s", async (_, { before, run, requests }) => {
  const world = await begun();
  await before?.(world);
  const { ports, counter } = counted(world);
  await run(world, ports);
  expect(counter.take()).toEqual(requests);
});

test.each(Object.entries(CASES))("%s, and another commit comes first", async (_, own) => {
  const world = await begun();
  await own.before?.(world);
  world.store.meetOnce("create", /manifest/, "before", async () => {
    expect(await compactMinor({ ...compaction(world), newRunId: () => "other" })).toBeDefined();
  });
  const { ports, counter } = counted(world);
  const outcome = await own.run(world, ports).then(
    () => "committed",
    (error: { readonly code?: string }) => error.code?.toLowerCase(),
  );
  expect(outcome).toBe(own.competing.outcome);
  expect(counter.take()).toEqual(own.competing.requests);
});

/** What the functions of one execution request, by what each does. */
class Functions {
  readonly requests: Record<string, Requests> = {};
  readonly #deployment: Deployment;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  async invoke<T>(name: string, step: (context: StepContext) => Promise<T>): Promise<T> {
    const counter = new RequestCounter();
    const context = await this.#deployment.steps(undefined, (store) => countingStore(store, counter));
    const answer = await step(context);
    this.requests[name] = counter.take();
    return answer;
  }

  async begin(name: string, kind: "snapshot" | "compaction"): Promise<void> {
    const counter = new RequestCounter();
    const context = this.#deployment.unopened(undefined, (store) => countingStore(store, counter));
    await beginRun(context, { kind, table: TABLE, execution: "one" });
    this.requests[name] = counter.take();
  }

  async clean(name: string, event: CleanEvent): Promise<void> {
    const counter = new RequestCounter();
    const context = this.#deployment.unopened(undefined, (store) => countingStore(store, counter));
    const request = { ...event, source: SOURCE, retentionHours: 168 };
    await clean({ ...context, isOver: () => false }, request);
    this.requests[name] = counter.take();
  }

  /** As the state machine does it. */
  async runStatements(statementsKey: string): Promise<void> {
    const { engine, store } = this.#deployment;
    for (const line of (store.text(statementsKey) ?? "").split("\n").filter((text) => text !== ""))
      await engine.unload((JSON.parse(line) as { readonly sql: string }).sql);
  }

  plan(name: string, event: PlanCompactionEvent) {
    return this.invoke(name, async (context) => {
      if (event.done.length === 0) await lakeHealth(context.store, context.opened);
      const planned = await planCompaction(context, event);
      if (planned.step === "publish") await unshownValues(context.store, context.opened);
      return planned;
    });
  }
}

/** The hourly check of a source, for one of its tables. */
async function look(context: StepContext): Promise<void> {
  const since = NOW - 9000;
  const stream = { arn: "arn", createdAtSeconds: since, isFirst: true } as const;
  const reader = { streamArn: "arn", isReading: true, unchangedSinceSeconds: since };
  await watchStream(context, { stream, reader });
  await lakeHealth(context.store, context.opened);
  await unshownValues(context.store, context.opened);
}

/** The table is found in the registry, and its lock is taken. */
const BEGIN = { "folders registry": 1, "read registry": 1, "list locks": 1, "create locks": 1 } as const;
const OPEN = { "list manifest": 1, "read manifest": 1 } as const;
const LIST_CHANGES = { "folders changes": 1, "list changes": 1 } as const;
const COMMIT = {
  ...OPEN,
  "read staging": 1,
  "list segments": 2,
  "list gaps": 1,
  "read beginning": 1,
  "create manifest": 1,
  "replace schema": 1,
} as const;

/** What dynalake_tables shows. */
const PUBLISHED = {
  "list gaps": 1,
  "list errors": 1,
  "list quarantine": 1,
  "list waiting": 1,
  "read beginning": 1,
  "read compacted": 1,
} as const;

test("the functions of a compaction on AWS", async () => {
  const functions = new Functions(await filledDeployment(session()));
  await functions.begin("begin", "compaction");
  await functions.invoke("look", look);
  let event: PlanCompactionEvent = { table: TABLE, scope: "all", settleSeconds: 0, done: [] };
  for (const kind of ["minor", "major"] as const) {
    const plan = await functions.plan(`plan ${kind}`, event);
    if (plan.step !== "stage") throw new Error(`no ${kind} compaction was planned`);
    await functions.runStatements(plan.statementsKey);
    await functions.invoke(`commit ${kind}`, (context) => commitStep(context, plan.run));
    event = plan.next;
  }
  const end = await functions.plan("plan nothing", event);
  await functions.invoke("publish", publishViews);
  await functions.clean("clean", end.step === "publish" ? end.clean : { table: TABLE });
  await functions.clean("vacuum", { table: TABLE, vacuum: true });
  expect(functions.requests).toEqual({
    begin: BEGIN,
    look: {
      ...OPEN,
      "list gaps": 1,
      "list errors": 1,
      "list quarantine": 1,
      "list waiting": 1,
      "read watch": 1,
      "read beginning": 2,
      // What SQL hides, for the alarm.
      "read found": 1,
      "replace beginning": 1,
      "replace watch": 1,
    },
    "plan minor": {
      ...OPEN,
      ...LIST_CHANGES,
      "list gaps": 1,
      "list errors": 1,
      "list quarantine": 1,
      "list waiting": 1,
      "read beginning": 1,
      "replace staging": 2,
    },
    "commit minor": COMMIT,
    "plan major": { ...OPEN, "replace staging": 2 },
    "commit major": COMMIT,
    // The new segments are looked into.
    "plan nothing": { ...OPEN, "read found": 2, "replace compacted": 1, "replace found": 1 },
    // The hours of the window, and the whole first day of the log, which is the same day here.
    publish: { ...OPEN, ...LIST_CHANGES, "list changes": 2, ...PUBLISHED },
    clean: { "list staging": 1, "remove staging": 1 },
    vacuum: {
      "read vacuum": 1,
      // Before the files are listed, and again after it.
      "list manifest": 2,
      "read manifest": 4,
      // Those of each run, for what no commit names; then, for each page of partitions, the runs and the files of those in it.
      "list segments": 8,
      "list snapshots": 2,
      "folders segments": 2,
      "folders staging": 2,
      "list staging": 1,
      "folders exports": 1,
    },
  });
});

test("the functions of a snapshot on AWS", async () => {
  const deployment = await filledDeployment(session());
  deployment.nowSeconds = NOW + 500;
  deployment.source(SEEDED);
  const functions = new Functions(deployment);
  await functions.begin("begin", "snapshot");
  const start = { execution: "one", source: SOURCE, sourceTableArn: SOURCE_TABLE_ARN, kmsKeyArn: undefined };
  const context = deployment.unopened();
  const { run, exportPrefix } = await beginExport(context, start);
  const { files } = await readExport(deployment.store, exportPrefix);
  for (const [index, file] of files.entries())
    await functions.invoke("part", (context) =>
      snapshotPart(context, { run, index, ...file, maskKey: undefined }),
    );
  const plan = await functions.invoke("plan", (context) =>
    planSeedStep(context, { table: TABLE, run, exportPrefix }),
  );
  await functions.runStatements(plan.statementsKey);
  await functions.invoke("commit", (context) => commitStep(context, run));
  expect(functions.requests).toEqual({
    begin: { ...BEGIN, "list registry": 1, "read registry": 3 },
    part: { ...OPEN, "replace staging": 1 },
    plan: {
      ...OPEN,
      "read exports": 4,
      "read staging": 2,
      "replace staging": 2,
    },
    commit: { ...COMMIT, ...LIST_CHANGES, "list manifest": 2 },
  });
});
