import { describe, expect, test } from "@jest/globals";
import { compactionOutput, snapshotOutput } from "../../../src/aws/contracts/machines.ts";
import {
  beginSnapshotEvent,
  type CompactionKind,
  cleanEvent,
  commitEvent,
  type PlanCompactionEvent,
  type PlannedCompaction,
  planCompactionEvent,
  planSeedEvent,
  snapshotPartEvent,
} from "../../../src/aws/contracts/steps.ts";
import { example } from "../example.ts";
import {
  type Definition,
  definitionOf,
  executeMachine,
  type Outcome,
  type State,
  TaskError,
} from "../machine-execution.ts";
import { once, resourceOf, resourcesOf } from "../support.ts";

const definitionNamed = (id: RegExp): Definition =>
  definitionOf(resourceOf(example().reviews, "AWS::StepFunctions::StateMachine", id));
const definitions = {
  snapshot: once(() => definitionNamed(/Snapshot/)),
  compaction: once(() => definitionNamed(/Compaction/)),
};

type Handler = (event: never) => unknown;

interface Played {
  readonly outcome: Outcome;
  /** The functions and services called, in order, with their events. */
  readonly calls: readonly (readonly [string, unknown])[];
}

/** What the handlers take for an event. */
const EVENTS: Readonly<Record<string, { parse(event: unknown): unknown }>> = {
  BeginSnapshot: beginSnapshotEvent,
  SnapshotPart: snapshotPartEvent,
  PlanSeed: planSeedEvent,
  PlanCompaction: planCompactionEvent,
  Commit: commitEvent,
  Clean: cleanEvent,
};

/** A line of an export's manifest. */
const fileOf = (itemCount: number) => ({ itemCount, md5Checksum: "md5", dataFileS3Key: `${itemCount}.gz` });

/** Plays a machine whose functions answer as given; each is called by its handler's name, in pascal case. */
function play(
  definition: Definition,
  input: unknown,
  given: Readonly<Record<string, Handler>>,
  running = 1,
): Played {
  const calls: [string, unknown][] = [];
  const outcome = executeMachine(definition, input, {
    task: (resource, event) => {
      const name = resource.replace(/^<ReviewsFunctions(\w+)\.Arn>$/, "$1").replace(/^arn:.*:::/, "");
      calls.push([name, event]);
      EVENTS[name]?.parse(event);
      if (name.endsWith(":listExecutions")) return { Executions: executions(running) };
      if (name === "sns:publish" || name === "Clean") return {};
      const handler = given[name] ?? handlers[name];
      if (handler === undefined) throw new Error(`unexpected call of ${name}`);
      return handler(event as never);
    },
    lines: (key) =>
      key.endsWith("manifest-files.json") ? [fileOf(1), fileOf(2)] : [{ sql: "A" }, { sql: "B" }],
  });
  return { outcome, calls };
}

/** Newest first; this execution is the oldest if `running` is positive, otherwise the newest. */
function executions(running: number): readonly { ExecutionArn: string }[] {
  const others = Array.from({ length: Math.abs(running) - 1 }, () => ({ ExecutionArn: "arn:other" }));
  const own = { ExecutionArn: "arn:execution" };
  return running > 0 ? [...others, own] : [own, ...others];
}

const SEEDED = {
  run: "r1",
  statementsKey: "reviews/staging/r1/statements.jsonl",
  items: 3,
  skipped: 2,
  quarantined: 1,
};

