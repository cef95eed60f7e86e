import { AthenaClient } from "@aws-sdk/client-athena";
import { describe, expect, test } from "@jest/globals";
import { type Athena, athenaStatements, STATEMENT_BYTES_MAX } from "../../src/aws/athena-client.ts";
import { statementError } from "../../src/aws/athena-error.ts";
import type { ResultPage } from "../../src/aws/athena-result.ts";
import type { Timing } from "../../src/sdk/timing.ts";
import { VirtualTiming } from "../source/virtual-timing.ts";
import { deepTest } from "../support/deep-test.ts";
import {
  type FakeAnswer,
  type FakeAws,
  type FakeRequest,
  fakeAws,
  refusal,
  socketFault,
} from "./fake-aws.ts";

interface Waiting extends Timing {
  readonly waitsMs: readonly number[];
}

/** A virtual clock that records its waits. */
function waiting(): Waiting {
  const virtual = new VirtualTiming();
  const waitsMs: number[] = [];
  return {
    waitsMs,
    nowMs: () => virtual.nowMs(),
    random: () => virtual.random(),
    sleep: (ms, signal) => {
      waitsMs.push(ms);
      return virtual.sleep(ms, signal);
    },
  };
}

type Answers = Readonly<Record<string, (request: FakeRequest) => FakeAnswer>>;

function athenaOn(
  answers: Answers,
  more: { readonly untilMs?: number } = {},
): FakeAws & { readonly athena: Athena; readonly timing: Waiting } {
  const timing = waiting();
  const fake = fakeAws((request) => {
    const answer = answers[request.operation];
    if (answer === undefined) throw new Error(`unexpected operation ${request.operation}`);
    return answer(request);
  });
  const options = { database: "lake", workGroup: "group", timing, timeoutSeconds: 600, ...more };
  return {
    ...fake,
    timing,
    athena: athenaStatements({ ...options, client: new AthenaClient(fake.options) }),
  };
}

const started: FakeAnswer = { body: { QueryExecutionId: "q1" } };
const state = (State: string, more: object = {}): FakeAnswer => ({
  body: { QueryExecution: { QueryExecutionId: "q1", StatementType: "DML", Status: { State, ...more } } },
});

