import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "@jest/globals";
import { s3Store } from "../../src/aws/s3-store.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import { VirtualTiming } from "../source/virtual-timing.ts";
import { type FakeAnswer, type FakeAws, type FakeRequest, fakeAws, socketFault } from "./fake-aws.ts";

const content = new TextEncoder().encode("content");

function storeOn(
  answer: (request: FakeRequest) => FakeAnswer,
  maxAttempts = 1,
): FakeAws & { readonly store: ObjectStore } {
  const fake = fakeAws(answer);
  const client = new S3Client({ ...fake.options, maxAttempts, forcePathStyle: true });
  return { ...fake, store: s3Store({ client, bucket: "lake", timing: new VirtualTiming() }) };
}

function refused(status: number, code: string): FakeAnswer {
  return { status, body: `<Error><Code>${code}</Code><Message>said</Message></Error>` };
}

describe("create", () => {
  test("asks that nothing is there, and says so where something is", async () => {
    const { store, requests } = storeOn(({ method }) =>
      method === "HEAD"
        ? { headers: { "x-amz-meta-dynalake-creation": "another" } }
        : refused(412, "PreconditionFailed"),
    );
    expect(await store.create("t/manifest/1", content)).toBe("exists");
    expect(requests[0]).toMatchObject({ method: "PUT", path: "/lake/t/manifest/1" });
    expect(requests[0]?.headers["if-none-match"]).toBe("*");
  });

  test("an object whose creation was answered by nobody is known again by the request that finds it", async () => {
    let stored: string | undefined;
    const { store, requests } = storeOn(({ method, headers }) => {
      const creation = headers["x-amz-meta-dynalake-creation"] ?? "";
      if (method === "HEAD") return { headers: { "x-amz-meta-dynalake-creation": stored ?? "" } };
      if (stored !== undefined) return refused(412, "PreconditionFailed");
      stored = creation;
      throw socketFault();
    }, 2);
    expect(await store.create("t/manifest/1", content)).toBe("created");
    expect(requests.map(({ method }) => method)).toEqual(["PUT", "PUT", "HEAD"]);
  });

  test("another's object that came while the answer was lost is another's", async () => {
    let puts = 0;
    const { store } = storeOn(({ method }) => {
      if (method === "HEAD") return {};
      puts++;
      if (puts === 1) throw socketFault();
      return refused(412, "PreconditionFailed");
    }, 2);
    expect(await store.create("t/manifest/1", content)).toBe("exists");
  });

  test("a conflict with a request under way is tried again, and not for ever", async () => {
    let puts = 0;
    const passing = storeOn(() => (++puts < 3 ? refused(409, "ConditionalRequestConflict") : {}));
    expect(await passing.store.create("a", content)).toBe("created");
    const lasting = storeOn(() => refused(409, "ConditionalRequestConflict"));
    await expect(lasting.store.create("a", content)).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(lasting.requests.length).toBeLessThan(10);
  });

  test("an outcome that cannot be known is thrown: whoever asked has to look", async () => {
    const { store, requests } = storeOn(() => {
      throw socketFault();
    });
    await expect(store.create("a", content)).rejects.toMatchObject({ code: "UNREACHABLE", retryable: true });
    expect(requests).toHaveLength(1);
  });
});

describe("read", () => {
  test("a body that breaks off is read again, whole", async () => {
    let reads = 0;
    const { store } = storeOn(() => (++reads === 1 ? { body: "con", breaksOff: true } : { body: "content" }));
    expect(new TextDecoder().decode(await store.read("a"))).toBe("content");
    expect(reads).toBe(2);
  });

  test("an object that is too large for memory is refused before it is read", async () => {
    const { store } = storeOn(() => ({ headers: { "content-length": "300000000" }, body: "x" }));
    await expect(store.read("a")).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("s3://lake/a"),
    });
  });

  test.each([
    [403, "AccessDenied", "CREDENTIALS"],
    [503, "SlowDown", "THROTTLED"],
    [404, "NoSuchBucket", "STORE_FAILED"],
  ])("%i %s is %s, with the operation and the key", async (status, name, code) => {
    const { store } = storeOn(() => refused(status, name));
    const failure = { code, message: expect.stringContaining(`cannot read s3://lake/t/a: ${name}`) };
    await expect(store.read("t/a")).rejects.toMatchObject(failure);
  });
});

test("listings are read to their last page, without the marks of empty folders", async () => {
  const page = (keys: readonly string[], next?: string): FakeAnswer => ({
    body: `<ListBucketResult>${keys.map((key) => `<Contents><Key>${key}</Key><Size>3</Size><LastModified>2026-11-23T00:00:00.000Z</LastModified></Contents>`).join("")}<CommonPrefixes><Prefix>t/${next ?? "z"}/</Prefix></CommonPrefixes>${next === undefined ? "" : `<IsTruncated>true</IsTruncated><NextContinuationToken>${next}</NextContinuationToken>`}</ListBucketResult>`,
  });
  const { store, requests } = storeOn(({ query }) => {
    if (query["continuation-token"] === undefined) return page(["t/", "t/a"], "p2");
    return query["continuation-token"] === "p2" ? page(["t/b"], "p3") : page(["t/c"]);
  });
  expect((await store.list("t/")).map(({ path }) => path)).toEqual(["t/a", "t/b", "t/c"]);
  expect(await store.folders("t/")).toEqual(["p2", "p3", "z"]);
  expect(requests.map(({ query }) => query.delimiter)).toEqual([...Array(3), "/", "/", "/"]);
});

describe("remove", () => {
  const keysOf = ({ text }: FakeRequest): readonly string[] =>
    [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = ""]) => key);
  const errors = (keys: readonly string[], code: string): FakeAnswer => ({
    body: `<DeleteResult>${keys.map((key) => `<Error><Key>${key}</Key><Code>${code}</Code><Message>said</Message></Error>`).join("")}</DeleteResult>`,
  });

  test("removes a thousand at once, and what was too much once more", async () => {
    const paths = Array.from({ length: 2_500 }, (_, i) => `t/${i}`);
    const removed: string[] = [];
    let slow = true;
    const { store, requests } = storeOn((request) => {
      const keys = keysOf(request);
      if (!slow) {
        removed.push(...keys);
        return { body: "<DeleteResult/>" };
      }
      slow = false;
      removed.push(...keys.slice(2));
      return errors(keys.slice(0, 2), "SlowDown");
    });
    await store.remove(paths);
    expect(requests.map((request) => keysOf(request).length)).toEqual([1_000, 2, 1_000, 500]);
    expect(removed.sort()).toEqual(paths.sort());
    await store.remove([]);
    expect(requests).toHaveLength(4);
  });

  test("a key that may not be removed is named", async () => {
    const { store } = storeOn(() => errors(["t/b", "t/c"], "AccessDenied"));
    await expect(store.remove(["t/a", "t/b", "t/c"])).rejects.toMatchObject({
      code: "CREDENTIALS",
      message: "cannot remove s3://lake/t/b and 1 more: AccessDenied: said",
    });
  });

  test("what stays too much is told in the end", async () => {
    const { store, requests } = storeOn(() => errors(["t/a"], "InternalError"));
    await expect(store.remove(["t/a"])).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(requests.length).toBeLessThan(10);
  });
});