const handlers: Readonly<Record<string, Handler>> = {
  BeginSnapshot: () => ({
    run: "r1",
    exportArn: "arn:export",
    exportPrefix: "reviews/exports/AWSDynamoDB/1/",
  }),
  "aws-sdk:dynamodb:describeExport": () => ({ ExportDescription: { ExportStatus: "COMPLETED" } }),
  SnapshotPart: () => null,
  PlanSeed: () => ({ ...SEEDED, statements: 2 }),
  "athena:startQueryExecution.sync": () => ({ QueryExecution: { Status: { State: "SUCCEEDED" } } }),
  Commit: () => ({ outcome: "committed", kind: "snapshot", manifest: 7, rows: 3, segments: 1 }),
  PublishViews: () => ({ manifest: 7 }),
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

const FAILURE = "<DynalakeLake:ExportsOutputRefLakeFailure>";
const SUCCESS = "<DynalakeLake:ExportsOutputRefLakeSuccess>";

describe("the snapshot", () => {
  test("exports, stages, commits, publishes, cleans and reports", () => {
    const played = play(definitions.snapshot(), {}, {});
    expect(names(played)).toEqual([
      "BeginSnapshot",
      "aws-sdk:dynamodb:describeExport",
      "SnapshotPart",
      "SnapshotPart",
      "PlanSeed",
      "athena:startQueryExecution.sync",
      "athena:startQueryExecution.sync",
      "Commit",
      "PublishViews",
      "Clean",
      "sns:publish",
    ]);
    expect(events(played, "BeginSnapshot")).toEqual([{ first: false, execution: "execution-name" }]);
    expect(events(played, "SnapshotPart")[1]).toEqual({ run: "r1", index: 1, part: fileOf(2) });
    const ofRun = { run: "r1", exportPrefix: "reviews/exports/AWSDynamoDB/1/" };
    expect(events(played, "PlanSeed")).toEqual([ofRun]);
    expect(events(played, "Commit")).toEqual([{ run: "r1" }]);
    expect(events(played, "Clean")).toEqual([ofRun]);
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
    expect(reports(played)).toEqual([
      { topic: SUCCESS, subject: "dynalake: snapshot of reviews succeeded", ...output },
    ]);
  });

  test("runs statements in the work group, under tokens by which Athena knows them again", () => {
    const statements = events(play(definitions.snapshot(), {}, {}), "athena:startQueryExecution.sync");
    expect(statements).toEqual(
      ["A", "B"].map((sql, index) => ({
        QueryString: sql,
        ClientRequestToken: `dynalake-statement-of-run-r1-${index}`,
        WorkGroup: "dynalake",
        QueryExecutionContext: { Database: "dynalake", Catalog: "AwsDataCatalog" },
      })),
    );
    // Athena requires at least 32 characters; run names are longer than five.
    expect("dynalake-statement-of-run-".length + "-0".length).toBeGreaterThanOrEqual(32 - 6);
  });

  test("waits until the export has ended", () => {
    const statuses = ["IN_PROGRESS", "IN_PROGRESS", "COMPLETED"];
    const describeExport = () => ({ ExportDescription: { ExportStatus: statuses.shift() } });
    const played = play(definitions.snapshot(), {}, { "aws-sdk:dynamodb:describeExport": describeExport });
    expect(names(played).filter((name) => name.endsWith("describeExport"))).toHaveLength(3);
    expect(played.outcome.status).toBe("SUCCEEDED");
  });

  test("fails when the export does", () => {
    const describeExport = () => ({ ExportDescription: { ExportStatus: "FAILED" } });
    const played = play(definitions.snapshot(), {}, { "aws-sdk:dynamodb:describeExport": describeExport });
    expect(played.outcome).toMatchObject({ status: "FAILED", error: "EXPORT_FAILED" });
    expect(names(played)).not.toContain("SnapshotPart");
  });

  test("of an empty table runs no statement and commits", () => {
    const played = play(definitions.snapshot(), {}, { PlanSeed: () => ({ ...SEEDED, statements: 0 }) });
    expect(names(played)).not.toContain("athena:startQueryExecution.sync");
    expect(names(played)).toContain("Commit");
    expect(played.outcome.status).toBe("SUCCEEDED");
  });

  test("that finds a later one cleans up and ends without an alarm", () => {
    const played = play(definitions.snapshot(), {}, { Commit: () => ({ outcome: "conflict" }) });
    expect(played.outcome).toEqual({ status: "SUCCEEDED", output: { outcome: "conflict" } });
    expect(names(played).slice(-2)).toEqual(["Commit", "Clean"]);
  });

  test("the first one is not taken again where the lake has one", () => {
    const played = play(definitions.snapshot(), { first: true }, { BeginSnapshot: () => ({ skip: true }) });
    expect(played.outcome).toEqual({ status: "SUCCEEDED", output: { outcome: "skipped" } });
    expect(names(played)).toEqual(["aws-sdk:sfn:listExecutions", "BeginSnapshot"]);
    expect(events(played, "BeginSnapshot")).toEqual([{ first: true, execution: "execution-name" }]);
  });

  test("the first one is not taken while another one runs", () => {
    const played = play(definitions.snapshot(), { first: true }, {}, -2);
    expect(played.outcome).toEqual({ status: "SUCCEEDED", output: { outcome: "skipped" } });
    expect(names(played)).not.toContain("BeginSnapshot");
  });

  test("one that is started by hand asks nobody", () => {
    expect(names(play(definitions.snapshot(), {}, {}, -3))).toContain("Commit");
  });
});

describe("the compaction", () => {
  /** Plans each kind once, as plan-compaction does. */
  const planner = (kinds: readonly CompactionKind[]): Handler =>
    ((event: PlanCompactionEvent): PlannedCompaction => {
      const { done, lastRun } = event;
      const kind = kinds.find((each) => !done.includes(each));
      if (kind === undefined) return { step: "publish", done, clean: lastRun ? { run: lastRun } : {} };
      const run = `run-${kind}`;
      const next = { ...event, done: [...done, kind], lastRun: run };
      const statements = kind === "schema" ? 0 : 2;
      return { step: "stage", kind, run, statements, statementsKey: "k", done, next };
    }) as Handler;

  test("plans, stages and commits until all is done, then publishes, cleans and reports", () => {
    const played = play(definitions.compaction(), {}, { PlanCompaction: planner(["minor", "major"]) });
    const run = [
      "PlanCompaction",
      "athena:startQueryExecution.sync",
      "athena:startQueryExecution.sync",
      "Commit",
    ];
    expect(names(played)).toEqual([
      "aws-sdk:sfn:listExecutions",
      ...run,
      ...run,
      "PlanCompaction",
      "PublishViews",
      "Clean",
      "sns:publish",
    ]);
    const asked = { scope: "grown", execution: "execution-name" };
    expect(events(played, "PlanCompaction")).toEqual([
      { ...asked, done: [] },
      { ...asked, done: ["minor"], lastRun: "run-minor" },
      { ...asked, done: ["minor", "major"], lastRun: "run-major" },
    ]);
    expect(events(played, "Clean")).toEqual([{ run: "run-major" }]);
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
      { topic: SUCCESS, subject: "dynalake: compaction of reviews succeeded", done: ["minor", "major"] },
    ]);
  });

  test("commits a changed schema without staging anything", () => {
    const played = play(definitions.compaction(), {}, { PlanCompaction: planner(["schema"]) });
    expect(names(played)).toEqual([
      "aws-sdk:sfn:listExecutions",
      "PlanCompaction",
      "Commit",
      "PlanCompaction",
      "PublishViews",
      "Clean",
      "sns:publish",
    ]);
  });

  test("with nothing to do still publishes: an earlier one may have died before", () => {
    const played = play(definitions.compaction(), {}, { PlanCompaction: planner([]) });
    expect(names(played)).toContain("PublishViews");
    expect(events(played, "Clean")).toEqual([{}]);
  });

  test("passes its input on, and takes no list of what is done from outside", () => {
    const input = { scope: "all", settleSeconds: 5, done: ["minor"], execution: "other" };
    const [asked] = events(
      play(definitions.compaction(), input, { PlanCompaction: planner([]) }),
      "PlanCompaction",
    );
    expect(asked).toEqual({ scope: "all", settleSeconds: 5, done: [], execution: "execution-name" });
  });

  test("that loses against another one ends without an alarm", () => {
    const played = play(
      definitions.compaction(),
      {},
      {
        PlanCompaction: planner(["minor"]),
        Commit: () => ({ outcome: "conflict" }),
      },
    );
    expect(played.outcome).toEqual({ status: "SUCCEEDED", output: { outcome: "conflict" } });
    expect(reports(played)).toEqual([]);
  });

  test.each([
    ["an older one runs", -2, "conflict"],
    ["two others run", -3, "conflict"],
    ["a newer one runs, which will end itself", 2, "succeeded"],
  ])("where %s", (_, running, outcome) => {
    const played = play(definitions.compaction(), {}, { PlanCompaction: planner([]) }, running);
    expect(played.outcome).toMatchObject({ status: "SUCCEEDED", output: { outcome } });
  });

  test("with an answer that means nothing fails", () => {
    const played = play(
      definitions.compaction(),
      {},
      { PlanCompaction: () => ({ step: "dance", done: [] }) },
    );
    expect(played.outcome).toMatchObject({ status: "FAILED", error: "INTERNAL" });
  });
});

