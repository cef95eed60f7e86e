import { gzipSync } from "node:zlib";
import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "@jest/globals";
import { snapshotPart } from "../../src/aws/steps/snapshot-part.ts";
import type { StepContext } from "../../src/aws/steps/step-context.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { exportLine, exportObjects, md5Of } from "../support/export-folder.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { type FakeAnswer, type FakeAws, fakeAws } from "./fake-aws.ts";

const SCHEMA = parseSchema(
  { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" } } },
  "a test",
);
const PLACE = { prefix: "_exports/s/", id: "1-a" };
const FOLDER = "_exports/s/AWSDynamoDB/1-a/";
const KEY = `${FOLDER}data/part.json.gz`;
const ITEMS = 2000;
const FILE = gzipSync(
  Array.from({ length: ITEMS }, (_, i) => `${exportLine({ id: { S: `item ${i}` } })}\n`).join(""),
);

/** The summary of the export, and its checksum. */
const SUMMARY = [...exportObjects({ files: [] }, PLACE)].filter(([name]) =>
  name.startsWith("manifest-summary"),
);

interface Part extends FakeAws {
  readonly store: MemoryStore;
  readonly run: () => Promise<unknown>;
}

/** The step for an export file that a fake S3 serves. All writes succeed. */
function partOf(file: FakeAnswer, facts = { itemCount: ITEMS, md5: md5Of(FILE) }): Part {
  const fake = fakeAws(({ method }) => (method === "GET" ? file : { headers: { etag: '"1"' } }));
  const s3 = new S3Client({ ...fake.options, forcePathStyle: true });
  const store = new MemoryStore();
  for (const [name, content] of SUMMARY) store.plant(`${FOLDER}${name}`, String(content));
  const context = {
    bucket: "lake",
    clients: { s3 },
    store,
    opened: { schema: SCHEMA },
    entry: { source: "s" },
    nowSeconds: () => 0,
  };
  const request = { run: "r1", index: 0, key: KEY, maskKey: undefined, ...facts };
  return { ...fake, store, run: () => snapshotPart(context as unknown as StepContext, request) };
}

describe("a file of the export", () => {
  test("becomes one object of rows, and then a tally", async () => {
    const part = partOf({ body: FILE });
    expect(await part.run()).toMatchObject({ items: ITEMS, skipped: 0, rejected: [] });
    const [written] = part.requests.filter(({ method }) => method === "PUT");
    expect(written?.path).toBe("/lake/t/staging/r1/rows/000000.jsonl.gz");
    expect(part.store.paths("t/staging/")).toEqual(["t/staging/r1/parts/000000.json"]);
  });

  test("whose body breaks off fails in passing, so that the state machine reads it again", async () => {
    const part = partOf({ body: FILE.subarray(0, FILE.length / 2), breaksOff: true });
    await expect(part.run()).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(part.requests.map(({ method }) => method)).toEqual(["GET"]);
    expect(part.store.paths("t/staging/")).toEqual([]);
  });

  test("that is not what the manifest tells of fails for good", async () => {
    const part = partOf({ body: FILE }, { itemCount: ITEMS + 1, md5: md5Of(FILE) });
    await expect(part.run()).rejects.toMatchObject({
      code: "EXPORT_INVALID",
      message: expect.stringContaining("data/part.json.gz has 2,000 items"),
    });
    expect(part.store.paths("t/staging/")).toEqual([]);
  });
});
