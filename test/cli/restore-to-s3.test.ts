/** `restore --to-s3`: files that DynamoDB's import reads, and a mark that is there only if all of them are. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { importPlace } from "../../src/source/import-place.ts";
import { done, dynalake, expectRefused, type ItemJson, itemTexts, withAwsSettings } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { type FakeBucket, fakeBucket } from "../support/fake-bucket.ts";
import { withFolder } from "../support/folders.ts";
import { books, lakeOf, likeFile } from "./book-lake.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();
const items = books(60);
const GLOBAL = {
  GlobalSecondaryIndexes: [
    {
      IndexName: "ByBook",
      KeySchema: [{ AttributeName: "Book", KeyType: "HASH" }],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["Price"] },
    },
  ],
};

let bucket: FakeBucket;
let refused: (method: string, key: string) => boolean;

beforeAll(async () => {
  bucket = await fakeBucket("backups", (method, key) => refused(method, key));
});

beforeEach(() => {
  refused = () => false;
});

afterAll(() => bucket.close());

function toS3(lake: string, address: string, ...more: readonly string[]) {
  const options = ["--to", "Again", "--to-s3", address, "--endpoint", emulator.endpoint];
  return withAwsSettings(bucket.settings, () => dynalake(["restore", "--lake", lake, ...options, ...more]));
}

/** The items below a prefix, as an import reads them: every object, each gzipped lines. */
function importedItems(prefix: string): readonly ItemJson[] {
  const files = [...bucket.objects].filter(([key]) => key.startsWith(prefix));
  const lines = files.flatMap(([, content]) => gunzipSync(content).toString("utf8").trimEnd().split("\n"));
  return lines.map((line) => (JSON.parse(line) as { readonly Item: ItemJson }).Item);
}

const keysBelow = (prefix: string) => [...bucket.objects.keys()].filter((key) => key.startsWith(prefix));

test.each([
  ["s3://backups", { bucket: "backups", prefix: "" }],
  ["s3://backups/", { bucket: "backups", prefix: "" }],
  ["s3://backups/a/b", { bucket: "backups", prefix: "a/b/" }],
  ["s3://backups/a/b/", { bucket: "backups", prefix: "a/b/" }],
])("%s is a place", (address, place) => {
  expect(importPlace(address)).toEqual(place);
});

test.each(["backups/a", "s3://", "s3://a", "s3://Backups/a", "s3://backups//a", "s3://backups/a/../b"])(
  "%s is none",
  (address) => {
    expect(() => importPlace(address)).toThrow("is not an address such as s3://bucket/prefix");
  },
);

test("all items are in the form of an import, with the command that makes the table and a mark", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, items);
    const like = await likeFile(folder, GLOBAL);
    const planned = await toS3(lake, "s3://backups/one", "--like", like, "--dry-run");
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing was done") });
    expect(bucket.objects.size).toBe(0);
    const written = await toS3(lake, "s3://backups/one", "--like", like, "--region", "eu-west-1");
    expect(written.code).toBe(0);
    const [, json = ""] =
      /^aws dynamodb import-table --region eu-west-1 --cli-input-json '(.*)'$/m.exec(written.stdout) ?? [];
    const importTable = JSON.parse(json);
    expect(importTable).toEqual({
      S3BucketSource: { S3Bucket: "backups", S3KeyPrefix: "one/items/" },
      InputFormat: "DYNAMODB_JSON",
      InputCompressionType: "GZIP",
      TableCreationParameters: {
        TableName: "Again",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [
          { AttributeName: "User", AttributeType: "S" },
          { AttributeName: "Book", AttributeType: "S" },
        ],
        KeySchema: [
          { AttributeName: "User", KeyType: "HASH" },
          { AttributeName: "Book", KeyType: "RANGE" },
        ],
        ...GLOBAL,
      },
    });
    expect(itemTexts(importedItems("one/items/"))).toEqual(itemTexts(items));
    const mark = JSON.parse(String(bucket.objects.get("one/_dynalake.json")));
    expect(mark).toMatchObject({ dynalake: "import", table: "books", items: 60, lacks: [], importTable });
    expect(mark.files.map(({ name }: { readonly name: string }) => `one/items/${name}`)).toEqual(
      keysBelow("one/items/"),
    );
    // Everything that is not there twice.
    expectRefused(await toS3(lake, "s3://backups/one", "--like", like), {
      code: "USAGE",
      names: ["not empty"],
      next: "another prefix",
    });
  });
});

