import { SFNClient } from "@aws-sdk/client-sfn";
import { describe, expect, test } from "@jest/globals";
import {
  type ExecutionEnd,
  type ExecutionProgress,
  executionError,
  followExecution,
  startExecution,
} from "../../src/aws/execution.ts";
import { type FakeAnswer, type FakeRequest, fakeAws, refusal, socketFault } from "./fake-aws.ts";

const MACHINE = "arn:aws:states:us-east-1:1:stateMachine:Snapshot";
const EXECUTION = "arn:aws:states:us-east-1:1:execution:Snapshot:run";

type Answers = Readonly<Record<string, (request: FakeRequest, call: number) => FakeAnswer>>;

function cloud(answers: Answers) {
  const calls = new Map<string, number>();
  const aws = fakeAws((request) => {
    const call = (calls.get(request.operation) ?? 0) + 1;
    calls.set(request.operation, call);
    const answer = answers[request.operation];
    return answer === undefined ? refusal("AccessDeniedException", "no") : answer(request, call);
  });
  return { client: new SFNClient(aws.options), requests: aws.requests };
}

/** A clock that advances only by sleeping. */
function virtualTime() {
  const slept: number[] = [];
  let nowMs = 1_000_000;
  const timing = {
    nowMs: () => nowMs,
    random: () => 1,
    sleep: async (ms: number) => {
      slept.push(ms);
      nowMs += ms;
    },
  };
  return { timing, slept };
}

async function followed(answers: Answers, signal = new AbortController().signal) {
  const { client } = cloud(answers);
  const { timing, slept } = virtualTime();
  const progress: ExecutionProgress[] = [];
  const onProgress = (told: ExecutionProgress) => void progress.push(told);
  const end = await followExecution({ client, executionArn: EXECUTION, signal, onProgress, timing });
  return { end, slept, progress };
}

const running: FakeAnswer = { body: { status: "RUNNING", startDate: 1000 } };
const succeeded: FakeAnswer = { body: { status: "SUCCEEDED", output: '{"outcome":"committed"}' } };

describe("a start", () => {
  test("gives the execution that it has started", async () => {
    const { client, requests } = cloud({ StartExecution: () => ({ body: { executionArn: EXECUTION } }) });
    expect(await startExecution({ client, machineArn: MACHINE, name: "run", input: { a: 1 } })).toBe(
      EXECUTION,
    );
    expect(JSON.parse(requests[0]?.text ?? "")).toEqual({
      stateMachineArn: MACHINE,
      name: "run",
      input: '{"a":1}',
    });
  });

  test("whose answer was lost finds its execution by the name", async () => {
    const { client } = cloud({ StartExecution: () => refusal("ExecutionAlreadyExists") });
    expect(await startExecution({ client, machineArn: MACHINE, name: "run", input: {} })).toBe(EXECUTION);
  });

  test("that is not allowed says so", async () => {
    const { client } = cloud({});
    await expect(
      startExecution({ client, machineArn: MACHINE, name: "run", input: {} }),
    ).rejects.toMatchObject({
      code: "CREDENTIALS",
    });
  });
});

describe("an execution that is followed", () => {
  test("is asked for with growing, bounded waits, and its end is told", async () => {
    const { end, slept } = await followed({
      DescribeExecution: (_, call) => (call < 12 ? running : succeeded),
    });
    expect(end).toMatchObject({ status: "SUCCEEDED", output: { outcome: "committed" } });
    expect(slept).toHaveLength(11);
    expect(slept.slice(0, 3)).toEqual([500, 1000, 2000]);
    expect(Math.max(...slept)).toBe(10_000);
  });

  test("tells in which state it is and how many parts are done; what cannot be told is left out", async () => {
    const entered = (name: string, type: string) => ({
      body: { events: [{ type, id: 2, timestamp: 1, stateEnteredEventDetails: { name } }] },
    });
    const { progress } = await followed({
      DescribeExecution: (_, call) => (call < 4 ? running : succeeded),
      GetExecutionHistory: (_, call) =>
        [entered("Begin", "TaskStateEntered"), entered("Parts", "MapStateEntered")][call - 1] ??
        refusal("AccessDeniedException", "no"),
      ListMapRuns: () => ({
        body: { mapRuns: [{ mapRunArn: "m", executionArn: EXECUTION, stateMachineArn: "s", startDate: 1 }] },
      }),
      DescribeMapRun: () => ({ body: { itemCounts: { succeeded: 3, total: 7 } } }),
    });
    expect(progress.map(({ state, parts }) => [state, parts])).toEqual([
      ["Begin", undefined],
      ["Parts", { done: 3, all: 7 }],
      [undefined, undefined],
    ]);
  });

  test("outlasts throttled and lost polls, but not for ever", async () => {
    const lost = (call: number): FakeAnswer => {
      if (call % 2 === 0) return refusal("ThrottlingException", "Rate exceeded");
      throw socketFault();
    };
    const { end } = await followed({ DescribeExecution: (_, call) => (call < 15 ? lost(call) : succeeded) });
    expect(end?.status).toBe("SUCCEEDED");
    await expect(followed({ DescribeExecution: (_, call) => lost(call * 2) })).rejects.toMatchObject({
      code: "THROTTLED",
    });
    await expect(followed({})).rejects.toMatchObject({ code: "CREDENTIALS" });
  });

  test("is left alone at the signal", async () => {
    const leaving = new AbortController();
    const { end } = await followed(
      {
        DescribeExecution: (_, call) => {
          if (call === 3) leaving.abort();
          return running;
        },
      },
      leaving.signal,
    );
    expect(end).toBeUndefined();
  });
});

describe("an execution that did not succeed", () => {
  const end = (more: Partial<ExecutionEnd>): ExecutionEnd => ({
    executionArn: EXECUTION,
    status: "FAILED",
    output: undefined,
    error: undefined,
    cause: undefined,
    ...more,
  });
  const told = (errorMessage: string) =>
    JSON.stringify({ errorType: "X", errorMessage, trace: ["at secret"] });

  test.each<[string, Partial<ExecutionEnd>, object]>([
    [
      "a function's error is ours, with its next step",
      { error: "BACKUPS_OFF", cause: told("recovery is off -> Turn it on. Then again.") },
      { code: "BACKUPS_OFF", message: "it failed: recovery is off", next: "Turn it on. Then again." },
    ],
    [
      "without a next step the catalog's is told",
      { error: "CONFLICT", cause: told("others came first") },
      {
        code: "CONFLICT",
        message: "it failed: others came first",
        next: expect.stringContaining("run the command again"),
      },
    ],
    [
      "an export's failure is the source's",
      { error: "EXPORT_FAILED", cause: "x" },
      { code: "SOURCE_FAILED", message: "it failed: EXPORT_FAILED" },
    ],
    [
      "another error is the engine's, without its cause, which may quote a statement",
      { error: "States.TaskFailed", cause: "SELECT 'secret'" },
      {
        code: "ENGINE_FAILED",
        message: "it failed: States.TaskFailed",
        next: expect.stringContaining(EXECUTION),
      },
    ],
    ["no error at all", {}, { code: "ENGINE_FAILED", message: "it failed: no error was reported" }],
    ["one that took too long", { status: "TIMED_OUT" }, { code: "INCOMPLETE", message: "it timed out" }],
    ["one that was stopped", { status: "ABORTED" }, { code: "INCOMPLETE", message: "it was stopped" }],
  ])("%s", (_, more, wanted) => {
    const error = executionError("it", end(more));
    expect(error).toMatchObject(wanted);
    expect(`${error.message} ${error.next}`).not.toContain("secret");
  });
});