describe("a statement", () => {
  test("is started with its database and work group, and waited for with growing patience", async () => {
    let polls = 0;
    const { athena, requests, timing } = athenaOn({
      StartQueryExecution: () => started,
      GetQueryExecution: () => state(++polls < 30 ? (polls < 3 ? "QUEUED" : "RUNNING") : "SUCCEEDED"),
    });
    expect(await athena.run("SELECT 1")).toEqual({ id: "q1", type: "DML", scannedBytes: 0 });
    expect(JSON.parse(requests[0]?.text ?? "")).toMatchObject({
      QueryString: "SELECT 1",
      WorkGroup: "group",
      QueryExecutionContext: { Database: "lake", Catalog: "AwsDataCatalog" },
    });
    expect(timing.waitsMs[0]).toBeLessThanOrEqual(200);
    expect(Math.max(...timing.waitsMs)).toBeLessThanOrEqual(3_000);
    expect(timing.waitsMs.at(-1)).toBeGreaterThan(1_000);
  });

  test("that many others hold up is the same statement at each try, for as long as it may take", async () => {
    let starts = 0;
    const { athena, requests } = athenaOn({
      StartQueryExecution: () => {
        starts++;
        if (starts === 2) throw socketFault();
        return starts < 5 ? refusal("TooManyRequestsException", "CONCURRENT_QUERY_LIMIT_EXCEEDED") : started;
      },
      GetQueryExecution: () => state("SUCCEEDED"),
    });
    await athena.run("SELECT 1");
    const tokens = requests
      .filter(({ operation }) => operation === "StartQueryExecution")
      .map(({ text }) => (JSON.parse(text) as { ClientRequestToken: string }).ClientRequestToken);
    expect(tokens).toHaveLength(5);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]?.length).toBeGreaterThanOrEqual(32);
    const held = athenaOn({ StartQueryExecution: () => refusal("TooManyRequestsException", "too many") });
    await expect(held.athena.run("SELECT 1")).rejects.toMatchObject({ code: "THROTTLED", retryable: true });
    expect(held.timing.waitsMs.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(500_000);
  });

  test("has the token that it is given", async () => {
    const { athena, requests } = athenaOn({
      StartQueryExecution: () => started,
      GetQueryExecution: () => state("SUCCEEDED"),
    });
    const token = "a-token-of-at-least-32-characters";
    await athena.run("SELECT 1", { token });
    expect(JSON.parse(requests[0]?.text ?? "")).toMatchObject({ ClientRequestToken: token });
  });

  deepTest("that does not end in time is stopped, and told", async () => {
    const { athena, requests } = athenaOn({
      StartQueryExecution: () => started,
      GetQueryExecution: () => state("RUNNING"),
      StopQueryExecution: () => ({ body: {} }),
    });
    await expect(athena.run("SELECT 1")).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      message: expect.stringContaining("after 10 min"),
    });
    expect(requests.filter(({ operation }) => operation === "StopQueryExecution")).toHaveLength(1);
  });

  test("is not waited for longer than its function lives, and none is started when that is over", async () => {
    const untilMs = new VirtualTiming().nowMs() + 60_000;
    const { athena, requests, timing } = athenaOn(
      {
        StartQueryExecution: () => started,
        GetQueryExecution: () => state("RUNNING"),
        StopQueryExecution: () => ({ body: {} }),
      },
      { untilMs },
    );
    const outOfTime = (message: string) => ({ code: "ENGINE_FAILED", message });
    await expect(athena.run("SELECT 1")).rejects.toMatchObject(
      outOfTime("stopped a statement: the function was about to time out"),
    );
    expect(timing.nowMs()).toBeLessThanOrEqual(untilMs);
    expect(requests.at(-1)?.operation).toBe("StopQueryExecution");
    await timing.sleep(60_000, new AbortController().signal);
    const before = requests.length;
    await expect(athena.run("SELECT 1")).rejects.toMatchObject(
      outOfTime("did not start a statement: no time left"),
    );
    expect(requests).toHaveLength(before);
  });

  test("that nobody waits for any longer is stopped", async () => {
    const abort = new AbortController();
    let polls = 0;
    const { athena, requests } = athenaOn({
      StartQueryExecution: () => started,
      GetQueryExecution: () => {
        if (++polls === 3) abort.abort();
        return state("RUNNING");
      },
      StopQueryExecution: () => refusal("InternalServerException", "not now", 500),
    });
    const run = athena.run("SELECT 1", { signal: abort.signal });
    await expect(run).rejects.toMatchObject({ code: "INCOMPLETE" });
    expect(requests.at(-1)?.operation).toBe("StopQueryExecution");
    expect(polls).toBe(3);
  });

  test("goes on while answers about it are lost, though not for ever", async () => {
    let polls = 0;
    const { athena } = athenaOn({
      StartQueryExecution: () => started,
      GetQueryExecution: () => {
        if (++polls < 4) throw socketFault();
        return state("SUCCEEDED");
      },
    });
    await athena.run("SELECT 1");
    const { athena: lost } = athenaOn({
      StartQueryExecution: () => started,
      GetQueryExecution: () => refusal("InternalServerException", "down", 500),
    });
    await expect(lost.run("SELECT 1")).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  });

  test("that has run before is found by its id, and one that Athena does not know is a mistake", async () => {
    const { athena } = athenaOn({
      GetQueryExecution: ({ text }) =>
        text.includes("q1")
          ? state("SUCCEEDED")
          : refusal("InvalidRequestException", "QueryExecution q2 was not found"),
    });
    expect(await athena.finished("q1")).toMatchObject({ id: "q1", type: "DML" });
    await expect(athena.finished("q2")).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("q2"),
      next: expect.stringContaining("Run it again"),
    });
  });

  test("that cannot be looked for is not called unknown", async () => {
    const { athena } = athenaOn({
      GetQueryExecution: () => refusal("AccessDeniedException", "not authorized"),
    });
    await expect(athena.finished("q1")).rejects.toMatchObject({ code: "CREDENTIALS" });
  });

  test("longer than Athena takes is refused before it is sent, with what to do", async () => {
    const { athena, requests } = athenaOn({});
    await expect(athena.run(`SELECT '${"ü".repeat(STATEMENT_BYTES_MAX / 2)}'`)).rejects.toMatchObject({
      code: "SQL_FAILED",
      next: expect.stringContaining("Compact"),
    });
    expect(requests).toEqual([]);
  });

  test.each([
    ["InvalidRequestException", "line 1:1: mismatched input 'SELEC'", "SQL_FAILED"],
    ["InvalidRequestException", "Queries of this type are not supported", "SQL_FAILED"],
    ["InvalidRequestException", "WorkGroup group is not found.", "ENGINE_FAILED"],
    ["AccessDeniedException", "User is not authorized to perform: athena:StartQueryExecution", "CREDENTIALS"],
    ["UnrecognizedClientException", "The security token is invalid", "CREDENTIALS"],
  ])("refused at its start by %s: %s is %s", async (name, message, code) => {
    const { athena } = athenaOn({ StartQueryExecution: () => refusal(name, message) });
    const words = message.replace(/\.$/, "");
    await expect(athena.run("SELEC")).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
  });
});

