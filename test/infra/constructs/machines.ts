import { describe, expect, test } from "@jest/globals";
import { compactionOutput, snapshotOutput } from "../../../src/aws/contracts/machines.ts";
import {
  type BeginRunEvent,
  type BegunRun,
  beginRunEvent,
  type CompactionKind,
  cleanEvent,
  commitEvent,
  type PlanCompactionEvent,
  type PlannedCompaction,
  type PlanSeedEvent,
  planCompactionEvent,
  planSeedEvent,
  publishViewsEvent,
  RUNS_MAX,
  type SnapshotPartEvent,
  snapshotPartEvent,
  sourceEvent,
  tickEvent,
} from "../../../src/aws/contracts/steps.ts";
import { deepTest } from "../../support/deep-test.ts";
import { example } from "../example.ts";
import {
  type Definition,
  definitionOf,
  executeMachine,
  type Outcome,
  type State,
  TaskError,
  type Unfinished,
  type World,
} from "../machine-execution.ts";
import { flat, once, resourceOf, resourcesOf } from "../support.ts";

const definitionNamed = (id: RegExp): Definition =>
  definitionOf(resourceOf(example().lake, "AWS::StepFunctions::StateMachine", id));
const definitions = {
  snapshot: once(() => definitionNamed(/Snapshot/)),
  compaction: once(() => definitionNamed(/Compaction/)),
};

type Handler = (event: never) => unknown;

interface Played {
  readonly outcome: Outcome;
  /** The functions and services called, in order, with their events. */
  readonly calls: readonly (readonly [string, unknown])[];
  /** What a redrive of it goes on with, if it has failed. */
  readonly unfinished: Unfinished | undefined;
}

interface Playing {
  /** Lines of the export's manifest. */
  readonly files?: readonly object[];
  readonly redriven?: Unfinished | undefined;
}

/** What the handlers take for an event. Functions of sources go by their names. */
const EVENTS: Readonly<Record<string, { parse(event: unknown): unknown }>> = {
  BeginRun: beginRunEvent,
  "orders-source": sourceEvent,
  "orders-part": snapshotPartEvent,
  PublishViews: publishViewsEvent,
  PlanSeed: planSeedEvent,
  PlanCompaction: planCompactionEvent,
  Commit: commitEvent,
  Clean: cleanEvent,
  Tick: tickEvent,
};

/** A line of an export's manifest. */
const fileOf = (itemCount: number) => ({ itemCount, md5Checksum: "md5", dataFileS3Key: `${itemCount}.gz` });

/** Plays a machine whose functions answer as given; each is called by its handler's name, in pascal case. */
function play(
  definition: Definition,
  input: unknown,
  given: Readonly<Record<string, Handler>>,
  { files = [fileOf(1), fileOf(2)], redriven }: Playing = {},
): Played {
  let unfinished: Unfinished | undefined;
  const calls: [string, unknown][] = [];
  const called = (name: string, event: unknown): unknown => {
    calls.push([name, event]);
    EVENTS[name]?.parse(event);
    if (name === "sns:publish" || name === "Clean") return {};
    const handler = given[name] ?? handlers[name];
    if (handler === undefined) throw new Error(`unexpected call of ${name}`);
    return handler(event as never);
  };
  const world: World = {
    task: (resource, event) => {
      const name = nameOf(resource);
      if (name !== "lambda:invoke") return called(name, event);
      const { FunctionName, Payload } = event as { FunctionName: string; Payload: unknown };
      return { Payload: called(FunctionName, Payload) };
    },
    lines: (key) => (key.endsWith("manifest-files.json") ? files : [{ sql: "A" }, { sql: "B" }]),
    onFailure: (left) => {
      unfinished = left;
    },
  };
  const outcome = executeMachine(definition, input, world, redriven);
  return { outcome, calls, unfinished };
}

/** A function of the lake by its handler, a service by its integration. */
function nameOf(resource: string): string {
  return resource.replace(/^<LakeWorkFunctions(\w+)\.Arn>$/, "$1").replace(/^arn:.*:::/, "");
}

const TOKEN = "a".repeat(40);
const SEEDED = {
  run: "r1",
  token: TOKEN,
  statementsKey: "reviews/staging/r1/statements.jsonl",
  items: 3,
  skipped: 2,
  quarantined: 1,
};

