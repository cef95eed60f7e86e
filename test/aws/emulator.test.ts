/** Tests of the emulator itself: services behave like AWS where the original ones do not, and each fault takes effect. */
import { gunzipSync } from "node:zlib";
import { GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  DeleteItemCommand,
  DescribeContinuousBackupsCommand,
  DescribeExportCommand,
  ExportTableToPointInTimeCommand,
  PutItemCommand,
  UpdateContinuousBackupsCommand,
} from "@aws-sdk/client-dynamodb";
import { FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  GetPartitionsCommand,
} from "@aws-sdk/client-glue";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  bytesOf,
  endOf,
  eventually,
  executeMachine,
  jsonOf,
  keysBelow,
  openTinyWorld,
  rowsOf,
  startStatement,
  type TinyWorld,
} from "./support/tiny-world.ts";

let world: TinyWorld;

beforeAll(async () => {
  world = await openTinyWorld();
  await world.emulator.athenaReady();
});
afterAll(() => world?.close());

const put = async (...ids: readonly string[]) => {
  for (const id of ids)
    await world.dynamodb.send(new PutItemCommand({ TableName: "Things", Item: { id: { S: id } } }));
};
const remove = (id: string) =>
  world.dynamodb.send(new DeleteItemCommand({ TableName: "Things", Key: { id: { S: id } } }));

/** The changes of items whose ids start with the prefix, once there are `count`. */
const changesOf = (prefix: string, count: number) =>
  eventually(async () => {
    const sql = `SELECT id, op, expired, version, dt, hr FROM things__changes WHERE id LIKE '${prefix}%' ORDER BY id, version`;
    const rows = await rowsOf(world, sql);
    return rows.length >= count ? rows : undefined;
  });