test.each([
  ["SYNTAX_ERROR: line 1:8: Column 'nothing' cannot be resolved", undefined, "SQL_FAILED"],
  ["TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.lake.t' does not exist", undefined, "SQL_FAILED"],
  ["TYPE_MISMATCH: line 1:8: Cannot apply operator", undefined, "SQL_FAILED"],
  ["FAILED: ParseException line 1:0 cannot recognize input", 1003, "SQL_FAILED"],
  ["no word of why", 1006, "SQL_FAILED"],
  ["Query exhausted resources at this scale factor", 1, "ENGINE_FAILED"],
  ["GENERIC_INTERNAL_ERROR: something", undefined, "ENGINE_FAILED"],
  ["HIVE_BAD_DATA: Malformed Parquet file. s3://lake/x is not a valid Parquet File", 1001, "ENGINE_FAILED"],
  ["no word of why", 1403, "THROTTLED"],
  ["HIVE_CANNOT_OPEN_SPLIT: Please reduce your request rate", undefined, "THROTTLED"],
  ["PERMISSION_DENIED: Access Denied", undefined, "CREDENTIALS"],
  ["HIVE_METASTORE_ERROR: User: arn is not authorized to perform: glue:GetTable", 204, "CREDENTIALS"],
  ["no word of why", 1501, "CREDENTIALS"],
  [undefined, undefined, "ENGINE_FAILED"],
])("a failure told as %s (%s) is %s", (reason, type, code) => {
  const status = {
    ...(reason === undefined ? {} : { StateChangeReason: reason }),
    ...(type === undefined ? {} : { AthenaError: { ErrorType: type } }),
  };
  const error = statementError(status);
  expect(error).toMatchObject({ code, message: reason ?? "Athena gave no reason" });
});

test.each([
  [
    "INVALID_CAST_ARGUMENT: Cannot cast 'secret it''s' to BIGINT",
    "INVALID_CAST_ARGUMENT: Cannot cast '...''...' to BIGINT",
  ],
  ['INVALID_FUNCTION_ARGUMENT: Invalid format: "secret"', "INVALID_FUNCTION_ARGUMENT: Invalid format: '...'"],
  [
    "HIVE_BAD_DATA: Error parsing a column. For input string: secret\nsecret",
    "HIVE_BAD_DATA: Error parsing a column. For input string:'...'",
  ],
])("a message about data does not quote it: %s", (said, told) => {
  const { message } = statementError({ StateChangeReason: said });
  expect(message).toBe(told);
  expect(message).not.toContain("secret");
});

describe("rows", () => {
  const columns = [
    ["text", "varchar"],
    ["whole", "bigint"],
    ["yes", "boolean"],
    ["real", "double"],
    ["time", "timestamp"],
    ["exact", "decimal"],
  ].map(([Name, Type]) => ({ Name, Type }));
  const row = (...values: readonly (string | undefined)[]): object => ({
    Data: values.map((value) => (value === undefined ? {} : { VarCharValue: value })),
  });
  const header = row("text", "whole", "yes", "real", "time", "exact");
  const results = (Rows: readonly object[], NextToken?: string): FakeAnswer => ({
    body: { ResultSet: { ResultSetMetadata: { ColumnInfo: columns }, Rows }, NextToken },
  });

  async function pagesOf(type: "DML" | "UTILITY", answer: Answers[string]): Promise<readonly ResultPage[]> {
    const { athena } = athenaOn({ GetQueryResults: answer });
    const pages: ResultPage[] = [];
    for await (const page of athena.pages({ id: "q1", type, scannedBytes: 0 })) pages.push(page);
    return pages;
  }

  test("are values of their columns' types; a null is not an empty text", async () => {
    const [page] = await pagesOf("DML", () =>
      results([
        header,
        row("", "9223372036854775807", "true", "1.5E-7", "2026-11-23 01:02:03.456", "1.10"),
        row(undefined, "-5", "false", "Infinity", undefined, undefined),
      ]),
    );
    expect(page?.rows).toEqual([
      ["", 9223372036854775807n, true, 1.5e-7, "2026-11-23 01:02:03.456", "1.10"],
      [null, -5, false, Number.POSITIVE_INFINITY, null, null],
    ]);
    expect(page?.columns[1]).toEqual({ name: "whole", type: "bigint" });
  });

  test("begin after the header of the first page, and of no other", async () => {
    const pages = await pagesOf("DML", ({ text }) => {
      const { NextToken } = JSON.parse(text) as { NextToken?: string };
      return NextToken === undefined ? results([header, row("a")], "p2") : results([row("text"), row("b")]);
    });
    expect(pages.map(({ rows }) => rows.map(([text]) => text))).toEqual([["a"], ["text", "b"]]);
  });

  test("of a SHOW have no header", async () => {
    const [page] = await pagesOf("UTILITY", () => results([row("a"), row("b")]));
    expect(page?.rows).toHaveLength(2);
  });

  test("that are none are none", async () => {
    expect((await pagesOf("DML", () => results([header]))).map(({ rows }) => rows)).toEqual([[]]);
    expect((await pagesOf("DML", () => ({ body: {} }))).map(({ rows }) => rows)).toEqual([[]]);
  });
});
