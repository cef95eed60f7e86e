import { createHash } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import { describeExport, readExport, type StartedExport, startExport } from "../../src/aws/source-export.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { type FakeAnswer, type FakeAws, fakeAws, refusal } from "./fake-aws.ts";

const TABLE_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Reviews";
const EXPORT_ARN = `${TABLE_ARN}/export/01695353076000-a06188f4`;
const PREFIX = "_exports/reviews/AWSDynamoDB/01695353076000-a06188f4/";

type Answers = Readonly<Record<string, FakeAnswer>>;

function recovery(PointInTimeRecoveryStatus: string): Answers {
  const PointInTimeRecoveryDescription = { PointInTimeRecoveryStatus };
  return {
    DescribeContinuousBackups: {
      body: {
        ContinuousBackupsDescription: { ContinuousBackupsStatus: "ENABLED", PointInTimeRecoveryDescription },
      },
    },
  };
}

function starting(
  answers: Answers,
  more: { kmsKeyArn?: string; bucketOwner?: string } = {},
): FakeAws & { started: Promise<StartedExport> } {
  const fake = fakeAws(({ operation }) => answers[operation] ?? {});
  const client = new DynamoDBClient(fake.options);
  const request = {
    client,
    sourceTableArn: TABLE_ARN,
    bucket: "lake",
    source: "reviews",
    name: "execution-1",
    ...more,
  };
  return { ...fake, started: startExport(request) };
}

const exported: Answers = {
  ExportTableToPointInTime: { body: { ExportDescription: { ExportArn: EXPORT_ARN } } },
};

describe("an export", () => {
  test("is started into the lake, once for one name", async () => {
    const { started, requests } = starting({ ...recovery("ENABLED"), ...exported });
    expect(await started).toEqual({ exportArn: EXPORT_ARN, exportPrefix: PREFIX });
    expect(JSON.parse(requests[1]?.text ?? "")).toEqual({
      TableArn: TABLE_ARN,
      ClientToken: "execution-1",
      S3Bucket: "lake",
      S3Prefix: "_exports/reviews",
      ExportFormat: "DYNAMODB_JSON",
      ExportType: "FULL_EXPORT",
    });
  });

  test("is encrypted with the bucket's key where it has one", async () => {
    const { started, requests } = starting({ ...recovery("ENABLED"), ...exported }, { kmsKeyArn: "arn:key" });
    await started;
    expect(JSON.parse(requests[1]?.text ?? "")).toMatchObject({
      S3SseAlgorithm: "KMS",
      S3SseKmsKeyId: "arn:key",
    });
  });

  test("names the bucket's account where the table is in another one", async () => {
    const bucketOwner = "111111111111";
    const { started, requests } = starting({ ...recovery("ENABLED"), ...exported }, { bucketOwner });
    await started;
    expect(JSON.parse(requests[1]?.text ?? "")).toMatchObject({ S3BucketOwner: bucketOwner });
  });

  test("of a table without point-in-time recovery tells the command that turns it on, whoever notices", async () => {
    const refused = { ExportTableToPointInTime: refusal("PointInTimeRecoveryUnavailableException", "off") };
    for (const answers of [recovery("DISABLED"), { ...recovery("ENABLED"), ...refused }]) {
      await expect(starting(answers).started).rejects.toMatchObject({
        code: "BACKUPS_OFF",
        next: expect.stringContaining("aws dynamodb update-continuous-backups --table-name Reviews "),
      });
    }
  });

  test.each([
    ["TableNotFoundException", "TABLE_NOT_FOUND"],
    ["AccessDeniedException", "CREDENTIALS"],
    ["ExportConflictException", "SOURCE_FAILED"],
    ["LimitExceededException", "THROTTLED"],
  ])("that is refused by %s is %s", async (name, code) => {
    const { started } = starting({ ...recovery("ENABLED"), ExportTableToPointInTime: refusal(name, "said") });
    await expect(started).rejects.toMatchObject({ code, message: expect.stringContaining("Reviews") });
  });

  test("tells how far it is, and why it failed", async () => {
    const state = (ExportDescription: object) =>
      describeExport(
        new DynamoDBClient(fakeAws(() => ({ body: { ExportDescription } })).options),
        EXPORT_ARN,
      );
    expect(await state({ ExportStatus: "IN_PROGRESS" })).toEqual({
      status: "IN_PROGRESS",
      failure: undefined,
    });
    expect(
      await state({ ExportStatus: "FAILED", FailureCode: "S3AccessDenied", FailureMessage: "no bucket" }),
    ).toEqual({ status: "FAILED", failure: "S3AccessDenied: no bucket" });
  });
});

describe("the manifests of an export", () => {
  const file = (name: string, itemCount = 2): object => ({
    itemCount,
    md5Checksum: "md5",
    etag: "e",
    dataFileS3Key: `${PREFIX}data/${name}`,
  });

  function storeWith(summary: object, files: readonly object[]): MemoryStore {
    const store = new MemoryStore();
    const texts = {
      "manifest-summary": JSON.stringify({
        exportTime: "2026-11-23T00:00:00.000Z",
        manifestFilesS3Key: `${PREFIX}manifest-files.json`,
        itemCount: 2 * files.length,
        outputFormat: "DYNAMODB_JSON",
        exportType: "FULL_EXPORT",
        ...summary,
      }),
      "manifest-files": files.map((each) => `${JSON.stringify(each)}\n`).join(""),
    };
    for (const [stem, text] of Object.entries(texts)) {
      store.plant(`${PREFIX}${stem}.json`, text);
      store.plant(`${PREFIX}${stem}.md5`, createHash("md5").update(text).digest("base64"));
    }
    return store;
  }

  test("tell its files and its time", async () => {
    const { summary, files } = await readExport(
      storeWith({}, [file("a.json.gz"), file("b.json.gz")]),
      PREFIX,
    );
    expect(summary).toMatchObject({ itemCount: 4, exportTimeSeconds: Date.UTC(2026, 10, 23) / 1000 });
    expect(files.map(({ key, itemCount }) => [key, itemCount])).toEqual([
      [`${PREFIX}data/a.json.gz`, 2],
      [`${PREFIX}data/b.json.gz`, 2],
    ]);
  });

  test.each([
    ["a file of another export", {}, [{ ...file("a"), dataFileS3Key: "other/data/a.json.gz" }]],
    ["a path that leaves the export", {}, [file("../../../manifest/1.json")]],
    ["one file twice", {}, [file("a.json.gz"), file("a.json.gz")]],
    [
      "a manifest of another export",
      { manifestFilesS3Key: "other/manifest-files.json" },
      [file("a.json.gz")],
    ],
    ["another number of items", { itemCount: 3 }, [file("a.json.gz")]],
    ["an incremental export", { exportType: "INCREMENTAL_EXPORT" }, [file("a.json.gz")]],
  ])("that name %s are refused", async (_, summary, files) => {
    await expect(readExport(storeWith(summary, files), PREFIX)).rejects.toMatchObject({
      code: "EXPORT_INVALID",
    });
  });

  test("that are missing or damaged are refused", async () => {
    await expect(readExport(new MemoryStore(), PREFIX)).rejects.toMatchObject({ code: "EXPORT_INVALID" });
    const store = storeWith({}, [file("a.json.gz")]);
    store.plant(`${PREFIX}manifest-files.md5`, "bm90IGl0");
    await expect(readExport(store, PREFIX)).rejects.toMatchObject({
      code: "EXPORT_INVALID",
      message: expect.stringContaining("manifest-files.md5"),
    });
  });
});