describe("the way of a change", () => {
  test("goes through stream, function, Firehose and Parquet to Athena, and is measured", async () => {
    await put("way-1", "way-2");
    await remove("way-1");
    const rows = await changesOf("way", 3);
    expect(rows.map((row) => row.slice(0, 3))).toEqual([
      ["way-1", "INSERT", "false"],
      ["way-1", "REMOVE", "false"],
      ["way-2", "INSERT", "false"],
    ]);
    expect(rows[0]?.[3]).toMatch(/^\d{40}$/);
    const sum = async (Namespace: string, MetricName: string, Name: string, Value: string | undefined) => {
      const { Datapoints = [] } = await world.cloudwatch.send(
        new GetMetricStatisticsCommand({
          ...{ Namespace, MetricName, Dimensions: [{ Name, Value: Value as string }], Period: 3600 },
          ...{ StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date(Date.now() + 60_000) },
          Statistics: ["Sum", "SampleCount"],
        }),
      );
      return { sum: Datapoints[0]?.Sum, count: Datapoints[0]?.SampleCount };
    };
    expect((await sum("tiny", "Rows", "Table", "things")).sum).toBeGreaterThanOrEqual(3);
    const age = await sum("AWS/Lambda", "IteratorAge", "FunctionName", world.outputs.StreamFunction);
    expect(age.count).toBeGreaterThan(0);
  });

  test("entries that Firehose does not take come again, from the first of them on", async () => {
    await world.emulator.faults.failPuts({ calls: 1, stream: world.outputs.DeliveryStream as string });
    await put("part-1", "part-2", "part-3", "part-4");
    const ids = (await changesOf("part", 4)).map(([id]) => id);
    expect(ids).toEqual(["part-1", "part-2", "part-3", "part-4"]);
    expect(await world.emulator.faults.left(world.outputs.DeliveryStream)).toBe(0);
  });

  test("Firehose refuses every n-th entry, and too much at once", async () => {
    const firehose = new FirehoseClient(world.emulator.client);
    const send = (records: readonly string[]) =>
      firehose.send(
        new PutRecordBatchCommand({
          DeliveryStreamName: world.outputs.DeliveryStream,
          Records: records.map((text) => ({ Data: Buffer.from(text) })),
        }),
      );
    const lines = Array.from({ length: 7 }, (_, i) => JSON.stringify({ id: `direct-${i}` }));
    await world.emulator.faults.failPuts({
      calls: 1,
      every: 3,
      stream: world.outputs.DeliveryStream as string,
    });
    const { FailedPutCount, RequestResponses = [] } = await send(lines);
    expect(FailedPutCount).toBe(2);
    expect(RequestResponses.map(({ ErrorCode }) => ErrorCode)).toEqual(
      lines.map((_, i) => (i % 3 === 2 ? "ServiceUnavailableException" : undefined)),
    );
    const ids = (await changesOf("direct", 5)).map(([id]) => id);
    expect(ids).toEqual(["direct-0", "direct-1", "direct-3", "direct-4", "direct-6"]);
    const large = Array.from({ length: 5 }, () => "x".repeat(1_000_000));
    await expect(send(large)).rejects.toMatchObject({ name: "InvalidArgumentException" });
    firehose.destroy();
  });

  test("a record that no try takes is split off, and lies in the bucket with its payload", async () => {
    const poison = { TableName: "Things", Item: { id: { S: "sick-2" }, poison: { BOOL: true } } };
    await put("sick-1");
    await world.dynamodb.send(new PutItemCommand(poison));
    await put("sick-3");
    expect((await changesOf("sick", 2)).map(([id]) => id)).toEqual(["sick-1", "sick-3"]);
    const key = await eventually(async () => (await keysBelow(world, "aws/lambda/"))[0]);
    expect(key).toMatch(
      /^aws\/lambda\/[0-9a-f-]{36}\/shardId-[\d-]+\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/,
    );
    const failure = await jsonOf<{ payload: string; requestContext: unknown; DDBStreamBatchInfo: unknown }>(
      world,
      key,
    );
    expect(failure).toMatchObject({
      requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: 3 },
      DDBStreamBatchInfo: { batchSize: 1 },
    });
    expect(JSON.parse(failure.payload).Records).toMatchObject([
      { dynamodb: { Keys: { id: { S: "sick-2" } } } },
    ]);
  });

  test("a removal by time to live says so", async () => {
    await put("ttl-1", "ttl-2");
    await world.emulator.faults.ttlDeletes(1, "Things");
    await remove("ttl-1");
    await remove("ttl-2");
    const removed = (await changesOf("ttl", 4)).filter(([, op]) => op === "REMOVE");
    expect(removed.map(([id, , expired]) => [id, expired])).toEqual([
      ["ttl-1", "true"],
      ["ttl-2", "false"],
    ]);
  });

  test("deliveries come late, into an earlier hour, and twice", async () => {
    const { DeliveryStream: stream = "" } = world.outputs;
    await world.emulator.faults.holdDeliveries(stream);
    await put("late-1");
    const [held] = await eventually(async () => {
      const all = await world.emulator.faults.held(stream);
      return all.length === 0 ? undefined : all;
    });
    expect(held).toMatchObject({ stream, bucket: world.bucket });
    expect(await keysBelow(world, held?.key as string)).toEqual([]);
    await world.emulator.faults.duplicateDeliveries(1, stream);
    const [key] = await world.emulator.faults.release({ hoursEarlier: 2, stream });
    const hour = /dt=(.*)\/hr=(\d\d)\//;
    const [, day, hours] = hour.exec(held?.key as string) as unknown as [string, string, string];
    const earlier = new Date(Date.parse(`${day}T${hours}:00:00Z`) - 2 * 3_600_000).toISOString();
    expect(hour.exec(key as string)?.slice(1)).toEqual([earlier.slice(0, 10), earlier.slice(11, 13)]);
    expect((await changesOf("late", 1)).map((row) => row.slice(4))).toEqual([
      [earlier.slice(0, 10), earlier.slice(11, 13)],
    ]);
    await put("twice-1");
    expect((await changesOf("twice", 2)).map(([id]) => id)).toEqual(["twice-1", "twice-1"]);
  });
});

