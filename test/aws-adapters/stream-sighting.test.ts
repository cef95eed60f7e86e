import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { describe, expect, test } from "@jest/globals";
import { sightStream } from "../../src/aws/stream-sighting.ts";
import { type FakeAnswer, fakeAws, refusal } from "./fake-aws.ts";

const TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders";
const AGES = [{ atSeconds: 1_800_000_100, ageSeconds: 3 }];
const STREAM = `${TABLE}/stream/2026-11-26T10:00:00.500`;
const table = (facts: object): FakeAnswer => ({ body: { Table: { TableName: "Orders", ...facts } } });
const streaming = table({ LatestStreamArn: STREAM, StreamSpecification: { StreamEnabled: true } });
const mapping = (facts: object): FakeAnswer => ({
  body: { UUID: "m", EventSourceArn: STREAM, LastModified: 1_800_000_000.25, ...facts },
});

async function sight(answers: { readonly table?: FakeAnswer; readonly mapping?: FakeAnswer }) {
  const dynamodb = fakeAws(() => answers.table ?? streaming);
  const lambda = fakeAws(() => answers.mapping ?? mapping({ State: "Enabled" }));
  const sighting = await sightStream({
    dynamodb: new DynamoDBClient(dynamodb.options),
    lambda: new LambdaClient(lambda.options),
    sourceTableArn: TABLE,
    mappingId: "m-1",
    recordAges: AGES,
  });
  expect(dynamodb.requests.map(({ text }) => JSON.parse(text))).toEqual([{ TableName: TABLE }]);
  expect(lambda.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "GET /2015-03-31/event-source-mappings/m-1",
  ]);
  return sighting;
}

describe("a look at a deployment", () => {
  test("sees the stream of the table, and when it was made, and what the mapping does", async () => {
    expect(await sight({})).toEqual({
      stream: { arn: STREAM, createdAtSeconds: Date.UTC(2026, 10, 26, 10, 0, 0, 500) / 1000 },
      reader: { streamArn: STREAM, isReading: true, unchangedSinceSeconds: 1_800_000_001, recordAges: AGES },
    });
  });

  test("sees whether the stream is as old as the table", async () => {
    const made = Date.UTC(2026, 10, 26, 10, 0, 0) / 1000;
    const facts = { LatestStreamArn: STREAM, StreamSpecification: { StreamEnabled: true } };
    const streamOf = async (CreationDateTime: number) =>
      (await sight({ table: table({ ...facts, CreationDateTime }) })).stream;
    expect(await streamOf(made + 0.4)).toMatchObject({ isFirst: true });
    expect(await streamOf(made - 1)).not.toHaveProperty("isFirst");
  });

  test.each([
    [{ State: "Enabled", LastProcessingResult: "No records processed" }, true],
    [{ State: "Enabled", LastProcessingResult: "OK" }, true],
    [{ State: "Enabled", LastProcessingResult: "PROBLEM: Function call failed" }, false],
    [{ State: "Disabled", LastProcessingResult: "OK" }, false],
    [{ State: "Creating" }, false],
    [{}, false],
  ])("of a mapping with %j tells whether it reads: %s", async (facts, isReading) => {
    expect((await sight({ mapping: mapping(facts) })).reader).toMatchObject({ isReading });
  });

  test("sees no mapping where it was deleted", async () => {
    const gone = refusal("ResourceNotFoundException", "The resource does not exist.", 404);
    expect((await sight({ mapping: gone })).reader).toBeUndefined();
  });

  test("sees no stream where it is off, although the table still names it", async () => {
    expect((await sight({ table: table({ LatestStreamArn: STREAM }) })).stream).toBeUndefined();
    expect((await sight({ table: table({}) })).stream).toBeUndefined();
  });
});

test.each([
  [{ table: refusal("ResourceNotFoundException", "not found") }, "TABLE_NOT_FOUND"],
  [{ table: refusal("AccessDeniedException", "no") }, "CREDENTIALS"],
  [{ mapping: refusal("AccessDeniedException", "no", 403) }, "CREDENTIALS"],
  [{ mapping: refusal("TooManyRequestsException", "slow", 429) }, "THROTTLED"],
])("a look that fails is told as what it is: %#", async (answers, code) => {
  await expect(sight(answers)).rejects.toMatchObject({ code });
});
