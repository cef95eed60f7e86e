/** The console of a deployment: an overview without statements, and statements that ask before they cost much. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { ConsoleLake } from "../../src/console/console-lake.ts";
import { lakeConsole } from "../../src/console/lake-console.ts";
import { stackEngine } from "../../src/console/open-stack-console.ts";
import { stackSource } from "../../src/console/stack-source.ts";
import { STATEMENT_LIMITS, Statements } from "../../src/console/statements.ts";
import { type OpenedStack, openStack } from "../../src/stack/open-stack.ts";
import { type FakeAnswer, refusal } from "../aws-adapters/fake-aws.ts";
import { answerLines } from "../support/console-session.ts";
import { type CloudRequest, type FakeCloud, fakeCloud } from "../support/fake-cloud.ts";
import { bucketAnswer } from "../support/fake-stack.ts";
import { LAKE_ENTRY } from "../support/registry.ts";
import { type Answers, BYTES_AT_MOST, executed, MEGABYTE, STACK_ANSWERS } from "./support/stack-answers.ts";

const PLACE = { kind: "stack", name: "S", option: "--stack S" } as const;

let cloud: FakeCloud;
let answers: Answers;
let stack: OpenedStack;

beforeAll(async () => {
  cloud = await fakeCloud((request) => answers[request.operation]?.(request));
  Object.assign(process.env, cloud.env);
});

beforeEach(async () => {
  answers = STACK_ANSWERS;
  stack = await openStack({ stack: "S", region: "us-east-1" }, new AbortController().signal);
});

afterAll(() => cloud.close());

const started = (): number =>
  cloud.requests.filter(({ operation }) => operation === "StartQueryExecution").length;
const consoleAbove = (bytes: number): ConsoleLake => lakeConsole(stackSource(stack, bytes), PLACE, Date.now);

function statementsAbove(bytes: number): Statements {
  return new Statements(stackEngine(stack, bytes), STATEMENT_LIMITS, () => 1_000);
}

const linesOf = (stream: ReadableStream<Uint8Array>): Promise<readonly object[]> =>
  answerLines(new Response(stream));

test("the overview and a table's page run no statement: rows are those of the base", async () => {
  const before = started();
  const console = consoleAbove(0);
  const { tables, findings } = await console.overview();
  expect(tables).toMatchObject([{ name: "reviews", rows: 40, areRowsCounted: false, segments: 2 }]);
  expect(findings).toEqual([]);
  expect(await console.table("reviews")).toMatchObject({ name: "reviews", log: { objects: 0 } });
  await expect(console.table("other")).rejects.toMatchObject({ code: "USAGE" });
  expect(started()).toBe(before);
});

test("a status says that a vacuum had no time for everything", async () => {
  const unfinished = { format: 2, sinceSeconds: 1_800_000_000, passes: 3, filesAfter: "run" };
  const keys = new Map([["reviews/vacuum.json", JSON.stringify(unfinished)]]);
  const inBucket = answers[""] as (request: CloudRequest) => FakeAnswer;
  answers = {
    ...answers,
    "": (request) =>
      request.path.includes("vacuum.json") ? bucketAnswer(request.path, keys) : inBucket(request),
  };
  const [table] = await stackSource(stack, 0).tables();
  const { status } = (await table?.status()) ?? {};
  expect(status).toMatchObject({ vacuum: { sinceSeconds: 1_800_000_000, passes: 3, goesOn: "tick" } });
});

describe("the figures of a day", () => {
  const requests = (): readonly CloudRequest[] =>
    cloud.requests.filter(({ operation }) => operation === "GetMetricData");

  test("are those of the functions and of Firehose", async () => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const at = (value: number, secondsAgo: number) => ({
      Timestamps: [nowSeconds - secondsAgo],
      Values: [value],
    });
    const results = [
      { Id: "lag0", ...at(2, 1_200) },
      { Id: "buffered0", ...at(60, 1_200) },
      { Id: "rows0", ...at(7, 0) },
    ];
    answers = { ...answers, GetMetricData: () => ({ body: { MetricDataResults: results } }) };
    const { tables } = await consoleAbove(0).overview();
    const { lag, changes } = tables[0]?.series ?? {};
    expect(lag?.worst.filter((worst) => worst !== null)).toEqual([62]);
    expect(changes?.ofAnyKind?.at(-1)).toBe(7);
    const own = {
      Namespace: `dynalake/${LAKE_ENTRY.database}`,
      Dimensions: [{ Name: "LakeTable", Value: "reviews" }],
    };
    expect(requests().at(-1)?.input?.MetricDataQueries).toEqual([
      {
        Id: "lag0",
        MetricStat: { Metric: { ...own, MetricName: "LagSeconds" }, Stat: "Maximum", Period: 600 },
      },
      {
        Id: "buffered0",
        MetricStat: {
          Metric: {
            Namespace: "AWS/Firehose",
            MetricName: "DeliveryToS3.DataFreshness",
            Dimensions: [{ Name: "DeliveryStreamName", Value: "reviews-delivery" }],
          },
          Stat: "Maximum",
          Period: 600,
        },
      },
      {
        Id: "rows0",
        MetricStat: { Metric: { ...own, MetricName: "DeliveredRows" }, Stat: "Sum", Period: 3600 },
      },
    ]);
  });

  test("are left out where they may not be read", async () => {
    answers = { ...answers, GetMetricData: () => refusal("AccessDeniedException", "no") };
    const { tables } = await consoleAbove(0).overview();
    expect(tables).toMatchObject([{ name: "reviews" }]);
    expect(tables[0]?.series).toBeUndefined();
  });
});

test("a statement that may read much tells its price and does not run, and runs once that is agreed to", async () => {
  const statements = statementsAbove(BYTES_AT_MOST - 1);
  const asked = { sql: "SELECT n FROM reviews", asOfSeconds: undefined };
  const before = started();
  const price = { bytesAtMost: BYTES_AT_MOST, dollarsAtMost: expect.closeTo(0.0003, 10) };
  expect(await linesOf(statements.answer(asked))).toEqual([{ price }]);
  expect(await linesOf(statements.answer(asked, BYTES_AT_MOST - 1))).toEqual([{ price }]);
  expect(started()).toBe(before);
  expect(statements.past).toEqual([]);
  expect(await linesOf(statements.answer(asked, BYTES_AT_MOST))).toEqual([
    { columns: [{ name: "n", type: "bigint" }] },
    { rows: [["12345678901234567890"]] },
    { end: { rows: 1, isCut: false, milliseconds: 0, scannedBytes: 12 * MEGABYTE } },
  ]);
  expect(started()).toBe(before + 1);
  expect(statements.executionOf(asked)).toBe("q-1");
  expect(statements.executionOf({ ...asked, asOfSeconds: 1 })).toBeUndefined();
});

test("a table that is named twice is read twice, and another name costs nothing", async () => {
  const lines = async (sql: string) => linesOf(statementsAbove(1).answer({ sql, asOfSeconds: undefined }));
  expect(await lines("SELECT a.n FROM reviews a JOIN Reviews b ON true")).toMatchObject([
    { price: { bytesAtMost: 2 * BYTES_AT_MOST } },
  ]);
  expect((await lines("SELECT 1 AS n")).at(-1)).toMatchObject({ end: { rows: 1 } });
});

test("a statement that reads more than its price is stopped", async () => {
  answers = { ...answers, GetQueryExecution: () => ({ body: executed("RUNNING", BYTES_AT_MOST + 1) }) };
  const lines = await linesOf(
    statementsAbove(MEGABYTE).answer({ sql: "SELECT n FROM reviews", asOfSeconds: undefined }, BYTES_AT_MOST),
  );
  expect(lines).toMatchObject([{ error: { code: "INCOMPLETE" } }]);
  expect(cloud.requests.at(-1)).toMatchObject({ operation: "StopQueryExecution" });
});

test("what was not asked about reads no more than it may, nor does the search for an item", async () => {
  answers = { ...answers, GetQueryExecution: () => ({ body: executed("RUNNING", MEGABYTE + 1) }) };
  const lines = await linesOf(
    statementsAbove(MEGABYTE).answer({ sql: "SELECT 1 AS n", asOfSeconds: undefined }),
  );
  expect(lines).toMatchObject([{ error: { code: "INCOMPLETE" } }]);
  answers = { ...answers, GetQueryExecution: () => ({ body: executed("RUNNING", 2e12) }) };
  const { signal } = new AbortController();
  await expect(consoleAbove(1e12).item("reviews", { id: "a" }, signal)).rejects.toMatchObject({
    code: "INCOMPLETE",
  });
});

test("an item is looked for in Athena's SQL, and not where that may read much", async () => {
  const before = started();
  const { signal } = new AbortController();
  await expect(consoleAbove(MEGABYTE).item("reviews", { id: "a'1" }, signal)).rejects.toMatchObject({
    code: "USAGE",
    next: expect.stringContaining("--confirm-above"),
  });
  expect(started()).toBe(before);
  await consoleAbove(1e12).item("reviews", { id: "a'1" }, signal);
  const sql = cloud.requests
    .flatMap(({ input }) => String(input?.QueryString ?? ""))
    .filter((text) => text !== "");
  expect(sql.slice(-3)).toEqual([
    expect.stringContaining(`to_unixtime(with_timezone(CAST(_changed_at AS TIMESTAMP), 'UTC'))`),
    expect.stringContaining(`FROM "reviews_snapshots" WHERE "id" = 'a''1'`),
    `SELECT * FROM "reviews" WHERE "id" = 'a''1' LIMIT 1`,
  ]);
});