describe("exports", () => {
  const request = (token: string, prefix = "exports") =>
    new ExportTableToPointInTimeCommand({
      TableArn: world.outputs.TableArn,
      S3Bucket: world.bucket,
      S3Prefix: prefix,
      ClientToken: token,
    });
  const ended = (ExportArn: string) =>
    eventually(async () => {
      const { ExportDescription } = await world.dynamodb.send(new DescribeExportCommand({ ExportArn }));
      return ExportDescription?.ExportStatus === "IN_PROGRESS" ? undefined : ExportDescription;
    });

  test("lie in the bucket as AWS lays them out, files without an item included", async () => {
    await put("export-1", "export-2", "export-3");
    const { ExportDescription } = await world.dynamodb.send(request("export-token-1"));
    expect(ExportDescription?.ExportStatus).toBe("IN_PROGRESS");
    const again = await world.dynamodb.send(request("export-token-1"));
    expect(again.ExportDescription?.ExportArn).toBe(ExportDescription?.ExportArn);
    await expect(world.dynamodb.send(request("export-token-1", "elsewhere"))).rejects.toMatchObject({
      name: "ExportConflictException",
    });
    const description = await ended(ExportDescription?.ExportArn as string);
    const folder = `exports/AWSDynamoDB/${description.ExportArn?.split("/").at(-1)}/`;
    expect(folder).toMatch(/\/\d{14}-[0-9a-f]{8}\/$/);
    expect(description).toMatchObject({
      ExportStatus: "COMPLETED",
      ExportManifest: `${folder}manifest-summary.json`,
    });
    const summary = await jsonOf<{ itemCount: number; manifestFilesS3Key: string }>(
      world,
      description.ExportManifest as string,
    );
    expect(summary.itemCount).toBe(description.ItemCount);
    const text = new TextDecoder().decode(await bytesOf(world, summary.manifestFilesS3Key));
    const files = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { itemCount: number; dataFileS3Key: string });
    expect(files.some(({ itemCount }) => itemCount === 0)).toBe(true);
    const lines = (await Promise.all(files.map(({ dataFileS3Key }) => bytesOf(world, dataFileS3Key))))
      .map((bytes) => gunzipSync(bytes).toString())
      .join("");
    expect(lines).toContain('{"Item":{"id":{"S":"export-2"}}}\n');
    expect(lines.trimEnd().split("\n")).toHaveLength(summary.itemCount);
  });

  test("fail where a test wants it, and without point-in-time recovery", async () => {
    await world.emulator.faults.failExports(1, "Things");
    const { ExportDescription } = await world.dynamodb.send(request("export-token-2"));
    expect(await ended(ExportDescription?.ExportArn as string)).toMatchObject({
      ExportStatus: "FAILED",
      FailureCode: "InternalServerError",
    });
    const recovery = async () => {
      const answer = await world.dynamodb.send(new DescribeContinuousBackupsCommand({ TableName: "Things" }));
      return answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
    };
    const turn = (PointInTimeRecoveryEnabled: boolean) =>
      world.dynamodb.send(
        new UpdateContinuousBackupsCommand({
          TableName: "Things",
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled },
        }),
      );
    expect(await recovery()).toBe("ENABLED");
    await turn(false);
    expect(await recovery()).toBe("DISABLED");
    await expect(world.dynamodb.send(request("export-token-3"))).rejects.toMatchObject({
      name: "PointInTimeRecoveryUnavailableException",
    });
    await turn(true);
  });
});