const EXPORT = "_exports/orders/AWSDynamoDB/1/";
const FUNCTIONS = { sourceFunction: "orders-source", snapshotPartFunction: "orders-part", partsAtOnce: 5 };
const REVIEWS = { table: "reviews" };

const handlers: Readonly<Record<string, Handler>> = {
  BeginRun: (({ kind, staged }: BeginRunEvent): BegunRun => {
    if (kind === "compaction") return { go: "compact" };
    const go = staged === undefined ? "export" : "seed";
    return { go, tables: ["reviews"], others: [], ...FUNCTIONS };
  }) as Handler,
  "orders-source": () => ({ run: "r1", exportArn: "arn:export", exportPrefix: EXPORT }),
  "aws-sdk:dynamodb:describeExport": () => ({ ExportDescription: { ExportStatus: "COMPLETED" } }),
  "orders-part": () => null,
  "states:startExecution": () => ({}),
  PlanSeed: () => ({ ...SEEDED, statements: 2 }),
  "athena:startQueryExecution.sync": () => ({ QueryExecution: { Status: { State: "SUCCEEDED" } } }),
  Commit: () => ({ outcome: "committed", kind: "snapshot", manifest: 7, rows: 3, segments: 1 }),
  PublishViews: () => ({ manifest: 7 }),
  Tick: () => null,
  "aws-sdk:cloudwatch:putMetricData": () => ({}),
};

const names = ({ calls }: Played): readonly string[] => calls.map(([name]) => name);
const events = ({ calls }: Played, name: string): readonly unknown[] =>
  calls.filter((call) => call[0] === name).map(([, event]) => event);
/** The published messages, each with its topic. */
function reports(played: Played): readonly unknown[] {
  return events(played, "sns:publish").map((event) => {
    const { Message, Subject, TopicArn } = event as { Message: string; Subject: string; TopicArn: string };
    return { topic: TopicArn, subject: Subject, ...JSON.parse(Message) };
  });
}

const FAILURE = "<LakeFailure>";
const SUCCESS = "<LakeSuccess>";
const EXECUTION = { name: "execution-name", arn: "arn:execution" };

