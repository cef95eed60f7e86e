/** `dynalake quarantine` on a deployment: the same reports as for a folder, over the lake's bucket, and Firehose for what is repaired. */
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import "../../src/aws/segments-table.ts";
import "../../src/library/dropping.ts";
import "../../src/stack/open-stack.ts";
import "../../src/stack/replay.ts";
import type { RejectionReason } from "../../src/core/change/change.ts";
import { gapsFolder, quarantineFolder, schemaPath } from "../../src/core/format/lake-path.ts";
import { quarantineRecords } from "../../src/core/table/quarantine.ts";
import { done, dynalake, expectRefused } from "../support/cli.ts";
import { type FakeCloud, fakeCloud } from "../support/fake-cloud.ts";
import { registryKeys, STACK_ANSWER, writableBucketAnswer } from "../support/fake-stack.ts";
import { MemoryStore } from "../support/memory-store.ts";

const SECRET = "ann@example.com";
const SCHEMA = { table: "reviews", key: { hash: "Id" }, attributes: { Id: { type: "string" } } };
const ON_STACK = ["--stack", "S"];

let cloud: FakeCloud;
let keys: Map<string, string>;

beforeAll(async () => {
  cloud = await fakeCloud((request) => {
    if (request.operation === "DescribeStacks") return STACK_ANSWER;
    if (request.operation === "") return writableBucketAnswer(request, keys);
    const { Records = [] } = request.input as { readonly Records?: readonly unknown[] };
    const RequestResponses = Records.map((_, i) => ({ RecordId: String(i) }));
    return { body: { FailedPutCount: 0, RequestResponses } };
  });
  Object.assign(process.env, cloud.env);
});

afterAll(() => cloud.close());

function record(id: string, number: number, eventName = "INSERT"): string {
  const Keys = { Id: { S: id } };
  const dynamodb = { Keys, NewImage: { ...Keys, Email: { S: SECRET } }, SequenceNumber: String(number) };
  return JSON.stringify({ eventName, dynamodb });
}

async function quarantine(reason: RejectionReason, ...records: readonly string[]): Promise<void> {
  const store = new MemoryStore();
  const held = records.map((raw) => ({ reason, detail: "", source: "a test", arrivedAtSeconds: 1, raw }));
  const [path = ""] = await quarantineRecords(store, "reviews", held);
  keys.set(path, store.text(path) ?? "");
}

beforeEach(async () => {
  keys = new Map(registryKeys([{ table: "reviews", source: "Reviews" }]));
  keys.set(schemaPath("reviews"), JSON.stringify({ ...SCHEMA, source: "Reviews" }));
  await quarantine("unknown-operation", record("a", 2, "TRUNCATE"), record("b", 3, "TRUNCATE"));
});

const paths = (folder: string): readonly string[] =>
  [...keys.keys()].filter((key) => key.startsWith(folder)).sort();
const delivered = (): readonly string[] =>
  cloud.requests.flatMap(({ input }) => {
    const { Records = [] } = (input ?? {}) as { readonly Records?: readonly { readonly Data: string }[] };
    return Records.map(({ Data }) => Buffer.from(Data, "base64").toString());
  });

test("records are counted by reason, with the commands for the stack, and shown without their values", async () => {
  const listed = await done(["quarantine", "list", ...ON_STACK]);
  expect(listed).toMatch(/^reviews: 2 records \(unknown-operation\), of 1970-01-01 00:00:01Z/);
  expect(listed).toContain("`dynalake quarantine repair --stack S` delivers them");
  const { groups } = JSON.parse(await done(["quarantine", "list", ...ON_STACK, "--json"]));
  expect(groups).toMatchObject([{ table: "reviews", reason: "unknown-operation", records: 2 }]);

  const shown = await done(["quarantine", "show", ...ON_STACK]);
  expect(shown).toContain('"Email"');
  expect(shown).not.toContain(SECRET);
  const valued = await done(["quarantine", "show", ...ON_STACK, "--values", "--limit", "1", "--json"]);
  expect(JSON.parse(JSON.parse(valued).record)).toMatchObject({ eventName: "TRUNCATE" });
  expect(valued).toContain(SECRET);
});

test("records of a reason are found behind many others, all that are asked for, and a file is read once for them", async () => {
  const many = Array.from({ length: 600 }, (_, i) => record(`m${i}`, 10 + i, "TRUNCATE"));
  await quarantine("no-key", ...many);
  const of = (...more: readonly string[]) => dynalake(["quarantine", "show", ...ON_STACK, "--json", ...more]);
  const found = await of("--reason", "unknown-operation");
  expect(found.stdout.match(/"unknown-operation"/g)).toHaveLength(2);
  const before = cloud.requests.length;
  const valued = await of("--reason", "no-key", "--values", "--limit", "600");
  expect(valued.stdout.match(/TRUNCATE/g)).toHaveLength(600);
  expect(valued.stderr).not.toContain("--limit");
  const reads = cloud.requests.slice(before).filter(({ path }) => path.includes("quarantine/no-key"));
  expect(reads.length).toBeLessThanOrEqual(2);
  expect((await of("--reason", "not-json")).stderr).toContain("No records of the reason not-json");
});