deepTest("the items of a time, with the moment in the report", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, items);
    const like = await likeFile(folder);
    const asOf = new Date().toISOString();
    const gone = { eventName: "REMOVE", dynamodb: { Keys: {}, SequenceNumber: "1" } };
    const { User, Book } = items[0] as ItemJson;
    Object.assign(gone.dynamodb, {
      Keys: { User, Book },
      ApproximateCreationDateTime: Date.now() / 1000 + 60,
    });
    await writeFile(join(folder, "event.json"), JSON.stringify({ Records: [gone] }));
    await done(["replay", join(folder, "event.json"), "--lake", lake]);
    const now = JSON.parse((await toS3(lake, "s3://backups/now", "--like", like, "--json")).stdout);
    expect(now).toMatchObject({
      table: "books",
      to: "Again",
      toS3: "s3://backups/now/",
      items: 59,
      files: 1,
    });
    const then = await toS3(lake, "s3://backups/then", "--like", like, "--json", "--as-of", asOf);
    expect(JSON.parse(then.stdout)).toMatchObject({
      items: 60,
      asOf: expect.stringMatching(asOf.slice(0, 19)),
      manifest: "s3://backups/then/_dynalake.json",
    });
  });
});

test("what an import could not make whole is refused before anything is written", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, items);
    const like = await likeFile(folder);
    const before = bucket.objects.size;
    expectRefused(await toS3(lake, "s3://backups/x"), { code: "USAGE", names: ["books"], next: "--like" });
    expectRefused(await toS3(lake, "backups/x", "--like", like), { code: "USAGE", names: ["backups/x"] });
    expectRefused(await toS3(lake, "s3://backups/x", "--like", like, "--overwrite"), {
      code: "USAGE",
      names: ["--overwrite", "--to-s3"],
    });
    const [index] = GLOBAL.GlobalSecondaryIndexes;
    const local = await likeFile(folder, { LocalSecondaryIndexes: [index] });
    expectRefused(await toS3(lake, "s3://backups/x", "--like", local), {
      code: "USAGE",
      names: ["ByBook"],
      next: "without --to-s3",
    });
    await likeFile(folder);
    const table = await SourceTable.create(emulator.connection, "Again");
    expectRefused(await toS3(lake, "s3://backups/x", "--like", like), {
      code: "USAGE",
      names: ['"Again" exists'],
    });
    await table.drop();
    await writeFile(
      join(folder, "bad.json"),
      JSON.stringify({ Records: [{ eventName: "INSERT", dynamodb: { SequenceNumber: "1" } }] }),
    );
    await dynalake(["replay", join(folder, "bad.json"), "--lake", lake]);
    expectRefused(await toS3(lake, "s3://backups/x", "--like", like), {
      code: "INCOMPLETE",
      names: ["quarantine"],
      next: "--incomplete",
    });
    expect(bucket.objects.size).toBe(before);
    const written = await toS3(lake, "s3://backups/x", "--like", like, "--incomplete", "--json");
    expect(JSON.parse(written.stdout).lacks).toEqual([expect.stringContaining("quarantine")]);
  });
});

deepTest("an upload that is cut leaves no mark, and takes back its files where it may", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, items);
    const like = await likeFile(folder);
    refused = (method, key) => method === "PUT" && key.endsWith("_dynalake.json");
    const cut = await toS3(lake, "s3://backups/cut", "--like", like);
    expect(cut).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("cut/_dynalake.json") });
    expect(keysBelow("cut/")).toEqual([]);
    refused = (method, key) => method === "DELETE" || (method === "PUT" && key.endsWith("_dynalake.json"));
    expect(await toS3(lake, "s3://backups/cut", "--like", like)).toMatchObject({ code: 1 });
    expect(keysBelow("cut/")).toEqual([expect.stringMatching(/^cut\/items\/.*\.json\.gz$/)]);
    refused = () => false;
    expectRefused(await toS3(lake, "s3://backups/cut", "--like", like), {
      code: "USAGE",
      names: ["not empty"],
    });
  });
});

deepTest("a file of another writer, which the import would read, too, is found before the mark", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, items);
    const like = await likeFile(folder);
    refused = (method) => {
      if (method === "PUT") bucket.put("shared/items/other.json.gz", "");
      return false;
    };
    const shared = await toS3(lake, "s3://backups/shared", "--like", like);
    expect(shared).toMatchObject({ code: 1, stderr: expect.stringContaining("shared/items/other.json.gz") });
    expect(keysBelow("shared/")).toEqual(["shared/items/other.json.gz"]);
  });
});