describe("the snapshot", () => {
  test("exports, stages, commits, publishes, cleans and reports", () => {
    const played = play(definitions.snapshot(), REVIEWS, {});
    expect(names(played)).toEqual([
      "BeginRun",
      "orders-source",
      "aws-sdk:dynamodb:describeExport",
      "orders-part",
      "orders-part",
      "PlanSeed",
      "athena:startQueryExecution.sync",
      "athena:startQueryExecution.sync",
      "Commit",
      "PublishViews",
      "Clean",
      "Tick",
      "sns:publish",
    ]);
    const begin = {
      kind: "snapshot",
      table: "reviews",
      execution: "arn:execution",
      first: false,
      partsAtOnce: 0,
    };
    expect(events(played, "BeginRun")).toEqual([begin]);
    expect(events(played, "orders-source")).toEqual([{ step: "begin-export", execution: "execution-name" }]);
    const part = { run: "r1", tables: ["reviews"], index: 1, part: fileOf(2) };
    expect(events(played, "orders-part")[1]).toEqual(part);
    const ofRun = { table: "reviews", run: "r1", exportPrefix: EXPORT };
    expect(events(played, "PlanSeed")).toEqual([ofRun]);
    expect(events(played, "Commit")).toEqual([{ table: "reviews", run: "r1" }]);
    expect(events(played, "Clean")).toEqual([{ ...ofRun, exportTables: ["reviews"] }]);
    expect(events(played, "Tick")).toEqual([{ ending: "arn:execution" }]);
    const output = {
      outcome: "committed",
      items: 3,
      skipped: 2,
      quarantined: 1,
      commit: { outcome: "committed", kind: "snapshot", manifest: 7, rows: 3, segments: 1 },
      manifest: 7,
      table: "reviews",
      machine: "snapshot",
      execution: "arn:execution",
    };
    expect(played.outcome).toEqual({ status: "SUCCEEDED", output });
    expect(snapshotOutput.parse(output)).toMatchObject({ commit: { manifest: 7 } });
    expect(reports(played)).toEqual([{ topic: SUCCESS, subject: "dynalake: snapshot succeeded", ...output }]);
  });

  test("runs statements in the work group without a limit, under tokens by which Athena knows them again", () => {
    const statements = events(play(definitions.snapshot(), REVIEWS, {}), "athena:startQueryExecution.sync");
    expect(statements).toEqual(
      ["A", "B"].map((sql, index) => ({
        QueryString: sql,
        ClientRequestToken: `${TOKEN}-${index}`,
        WorkGroup: "dynalake-dynalake-upkeep",
        QueryExecutionContext: { Database: "dynalake", Catalog: "AwsDataCatalog" },
      })),
    );
  });

  test("waits until the export has ended", () => {
    const statuses = ["IN_PROGRESS", "IN_PROGRESS", "COMPLETED"];
    const describeExport = () => ({ ExportDescription: { ExportStatus: statuses.shift() } });
    const played = play(definitions.snapshot(), REVIEWS, {
      "aws-sdk:dynamodb:describeExport": describeExport,
    });
    expect(names(played).filter((name) => name.endsWith("describeExport"))).toHaveLength(3);
    expect(played.outcome.status).toBe("SUCCEEDED");
  });

  test("fails when the export does", () => {
    const describeExport = () => ({ ExportDescription: { ExportStatus: "FAILED" } });
    const played = play(definitions.snapshot(), REVIEWS, {
      "aws-sdk:dynamodb:describeExport": describeExport,
    });
    expect(played.outcome).toMatchObject({ status: "FAILED", error: "EXPORT_FAILED" });
    expect(names(played)).not.toContain("orders-part");
  });

  describe("of another account's table", () => {
    const BeginRun = (() => ({
      go: "export",
      tables: ["reviews"],
      others: [],
      ...FUNCTIONS,
      isForeign: true,
    })) as Handler;
    const foreign = (...statuses: string[]): Played =>
      play(definitions.snapshot(), REVIEWS, {
        BeginRun,
        "orders-source": (({ step }: { readonly step: string }) =>
          step === "describe-export"
            ? { status: statuses.shift() }
            : { run: "r1", exportArn: "arn:export", exportPrefix: EXPORT }) as Handler,
      });

    test("asks the source's function how far the export is, and DynamoDB never", () => {
      const played = foreign("IN_PROGRESS", "COMPLETED");
      expect(played.outcome.status).toBe("SUCCEEDED");
      expect(names(played)).not.toContain("aws-sdk:dynamodb:describeExport");
      const asked = { step: "describe-export", exportArn: "arn:export" };
      expect(events(played, "orders-source").slice(1)).toEqual([asked, asked]);
    });

    test("fails when the export does", () => {
      expect(foreign("FAILED").outcome).toMatchObject({ status: "FAILED", error: "EXPORT_FAILED" });
    });
  });

  test("of an empty table runs no statement and commits", () => {
    const played = play(definitions.snapshot(), REVIEWS, { PlanSeed: () => ({ ...SEEDED, statements: 0 }) });
    expect(names(played)).not.toContain("athena:startQueryExecution.sync");
    expect(names(played)).toContain("Commit");
    expect(played.outcome.status).toBe("SUCCEEDED");
  });

  test("that finds a later one cleans up and ends without an alarm", () => {
    const played = play(definitions.snapshot(), REVIEWS, { Commit: () => ({ outcome: "conflict" }) });
    expect(played.outcome).toEqual({ status: "SUCCEEDED", output: { outcome: "conflict" } });
    expect(names(played).slice(-2)).toEqual(["Commit", "Clean"]);
  });

  test("the first one is not taken where the table has one, or another execution takes it", () => {
    const input = { ...REVIEWS, first: true };
    const played = play(definitions.snapshot(), input, { BeginRun: () => ({ go: "no" }) });
    expect(played.outcome).toEqual({ status: "SUCCEEDED", output: { outcome: "skipped" } });
    expect(names(played)).toEqual(["BeginRun"]);
    expect(events(played, "BeginRun")).toMatchObject([{ first: true }]);
  });

  test("stages its files for the tables that go along, each of which gets an execution of its own", () => {
    const tables = ["reviews", "authors", "books"];
    const begun = { go: "export", tables, others: ["authors", "books"], ...FUNCTIONS };
    const played = play(definitions.snapshot(), REVIEWS, { BeginRun: () => begun });
    expect(events(played, "orders-part")).toMatchObject([{ tables }, { tables }]);
    const staged = { run: "r1", exportPrefix: EXPORT, tables, execution: "arn:execution" };
    expect(events(played, "states:startExecution")).toEqual(
      ["authors", "books"].map((table, index) => ({
        StateMachineArn: "arn:machine",
        Name: `r1-${index}`,
        Input: { table, staged },
      })),
    );
    expect(events(played, "PlanSeed")).toMatchObject([{ table: "reviews" }]);
    expect(events(played, "Clean")).toMatchObject([{ exportTables: tables }]);
  });

  test("goes on with what another execution has staged, and exports nothing", () => {
    const staged = {
      run: "r7",
      exportPrefix: EXPORT,
      tables: ["reviews", "authors"],
      execution: "arn:other",
    };
    const begun = { go: "seed", tables: staged.tables, others: [], ...FUNCTIONS };
    const played = play(definitions.snapshot(), { table: "authors", staged }, { BeginRun: () => begun });
    expect(names(played).slice(0, 2)).toEqual(["BeginRun", "PlanSeed"]);
    expect(events(played, "BeginRun")).toMatchObject([{ table: "authors", staged }]);
    expect(events(played, "PlanSeed")).toEqual([{ table: "authors", run: "r7", exportPrefix: EXPORT }]);
    expect(events(played, "Clean")).toMatchObject([
      { table: "authors", run: "r7", exportTables: staged.tables },
    ]);
    expect(played.outcome).toMatchObject({ status: "SUCCEEDED", output: { table: "authors" } });
  });

  test("reads as many files at the same time as it is told, and any number of them", () => {
    const { Parts } = definitions.snapshot().States;
    expect(Parts?.MaxConcurrencyPath).toBe("$.begun.partsAtOnce");
    // Answers in a state may have 256 KiB together.
    expect(Parts?.ResultWriter.Resource).toMatch(/:::s3:putObject$/);
    expect(flat(Parts?.ResultWriter.Parameters)).toBe('{"Bucket":"<LakeBucket>","Prefix":"_maps"}');
    const text = JSON.stringify(resourceOf(example().lake, "AWS::IAM::Role", /SnapshotRole/).Properties);
    expect(text).toContain("/_maps/*");
  });

  test("fails in the map itself if a file fails, so that it can be redriven; statements are caught", () => {
    const { Parts, Stage } = definitions.snapshot().States;
    expect(Parts?.Catch).toBeUndefined();
    expect(Stage?.Catch).toBeDefined();
    const role = JSON.stringify(resourceOf(example().lake, "AWS::IAM::Role", /SnapshotRole/).Properties);
    expect(role).toContain("states:RedriveExecution");
  });

  test("is redriven with the files alone that were not staged, and goes on with the same export", () => {
    const files = [1, 2, 3].map(fileOf);
    const part = (failing: number): Record<string, Handler> => ({
      "orders-part": (({ index }: SnapshotPartEvent) => {
        if (index === failing) throw new TaskError("STORE_FAILED", "S3 is busy");
        return null;
      }) as Handler,
    });
    const failed = play(definitions.snapshot(), REVIEWS, part(1), { files });
    expect(failed.outcome).toMatchObject({
      status: "FAILED",
      error: "States.ExceedToleratedFailureThreshold",
    });
    // It fails at another file now.
    const again = play(definitions.snapshot(), REVIEWS, part(2), { files, redriven: failed.unfinished });
    expect(names(again)).toEqual(["orders-part", "orders-part"]);
    const last = play(definitions.snapshot(), REVIEWS, {}, { files, redriven: again.unfinished });
    const staged = events(last, "orders-part");
    expect(staged).toEqual([{ run: "r1", tables: ["reviews"], index: 2, part: fileOf(3) }]);
    expect(names(last).slice(1, 2)).toEqual(["PlanSeed"]);
    expect(events(last, "PlanSeed")).toEqual([{ table: "reviews", run: "r1", exportPrefix: EXPORT }]);
    expect(last.outcome).toMatchObject({ status: "SUCCEEDED", output: { outcome: "committed" } });
    expect(reports(last)).toMatchObject([{ subject: "dynalake: snapshot succeeded" }]);
  });

  test("that failed later fails again if it is redriven, with the same error", () => {
    const failing = () => {
      throw new TaskError("LAKE_DAMAGED", "a manifest cannot be read");
    };
    const failed = play(definitions.snapshot(), REVIEWS, { Commit: failing });
    const redriven = play(definitions.snapshot(), REVIEWS, {}, { redriven: failed.unfinished });
    expect(redriven).toMatchObject({ calls: [], outcome: failed.outcome });
  });

  deepTest(
    "passes on neither the files of an export nor what their functions answer, however many there are",
    () => {
      const files = Array.from({ length: 60_000 }, (_, i) => fileOf(i));
      const played = play(definitions.snapshot(), REVIEWS, {}, { files });
      expect(played.outcome.status).toBe("SUCCEEDED");
      expect(events(played, "orders-part")).toHaveLength(files.length);
    },
  );
});