describe("a failure", () => {
  const failing = (): never => {
    throw new TaskError("EXPORT_INVALID", "a value of an item");
  };

  test.each([
    "BeginSnapshot",
    "SnapshotPart",
    "PlanSeed",
    "athena:startQueryExecution.sync",
    "Commit",
    "PublishViews",
  ])("of %s is reported without its cause, which stays in the execution", (name) => {
    const played = play(definitions.snapshot(), {}, { [name]: failing });
    expect(played.outcome).toEqual({
      status: "FAILED",
      error: "EXPORT_INVALID",
      cause: "a value of an item",
    });
    expect(reports(played)).toEqual([
      {
        topic: FAILURE,
        subject: "dynalake: snapshot of reviews failed",
        outcome: "failed",
        table: "reviews",
        machine: "snapshot",
        error: "EXPORT_INVALID",
        execution: "arn:execution",
      },
    ]);
  });

  test("is one also where it cannot be reported", () => {
    const unreachable = { ...definitions.compaction() };
    const outcome = executeMachine(
      unreachable,
      {},
      {
        task: (resource) => {
          if (resource.endsWith("listExecutions")) return { Executions: executions(1) };
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
          if (resource.endsWith("listExecutions")) return { Executions: executions(1) };
          if (resource.endsWith("publish")) throw new TaskError("SNS.Down", "why");
          return resource.includes("Plan") ? { step: "publish", done: [], clean: {} } : { manifest: 1 };
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
    for (const [, state] of all()) {
      if (state.Type !== "Task" && state.Type !== "Map") continue;
      expect(state.Catch).toMatchObject([{ ErrorEquals: ["States.ALL"] }]);
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
              expect(name).toMatch(/^(Lambda|Athena|Sfn|DynamoDb)\.|^(BACKUPS_OFF|THROTTLED|UNREACHABLE)$/);
        }
      }
    }
  });

  test("a quota that others use up is waited for, for half an hour at most times", () => {
    const tasks = all().flatMap(([, state]): readonly State[] =>
      state.Type === "Map" ? Object.values(state.ItemProcessor.States) : [state],
    );
    const own = tasks.filter(({ Resource = "" }) => /Arn>$|athena:/.test(Resource));
    expect(own).toHaveLength(13);
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
    expect(waiting.map(([name]) => name)).toEqual(["Begin"]);
  });

  test("the files of an export leave functions to the stream, of the ten that an account begins with", () => {
    expect(definitions.snapshot().States.Parts?.MaxConcurrency).toBeLessThanOrEqual(7);
  });

  test("a day of waiting for an export fits into the history of an execution", () => {
    const { WaitForExport } = definitions.snapshot().States;
    const polls = (definitions.snapshot().TimeoutSeconds ?? 0) / WaitForExport?.Seconds;
    // Three states are entered and exited; the call is scheduled, started and succeeds.
    expect(polls * 9).toBeLessThan(22_000);
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
    for (const { Properties } of resourcesOf(
      example().reviews,
      "AWS::StepFunctions::StateMachine",
    ).values()) {
      expect(Properties.TracingConfiguration).toEqual({ Enabled: true });
      expect(Properties.LoggingConfiguration).toMatchObject({ Level: "ERROR", IncludeExecutionData: false });
      expect(Properties.StateMachineType).toBeUndefined();
    }
  });
});
