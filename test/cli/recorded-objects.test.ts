import { expect, test } from "@jest/globals";
import type { Deployment } from "../../src/aws/deployment.ts";
import { failedAtSeconds, objectsAt, readObject, wasPutAside } from "../../src/stack/recorded-objects.ts";
import { MemoryStore } from "../support/memory-store.ts";

const SOURCE = "arn:aws:dynamodb:eu-west-1:1:table/Reviews";
const DEPLOYMENT = {
  bucket: "lake",
  table: "reviews",
  sourceTableArn: SOURCE,
  ...{ eventSourceMapping: "mapping", mappingIds: ["mapping"] as readonly string[] },
} as Deployment;

function storeWith(...paths: readonly string[]): MemoryStore {
  const store = new MemoryStore();
  for (const path of paths) store.plant(path, "{}");
  return store;
}

test("an address names an object, or all of a folder", async () => {
  const store = storeWith("reviews/errors/a", "reviews/errors/b", "others/c");
  expect(await objectsAt(store, DEPLOYMENT, "s3://lake/others/c")).toEqual(["others/c"]);
  expect(await objectsAt(store, DEPLOYMENT, "s3://lake/reviews/errors/")).toEqual([
    "reviews/errors/a",
    "reviews/errors/b",
  ]);
  await expect(objectsAt(store, DEPLOYMENT, "s3://lake/empty/")).rejects.toMatchObject({
    code: "INPUT_INVALID",
  });
});

test.each([
  ["s3://another/reviews/errors/a", "is not in the bucket of the lake"],
  ["s3://lake-2/reviews/errors/a", "is not in the bucket of the lake"],
  ["s3://lake/../reviews/errors/a", "is not in the bucket of the lake"],
  ["s3://lake/orders/errors/a", 'was put aside for table "orders", not for "reviews"'],
  ["s3://lake/orders/quarantine/", 'was put aside for table "orders", not for "reviews"'],
])("%s is refused", async (address, said) => {
  const store = storeWith("reviews/errors/a", "orders/errors/a", "orders/quarantine/b");
  await expect(objectsAt(store, DEPLOYMENT, address)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining(said),
  });
});

test.each([
  [`${SOURCE}/stream/2026`, undefined],
  [SOURCE, undefined],
  [`${SOURCE}2/stream/2026`, "INPUT_INVALID"],
  ["arn:aws:dynamodb:eu-west-1:1:table/Orders/stream/2026", "INPUT_INVALID"],
])("of records that come from %s an object is refused as %s", async (eventSourceARN, code) => {
  const store = new MemoryStore();
  store.plant("put/by-people.json", JSON.stringify({ Records: [{ eventSourceARN, dynamodb: {} }] }));
  const reading = readObject(store, DEPLOYMENT, "put/by-people.json");
  if (code === undefined) expect((await reading).records).toHaveLength(1);
  else await expect(reading).rejects.toMatchObject({ code });
});

test("an object that is not there is told", async () => {
  await expect(readObject(new MemoryStore(), DEPLOYMENT, "reviews/errors/a")).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: "there is no s3://lake/reviews/errors/a",
  });
});

test.each([
  ["reviews/quarantine/no-key/a.jsonl", true],
  ["reviews/errors/a", true],
  ["aws/lambda/mapping/a.json", true],
  ["aws/lambda/another/a.json", false],
  ["orders/errors/a", false],
  ["put/by-people.json", false],
])("%s was put aside by this deployment: %s", (path, isOwn) => {
  expect(wasPutAside(DEPLOYMENT, path)).toBe(isOwn);
});

test.each([
  [
    "aws/lambda/mapping/shardId-1/2026/11/29/2026-11-29T01.02.03-1b4e28ba",
    Date.UTC(2026, 10, 29, 1, 2, 3) / 1000,
  ],
  ["aws/lambda/mapping/by-hand.json", Number.POSITIVE_INFINITY],
  ["aws/lambda/another/shardId-1/2026/11/29/2026-11-29T01.02.03-1b4e28ba", undefined],
  ["reviews/errors/2026-11-29T01.02.03-1b4e28ba", undefined],
])("%s tells when a batch of the source failed: %p", (path, seconds) => {
  expect(failedAtSeconds(DEPLOYMENT, path)).toBe(seconds);
});