describe("the compaction", () => {
  /** Plans each kind once, as plan-compaction does. */
  const planner = (kinds: readonly CompactionKind[]): Handler =>
    ((event: PlanCompactionEvent): PlannedCompaction => {
      const { done, lastRun } = event;
      const kind = kinds.find((each) => !done.includes(each));
      const { table } = event;
      if (kind === undefined)
        return { step: "publish", done, clean: { table, ...(lastRun ? { run: lastRun } : {}) } };
      const run = `run-${kind}`;
      const next = { ...event, done: [...done, kind], lastRun: run };
      const statements = kind === "schema" ? 0 : 2;
      return {
        step: "stage",
        kind,
        run,
        token: `${kind}-${TOKEN}`,
        statements,
        statementsKey: "k",
        done,
        next,
      };
    }) as Handler;

  test("plans, stages and commits until all is done, then publishes, cleans and reports", () => {
    const played = play(definitions.compaction(), REVIEWS, { PlanCompaction: planner(["minor", "major"]) });
    const run = [
      "PlanCompaction",
      "athena:startQueryExecution.sync",
      "athena:startQueryExecution.sync",
      "Commit",
    ];
    expect(names(played)).toEqual([
      "BeginRun",
      ...run,
      ...run,
      "PlanCompaction",
      "PublishViews",
      "Clean",
      "sns:publish",
    ]);
    const begin = { kind: "compaction", table: "reviews", execution: "arn:execution" };
    expect(events(played, "BeginRun")).toEqual([begin]);
    const asked = { table: "reviews", scope: "grown", execution: EXECUTION };
    expect(events(played, "PlanCompaction")).toEqual([
      { ...asked, done: [] },
      { ...asked, done: ["minor"], lastRun: "run-minor" },
      { ...asked, done: ["minor", "major"], lastRun: "run-major" },
    ]);
    expect(events(played, "Clean")).toEqual([{ table: "reviews", run: "run-major" }]);
    expect(played.outcome).toMatchObject({
      status: "SUCCEEDED",
      output: {
        outcome: "succeeded",
        done: ["minor", "major"],
        manifest: 7,
        table: "reviews",
        machine: "compaction",
      },
    });
    expect(compactionOutput.parse((played.outcome as { readonly output: unknown }).output)).toEqual({
      outcome: "succeeded",
      done: ["minor", "major"],
      manifest: 7,
    });
    expect(reports(played)).toMatchObject([
      { topic: SUCCESS, subject: "dynalake: compaction succeeded", done: ["minor", "major"] },
    ]);
  });

  test("commits a changed schema without staging anything", () => {
    const played = play(definitions.compaction(), REVIEWS, { PlanCompaction: planner(["schema"]) });
    expect(names(played)).toEqual([
      "BeginRun",
      "PlanCompaction",
      "Commit",
      "PlanCompaction",
      "PublishViews",
      "Clean",
      "sns:publish",
    ]);
  });

  test("with nothing to do still publishes: an earlier one may have died before", () => {
    const played = play(definitions.compaction(), REVIEWS, { PlanCompaction: planner([]) });
    expect(names(played)).toContain("PublishViews");
    expect(events(played, "Clean")).toEqual([{ table: "reviews" }]);
  });

  test("passes its input on, and takes no list of what is done from outside", () => {
    const input = { table: "reviews", scope: "all", settleSeconds: 5, done: ["minor"], execution: "other" };
    const [asked] = events(
      play(definitions.compaction(), input, { PlanCompaction: planner([]) }),
      "PlanCompaction",
    );
    expect(asked).toEqual({
      table: "reviews",
      scope: "all",
      settleSeconds: 5,
      done: [],
      execution: EXECUTION,
    });
  });

  test("that loses against another one ends without an alarm", () => {
    const played = play(definitions.compaction(), REVIEWS, {
      PlanCompaction: planner(["minor"]),
      Commit: () => ({ outcome: "conflict" }),
    });
    expect(played.outcome).toEqual({ status: "SUCCEEDED", output: { outcome: "conflict" } });
    expect(reports(played)).toEqual([]);
  });

  test("where another one works on the table ends at once", () => {
    const played = play(definitions.compaction(), REVIEWS, { BeginRun: () => ({ go: "no" }) });
    expect(played.outcome).toEqual({ status: "SUCCEEDED", output: { outcome: "conflict" } });
    expect(names(played)).toEqual(["BeginRun"]);
  });

  test("with an answer that means nothing fails", () => {
    const played = play(definitions.compaction(), REVIEWS, {
      PlanCompaction: () => ({ step: "dance", done: [] }),
    });
    expect(played.outcome).toMatchObject({ status: "FAILED", error: "INTERNAL" });
  });
});