test("a repair sends to Firehose what makes sense now, and leaves the rest in the bucket", async () => {
  const repair = ["quarantine", "repair", ...ON_STACK];
  const kept = paths(quarantineFolder("reviews"));
  const still = await dynalake(repair);
  expect(still).toMatchObject({ code: 3, stdout: 'Replayed 0 changes into "reviews"\n' });
  expect(still.stderr).toContain("2 records are in quarantine: s3://bucket/reviews/quarantine/");
  expect(paths(quarantineFolder("reviews"))).toEqual(kept);
  expectRefused(await dynalake([...repair, "--reason", "no-key"]), {
    code: "USAGE",
    names: ["no-key"],
    next: "unknown-operation",
  });

  const [path = ""] = kept;
  keys.set(path, (keys.get(path) ?? "").replaceAll("TRUNCATE", "INSERT"));
  const before = delivered().length;
  const sent = cloud.requests.length;
  const planned = JSON.parse((await dynalake([...repair, "--dry-run", "--json"])).stdout);
  expect(planned).toMatchObject({ rows: 2, quarantined: 0, dryRun: true });
  const written = cloud.requests
    .slice(sent)
    .filter(({ method, operation }) => method !== "GET" && operation !== "DescribeStacks");
  expect(written).toEqual([]);
  const repaired = await dynalake([...repair, "--json"]);
  expect(repaired).toMatchObject({ code: 0 });
  expect(JSON.parse(repaired.stdout)).toMatchObject({ table: "reviews", rows: 2, quarantined: 0 });
  const rows = delivered().slice(before).join("").trimEnd().split("\n");
  expect(rows.map((row) => JSON.parse(row).id).sort()).toEqual(["a", "b"]);
  expect(paths(quarantineFolder("reviews"))).toEqual([]);
  expect((await dynalake(repair)).stderr).toContain("Nothing to replay");
});

test("a change waits for a newer one of its item that is still held, unless it need not", async () => {
  await quarantine("no-key", record("a", 1));
  const repair = ["quarantine", "repair", ...ON_STACK, "--reason", "no-key", "--json"];
  const held = await dynalake(repair);
  expect({ code: held.code, ...JSON.parse(held.stdout) }).toMatchObject({ code: 3, rows: 0, quarantined: 1 });
  const reason = ["--reason", "newer-is-held", "--partial"];
  const partial = await dynalake(["quarantine", "repair", ...ON_STACK, ...reason, "--json"]);
  expect(JSON.parse(partial.stdout)).toMatchObject({ rows: 1, quarantined: 0, olderThanHeld: 1 });
});

test("an object with changes that another table is named for stays", async () => {
  keys = new Map([...keys].filter(([key]) => !key.startsWith(quarantineFolder("reviews"))));
  await quarantine("no-key", JSON.stringify({ ...JSON.parse(record("a", 1)), tableName: "Orders" }));
  const kept = paths(quarantineFolder("reviews"));
  const replayed = await dynalake(["quarantine", "replay", ...ON_STACK, "--json"]);
  expect(JSON.parse(replayed.stdout)).toMatchObject({
    rows: 0,
    otherSources: [{ table: "Orders", records: 1 }],
  });
  expect(paths(quarantineFolder("reviews"))).toEqual(kept);
});

test("what is dropped is gone from the bucket, where a gap says so; a dry run changes nothing", async () => {
  const drop = ["quarantine", "drop", ...ON_STACK];
  const before = new Map(keys);
  expect(await done([...drop, "--dry-run"])).toMatch(
    /^Would drop 2 records of "reviews" \(2 unknown-operation\)/,
  );
  expectRefused(await dynalake([...drop, "--reason", "no-key"]), { code: "USAGE", names: ["no-key"] });
  expect(keys).toEqual(before);
  expect(JSON.parse(await done([...drop, "--json"]))).toEqual({
    table: "reviews",
    records: { "unknown-operation": 2 },
    files: 1,
    snapshotAfterSeconds: expect.any(Number),
    dryRun: false,
  });
  expect(paths(quarantineFolder("reviews"))).toEqual([]);
  const [gap = ""] = paths(gapsFolder("reviews"));
  expect(JSON.parse(keys.get(gap) ?? "")).toMatchObject({ reason: "dropped" });
});