describe("Athena", () => {
  const token = (name: string) => name.padEnd(32, "-");
  const unload = (query: string, folder: string, more = "") =>
    `UNLOAD (${query}) TO 's3://${world.bucket}/${folder}/' WITH (format = 'PARQUET', compression = 'ZSTD'${more})`;
  const outcome = async (sql: string) => (await endOf(world, await startStatement(world, sql))).Status;

  test("UNLOAD writes files into an empty folder and says which", async () => {
    const sql = unload(
      "SELECT 'a' AS x, 1 AS part UNION ALL SELECT 'b', 2",
      "unloaded/one",
      ", partitioned_by = ARRAY['part']",
    );
    const { Status, Statistics } = await endOf(world, await startStatement(world, sql));
    expect(Status).toMatchObject({ State: "SUCCEEDED" });
    const keys = await keysBelow(world, "unloaded/one/");
    expect(keys.map((key) => key.split("/")[2])).toEqual(["part=1", "part=2"]);
    const manifest = (Statistics?.DataManifestLocation ?? "").replace(`s3://${world.bucket}/`, "");
    const listed = new TextDecoder().decode(await bytesOf(world, manifest));
    expect(listed.trimEnd().split("\n").sort()).toEqual(keys.map((key) => `s3://${world.bucket}/${key}`));
    expect(await outcome(sql)).toMatchObject({
      State: "FAILED",
      StateChangeReason: expect.stringMatching(/^HIVE_PATH_ALREADY_EXISTS/),
    });
  });

  test("UNLOAD writes a hundred partitions; of one more it leaves the files behind", async () => {
    const many = (count: number) =>
      unload(
        `SELECT 'x' AS x, n FROM UNNEST(sequence(1, ${count})) AS t(n)`,
        `unloaded/${count}`,
        ", partitioned_by = ARRAY['n']",
      );
    expect(await outcome(many(100))).toMatchObject({ State: "SUCCEEDED" });
    expect(await outcome(many(101))).toMatchObject({
      State: "FAILED",
      StateChangeReason: expect.stringMatching(/^HIVE_TOO_MANY_OPEN_PARTITIONS/),
      AthenaError: { ErrorCategory: 2 },
    });
    expect((await keysBelow(world, "unloaded/101/")).length).toBeGreaterThan(100);
  });

  test("a token makes a start idempotent", async () => {
    const first = await startStatement(world, "SELECT 1", token("same"));
    expect(await startStatement(world, "SELECT 1", token("same"))).toBe(first);
    expect(await startStatement(world, "SELECT 1", token("other"))).not.toBe(first);
    await expect(startStatement(world, "SELECT 2", token("same"))).rejects.toThrow("Idempotent parameters");
  });

  test("what cannot be parsed, or is too long, is refused at the start", async () => {
    await expect(startStatement(world, "SELECT FROM WHERE")).rejects.toMatchObject({
      name: "InvalidRequestException",
      message: expect.stringMatching(/^line 1:\d+: /),
    });
    const padded = (bytes: number) => `SELECT 1 -- ${"x".repeat(bytes - 12)}`;
    expect(await outcome(padded(262_144))).toMatchObject({ State: "SUCCEEDED" });
    await expect(startStatement(world, padded(262_145))).rejects.toThrow("262144");
  });

  test("values are texts as Athena writes them", async () => {
    const sql = `SELECT NULL, true, 1.5E7, 0.1E0, DECIMAL '1.10', X'01ff', TIMESTAMP '2026-01-02 03:04:05.006',
      ARRAY[1, NULL], MAP(ARRAY['k'], ARRAY[2]), CAST(ROW('v', 3) AS ROW(a varchar, b integer))`;
    expect(await rowsOf(world, sql)).toEqual([
      [
        undefined,
        "true",
        "1.5E7",
        "0.1",
        "1.10",
        "01 ff",
        "2026-01-02 03:04:05.006",
        "[1, null]",
        "{k=2}",
        "{a=v, b=3}",
      ],
    ]);
  });
});

test("Glue refuses large batches, takes names in lower case, and gives partitions by expression and page", async () => {
  const place = { DatabaseName: "TINY", TableName: "Segments" };
  const TableInput = { Name: "Segments", PartitionKeys: [{ Name: "_segment", Type: "string" }] };
  await world.glue.send(new CreateTableCommand({ DatabaseName: "TINY", TableInput }));
  const names = Array.from({ length: 101 }, (_, i) => `run-${String(i).padStart(3, "0")}`);
  const create = (values: readonly string[]) =>
    world.glue.send(
      new BatchCreatePartitionCommand({
        ...place,
        PartitionInputList: values.map((value) => ({ Values: [value] })),
      }),
    );
  await expect(create(names)).rejects.toMatchObject({ name: "ValidationException" });
  await create(names.slice(0, 100));
  const find = async (more: object) => {
    const { Partitions = [], NextToken } = await world.glue.send(
      new GetPartitionsCommand({ ...place, ...more }),
    );
    return { values: Partitions.map(({ Values }) => Values?.[0]), NextToken };
  };
  expect((await find({ Expression: "_segment IN ('run-007', 'run-100')" })).values).toEqual(["run-007"]);
  const page = await find({ MaxResults: 60 });
  expect(page.values).toHaveLength(60);
  expect((await find({ MaxResults: 60, NextToken: page.NextToken })).values).toEqual(names.slice(60, 100));
  const PartitionsToDelete = ["run-001", "run-100"].map((value) => ({ Values: [value] }));
  const { Errors } = await world.glue.send(new BatchDeletePartitionCommand({ ...place, PartitionsToDelete }));
  expect(Errors).toMatchObject([{ PartitionValues: ["run-100"] }]);
});