describe("a run whose statements fail", () => {
  const failing = (): never => {
    throw new TaskError("States.TaskFailed", "a statement");
  };
  /** Fails so many times. */
  const failingTimes = (times: number, handler: Handler): Handler => {
    let left = times;
    return ((event: never) => (left-- > 0 ? failing() : handler(event))) as Handler;
  };
  const runOf = (event: object): string => `run-${"failedRuns" in event ? event.failedRuns : 0}`;
  const againOf = (event: PlanSeedEvent | PlanCompactionEvent) => {
    const failedRuns = (event.failedRuns ?? 0) + 1;
    return failedRuns < RUNS_MAX ? { again: { ...event, failedRuns } } : {};
  };
  const planSeed = ((event: PlanSeedEvent) => ({
    ...SEEDED,
    statements: 2,
    run: runOf(event),
    ...againOf(event),
  })) as Handler;
  const planCompaction = ((event: PlanCompactionEvent) => {
    const clean = { table: "reviews" };
    if (event.done.length > 0) return { step: "publish", done: event.done, clean };
    const { failedRuns: _, ...asked } = event;
    const next = { ...asked, done: ["minor"], lastRun: "last" };
    const stage = { step: "stage", kind: "minor", token: TOKEN, statements: 1, statementsKey: "k", done: [] };
    return { ...stage, run: runOf(event), next, ...againOf(event) };
  }) as Handler;
  const athena = "athena:startQueryExecution.sync";
  const answer = handlers[athena] as Handler;

  test("is followed by another one, which is committed", () => {
    for (const [definition, given] of [
      [definitions.snapshot(), { PlanSeed: planSeed }],
      [definitions.compaction(), { PlanCompaction: planCompaction }],
    ] as const) {
      const played = play(definition, REVIEWS, { ...given, [athena]: failingTimes(2, answer) });
      expect(events(played, "Commit")).toEqual([{ table: "reviews", run: "run-2" }]);
      expect(played.outcome.status).toBe("SUCCEEDED");
    }
  });

  test("is the last one after a few, and reported", () => {
    for (const [definition, given] of [
      [definitions.snapshot(), { PlanSeed: planSeed }],
      [definitions.compaction(), { PlanCompaction: planCompaction }],
    ] as const) {
      const played = play(definition, REVIEWS, { ...given, [athena]: failing });
      // Not the map's own error, by which a rule would mail it once more.
      expect(played.outcome).toMatchObject({ status: "FAILED", error: "ENGINE_FAILED" });
      expect(names(played).filter((name) => name.startsWith("Plan"))).toHaveLength(RUNS_MAX);
      expect(reports(played)).toMatchObject([{ topic: FAILURE, error: "ENGINE_FAILED" }]);
    }
  });

  test("is one also if the commit had no time to count what was written", () => {
    const Commit = ((event: never) => {
      if ((event as { readonly run: string }).run === "run-0")
        throw new TaskError("ENGINE_FAILED", "no time");
      return (handlers.Commit as Handler)(event);
    }) as Handler;
    const played = play(definitions.snapshot(), REVIEWS, { PlanSeed: planSeed, Commit });
    expect(events(played, "Commit")).toMatchObject([{ run: "run-0" }, { run: "run-1" }]);
    expect(played.outcome.status).toBe("SUCCEEDED");
  });
});

describe("a failure", () => {
  const failing = (): never => {
    throw new TaskError("EXPORT_INVALID", "a value of an item");
  };

  test.each(["BeginRun", "orders-source", "PlanSeed", "Commit", "PublishViews"])(
    "of %s is reported without its cause, which stays in the execution",
    (name) => {
      const played = play(definitions.snapshot(), REVIEWS, { [name]: failing });
      expect(played.outcome).toEqual({
        status: "FAILED",
        error: "EXPORT_INVALID",
        cause: "a value of an item",
      });
      expect(reports(played)).toEqual([
        {
          topic: FAILURE,
          subject: "dynalake: snapshot failed",
          outcome: "failed",
          table: "reviews",
          machine: "snapshot",
          error: "EXPORT_INVALID",
          execution: "arn:execution",
        },
      ]);
      expect(events(played, "aws-sdk:cloudwatch:putMetricData")).toEqual([
        {
          Namespace: "dynalake/dynalake",
          MetricData: [
            {
              MetricName: "FailedExecutions",
              Dimensions: [{ Name: "LakeTable", Value: "reviews" }],
              Value: 1,
              Unit: "Count",
            },
          ],
        },
      ]);
    },
  );

  test("that cannot be counted is what it was", () => {
    const played = play(definitions.compaction(), REVIEWS, {
      BeginRun: failing,
      "aws-sdk:cloudwatch:putMetricData": () => {
        throw new TaskError("CloudWatch.CloudWatchException", "no dimension");
      },
    });
    expect(played.outcome).toMatchObject({ status: "FAILED", error: "EXPORT_INVALID" });
    expect(reports(played)).toHaveLength(1);
  });

  test("of the tick after a snapshot does not undo the snapshot", () => {
    const played = play(definitions.snapshot(), REVIEWS, { Tick: failing });
    expect(played.outcome).toMatchObject({ status: "SUCCEEDED", output: { outcome: "committed" } });
    expect(reports(played)).toMatchObject([{ topic: SUCCESS }]);
  });

  test("of an input that names no table is reported, too", () => {
    const refused = (): never => {
      throw new TaskError("INPUT_INVALID", "invalid event: table");
    };
    for (const definition of [definitions.snapshot(), definitions.compaction()]) {
      const outcome = executeMachine(
        definition,
        {},
        { task: (resource) => (nameOf(resource) === "sns:publish" ? {} : refused()) },
      );
      expect(outcome).toMatchObject({ status: "FAILED", error: "INPUT_INVALID" });
    }
  });

  test("is one also where it cannot be reported", () => {
    const unreachable = { ...definitions.compaction() };
    const outcome = executeMachine(
      unreachable,
      {},
      {
        task: (resource) => {
          throw new TaskError(resource.endsWith("publish") ? "SNS.Down" : "INTERNAL", "why");
        },
      },
    );
    expect(outcome).toEqual({ status: "FAILED", error: "INTERNAL", cause: "why" });
  });

  test("of the report does not undo a success", () => {
    const outcome = executeMachine(
      definitions.compaction(),
      {},
      {
        task: (resource) => {
          if (resource.includes("BeginRun")) return { go: "compact" };
          if (resource.endsWith("publish")) throw new TaskError("SNS.Down", "why");
          return resource.includes("Plan") ? { step: "publish", done: [], clean: REVIEWS } : { manifest: 1 };
        },
      },
    );
    expect(outcome).toMatchObject({ status: "SUCCEEDED", output: { outcome: "succeeded", manifest: 1 } });
  });
});