describe("state machines", () => {
  const statement = (folder: string, text = "x") =>
    `UNLOAD (SELECT '${text}' AS x) TO 's3://${world.bucket}/machine/${folder}/' WITH (format = 'PARQUET')`;

  test("run each line of an object in Athena and wait for it", async () => {
    const statements = [statement("a", "\u2028 is no end of a line"), statement("b")];
    expect(await executeMachine(world, statements)).toMatchObject({ status: "SUCCEEDED" });
    const folders = (await keysBelow(world, "machine/")).map((key) => key.split("/")[1]);
    expect(folders).toEqual(["a", "b"]);
  });

  test("catch an error by the name that the handler gave it", async () => {
    const caught = await executeMachine(world, [], { error: "CONFLICT" });
    expect(caught.status).toBe("SUCCEEDED");
    expect(JSON.parse(caught.output as string)).toEqual({ conflict: true });
    expect(await executeMachine(world, [], { error: "EXPORT_INVALID" })).toMatchObject({
      status: "FAILED",
      error: "EXPORT_INVALID",
    });
  });

  test("fail at a state where a test wants it, before its work and after it", async () => {
    await world.emulator.faults.failState({ machine: "tiny", state: "Check", error: "LOST" });
    expect(await executeMachine(world, [])).toMatchObject({ status: "FAILED", error: "LOST" });
    await world.emulator.faults.failState({ machine: "tiny", state: "Check", error: "TRANSIENT" });
    expect(await executeMachine(world, [])).toMatchObject({ status: "SUCCEEDED" });
    await world.emulator.faults.failState({ machine: "tiny", state: "Statement", when: "after" });
    expect(await executeMachine(world, [statement("c")])).toMatchObject({ status: "FAILED" });
    expect(await keysBelow(world, "machine/c/")).toHaveLength(1);
    expect(await executeMachine(world, [statement("d")])).toMatchObject({ status: "SUCCEEDED" });
  });

  test("end at a state at once", async () => {
    for (const state of ["Begin", "Statements", "Statement", "Check"]) {
      await world.emulator.faults.failState({ machine: "tiny", state, how: "abort" });
      const run = await executeMachine(world, [statement(`aborted-${state}`)], { error: "CONFLICT" });
      expect([state, run.status]).toEqual([state, "ABORTED"]);
    }
  });

  test("pass on no more than 256 KiB", async () => {
    expect(await executeMachine(world, [], { characters: 262_000 })).toMatchObject({ status: "SUCCEEDED" });
    expect(await executeMachine(world, [], { characters: 262_144 })).toMatchObject({
      status: "FAILED",
      error: "States.DataLimitExceeded",
    });
  });
});

test("a policy's denial is an error, of a function and of a state machine's query, and on record", async () => {
  const event = { forbidden: { bucket: world.bucket, key: "any" } };
  const { Payload, FunctionError } = await world.lambda.send(
    new InvokeCommand({ FunctionName: world.outputs.CheckFunction, Payload: JSON.stringify(event) }),
  );
  expect(FunctionError).toBe("Unhandled");
  expect(JSON.parse(Payload?.transformToString() as string)).toMatchObject({ errorType: "AccessDenied" });
  await world.glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: "elsewhere" } }));
  await world.glue.send(new CreateTableCommand({ DatabaseName: "elsewhere", TableInput: { Name: "any" } }));
  const machine = await executeMachine(world, ["SELECT * FROM elsewhere.any"]);
  expect(machine.status).toBe("FAILED");
  const database = /^arn:aws:glue:us-east-1:000000000000:database\/elsewhere$/;
  expect(await world.emulator.denials("Tiny")).toMatchObject([
    { action: "s3:GetObject", resource: `arn:aws:s3:::${world.bucket}/any` },
    { action: "glue:GetDatabase", resource: expect.stringMatching(database) },
  ]);
});