describe("of both machines", () => {
  const all = (): readonly (readonly [string, State])[] =>
    [definitions.snapshot(), definitions.compaction()].flatMap(({ States }) => Object.entries(States));

  test("every state is reached, and none leads nowhere", () => {
    for (const { StartAt, States } of [definitions.snapshot(), definitions.compaction()]) {
      const targets = new Set([StartAt]);
      for (const state of Object.values(States)) {
        const nexts = [
          state.Next,
          state.Default,
          ...(state.Choices ?? []).map((choice: State) => choice.Next),
        ];
        for (const next of [...nexts, ...(state.Catch ?? []).map((each: State) => each.Next)])
          if (next !== undefined) targets.add(next);
        if (state.Type !== "Choice" && state.Type !== "Fail") expect(state.Next ?? state.End).toBeDefined();
      }
      expect([...targets].sort()).toEqual(Object.keys(States).sort());
    }
  });

  test("every step has a limit in time, is caught, and is repeated only for failures that pass", () => {
    for (const [name, state] of all()) {
      if (state.Type !== "Task" && state.Type !== "Map") continue;
      if (name !== "Parts") expect(state.Catch.at(-1)).toMatchObject({ ErrorEquals: ["States.ALL"] });
      const inner: readonly State[] =
        state.Type === "Map" ? Object.values(state.ItemProcessor.States) : [state];
      for (const task of inner) {
        expect(task.TimeoutSeconds).toBeGreaterThan(0);
        const isReport = String(task.Resource).endsWith("sns:publish");
        for (const { ErrorEquals, MaxAttempts } of task.Retry) {
          const isQuota = ErrorEquals.every((name: string) =>
            /TooManyRequests|Athena\.Throttling/.test(name),
          );
          expect(MaxAttempts).toBeLessThanOrEqual(isQuota ? 60 : 6);
          if (!isReport)
            for (const name of ErrorEquals)
              expect(name).toMatch(
                /^(Lambda|Athena|StepFunctions|DynamoDb|CloudWatch)\.|^(BACKUPS_OFF|ENGINE_FAILED|THROTTLED|UNREACHABLE)$/,
              );
        }
      }
    }
  });

  test("a quota that others use up is waited for, for half an hour at most times", () => {
    const tasks = all().flatMap(([, state]): readonly State[] =>
      state.Type === "Map" ? Object.values(state.ItemProcessor.States) : [state],
    );
    const own = tasks.filter(({ Resource = "" }) => /Arn>$|athena:|lambda:invoke/.test(Resource));
    expect(own).toHaveLength(18);
    for (const { Resource, Retry } of own) {
      const name = `${/athena:/.test(Resource) ? "Athena" : "Lambda"}.TooManyRequestsException`;
      const { IntervalSeconds, BackoffRate, MaxAttempts, MaxDelaySeconds } = Retry.find(
        ({ ErrorEquals }: State) => ErrorEquals.includes(name),
      );
      // Full jitter waits half as long on average.
      const waits = Array.from({ length: MaxAttempts }, (_, i) =>
        Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** i),
      );
      const seconds = waits.reduce((sum, wait) => sum + wait / 2, 0);
      expect(seconds).toBeGreaterThan(1500);
    }
  });

  test("recovery that was just turned on is waited for, and nothing else of a lasting kind", () => {
    const waiting = all().filter(([, { Retry = [] }]) => JSON.stringify(Retry).includes("BACKUPS_OFF"));
    expect(waiting.map(([name]) => name)).toEqual(["Export"]);
  });

  test("a day of waiting for an export fits into the history of an execution", () => {
    const { WaitForExport, WaitForForeignExport } = definitions.snapshot().States;
    for (const wait of [WaitForExport, WaitForForeignExport]) {
      const polls = (definitions.snapshot().TimeoutSeconds ?? 0) / wait?.Seconds;
      // Three states are entered and exited; the call is scheduled, started and succeeds.
      expect(polls * 9).toBeLessThan(22_000);
    }
  });

  test("a statement is not held twice, in its state's input and in its answer", () => {
    for (const { Stage } of [definitions.snapshot().States, definitions.compaction().States]) {
      const state = Stage?.ItemProcessor.States.Statement;
      expect(state.ResultSelector).toEqual({ "state.$": "$.QueryExecution.Status.State" });
      expect(state.ResultPath).toBeUndefined();
    }
  });

  test("executions end, are traced, and log failures without inputs and outputs", () => {
    expect(definitions.snapshot().TimeoutSeconds).toBe(86_400);
    expect(definitions.compaction().TimeoutSeconds).toBe(21_600);
    for (const { Properties } of resourcesOf(example().lake, "AWS::StepFunctions::StateMachine").values()) {
      expect(Properties.TracingConfiguration).toEqual({ Enabled: true });
      expect(Properties.LoggingConfiguration).toMatchObject({ Level: "ERROR", IncludeExecutionData: false });
      expect(Properties.StateMachineType).toBeUndefined();
    }
  });
});
