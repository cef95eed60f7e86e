/** The example from first snapshot to last compaction, deployed with the real CDK command line, with policies enforced. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tableEntryPath } from "../../src/core/format/deployment-path.ts";
import { waitingPaths } from "../../src/core/table/waiting-paths.ts";
import type { AwsEmulator } from "./support/emulator.ts";
import { Inbox } from "./support/inbox.ts";
import { type DeployedTable, type StoredItem, until } from "./support/reviews.ts";
import { openWorld } from "./support/world.ts";

let emulator: AwsEmulator;
let reviews: DeployedTable;

const BY_ROWLING =
  "SELECT author, count(*) AS reviews FROM reviews WHERE author = 'J.K. Rowling' GROUP BY author";

beforeAll(async () => {
  const world = await openWorld("reviews");
  emulator = world.emulator;
  reviews = world.tables.reviews;
});

afterAll(() => reviews?.close());

function review(user: string, book: string, attributes: StoredItem = {}): StoredItem {
  return { User: { S: user }, Book: { S: book }, ...attributes };
}

const written = Array.from({ length: 60 }, (_, i) =>
  review(`user ${i}`, "Harry Potter", {
    Rating: { N: String((i % 5) + 1) },
    Author: { S: i % 2 === 0 ? "J.K. Rowling" : 'Frank "Dune" Herbert\'s' },
    ...(i % 3 === 0 ? { Review: { S: `line 1\nline ${i} é😀` } } : {}),
    ...(i % 7 === 0 ? { Extra: { N: "12345678901234567890.123456789" } } : {}),
  }),
);

test("the first snapshot lands without another command", async () => {
  await reviews.put(...written);
  await reviews.seeded();
  await reviews.becomesEqual();
  expect(await reviews.rows(BY_ROWLING)).toEqual([{ author: "J.K. Rowling", reviews: 30 }]);
});

test("the view follows puts, updates and deletes, and so does what compactions make of them", async () => {
  await reviews.put(review("user 0", "Harry Potter", { Author: { S: "J.K. Rowling" }, Rating: { N: "1" } }));
  await reviews.put(review("new", "Dune", { Author: { S: "J.K. Rowling" } }));
  await reviews.remove(review("user 2", "Harry Potter"), review("user 4", "Harry Potter"));
  await emulator.faults.ttlDeletes(1, reviews.source);
  await reviews.remove(review("user 6", "Harry Potter"));
  await reviews.becomesEqual();
  expect(await reviews.rows(BY_ROWLING)).toEqual([{ author: "J.K. Rowling", reviews: 28 }]);
  expect(await reviews.rows("SELECT count(*) AS n FROM reviews_history WHERE _expired")).toEqual([{ n: 1 }]);

  expect(await reviews.compacted()).toMatchObject({
    status: "SUCCEEDED",
    output: { done: ["minor", "major"] },
  });
  await reviews.becomesEqual();
  expect(await reviews.rows(BY_ROWLING)).toEqual([{ author: "J.K. Rowling", reviews: 28 }]);

  await reviews.remove(review("new", "Dune"));
  await reviews.becomesEqual();
  expect(await reviews.rows(BY_ROWLING)).toEqual([{ author: "J.K. Rowling", reviews: 27 }]);
});

/** Counts rows that only the first test changes. */
const STABLE = "SELECT count(*) AS n FROM reviews WHERE \"user\" LIKE 'user 5_'";

async function alwaysRight<T>(work: Promise<T>): Promise<T> {
  const { ended, answers } = await reviews.askDuring(STABLE, work);
  expect(answers).toEqual([[{ n: 10 }]]);
  return ended;
}

/** Keeps writing until the work is done. */
async function whileWriting<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const writing = (async () => {
    for (let i = 0; !isDone; i++) {
      await reviews.put(review(`busy ${i % 20}`, "Dune", { Rating: { N: String(i) } }));
      if (i % 3 === 0) await reviews.remove(review(`busy ${(i + 7) % 20}`, "Dune"));
    }
  })();
  try {
    return await work;
  } finally {
    isDone = true;
    await writing;
  }
}

test("while writes go on, every query during a compaction and a new snapshot is right", async () => {
  expect(await whileWriting(alwaysRight(reviews.compacted()))).toMatchObject({ status: "SUCCEEDED" });
  await reviews.becomesEqual();
  const snapshot = reviews.run("snapshot");
  expect(await whileWriting(alwaysRight(snapshot))).toMatchObject({ output: { outcome: "committed" } });
  await reviews.becomesEqual();
});

test("of two compactions at once one ends as a conflict, and nothing is harmed", async () => {
  await reviews.put(review("two", "Dune"));
  await reviews.becomesEqual();
  const ends = await Promise.all([reviews.compacted(), reviews.compacted()]);
  const outcomes = ends.map(({ output }) => (output as { readonly outcome: string }).outcome);
  expect(outcomes).toContain("conflict");
  await reviews.becomesEqual();
});

test("a record that is too large for Firehose is put into quarantine, and its neighbours are delivered", async () => {
  const poison = review("poison", "Dune", { Review: { S: "\u0001".repeat(200_000) } });
  const before = [1, 2].map((n) => review("before", "Dune", { Rating: { N: String(n) } }));
  await reviews.put(before[0] as StoredItem, poison, before[1] as StoredItem, review("after", "Dune"));
  await until("it is in quarantine", async () => {
    const objects = await reviews.lake.store.list("reviews/quarantine/too-large/");
    return objects.length > 0 ? true : undefined;
  });
  await until("its neighbours are seen", async () => {
    const rows = await reviews.rows(
      "SELECT \"user\" FROM reviews WHERE \"user\" IN ('before', 'after', 'poison')",
    );
    return rows.length === 2 ? true : undefined;
  });
  await reviews.remove(review("poison", "Dune"));
  await reviews.becomesEqual();
});

test("a batch that failed for good is given again by hand, once its cause is repaired", async () => {
  const { store } = reviews.lake;
  const path = tableEntryPath(reviews.deployment.source, "reviews");
  const entry = await store.read(path);
  await reviews.changeMapping({ MaximumRetryAttempts: 0 });
  await store.replace(path, Buffer.from("spoilt by hand"));
  await reviews.renew("stream");
  await reviews.put(review("failed 1", "Dune"), review("failed 2", "Dune"));
  await reviews.remove(review("failed 1", "Dune"));
  const records = await until("all of them are put aside", async () => {
    const found = (await reviews.failedBatches()).flatMap(({ Records }) => Records);
    return found.length === 3 ? found : undefined;
  });
  expect(records.length).toBe(3);
  await store.replace(path, entry as Uint8Array);
  await reviews.renew("stream");
  await reviews.changeMapping({ MaximumRetryAttempts: 100 });
  // The shard is not blocked.
  await reviews.delivered(() => reviews.put(review("after the failure", "Dune")));
  // Replaying twice is harmless.
  for (const batch of [...(await reviews.failedBatches()), ...(await reviews.failedBatches())])
    expect(await reviews.invoke("stream", batch)).toEqual({ answer: { batchItemFailures: [] } });
  await reviews.becomesEqual();
});

test("what the table cannot take waits, holds up nothing, and is delivered by a tick once the cause is repaired", async () => {
  const { store } = reviews.lake;
  // It says which columns rows have.
  const newest =
    (await store.list("reviews/manifest/"))
      .map(({ path }) => path)
      .sort()
      .at(-1) ?? "";
  const manifest = await store.read(newest);
  await store.replace(newest, Buffer.from("spoilt by hand"));
  await reviews.renew("stream");
  await reviews.put(review("waits 1", "Dune"), review("waits 2", "Dune"));
  await until("they wait", async () => ((await waiting()).length > 0 ? true : undefined));
  await store.replace(newest, manifest as Uint8Array);
  await reviews.renew("stream");
  await reviews.delivered(() => reviews.put(review("after the wait", "Dune")));
  expect((await waiting()).length).toBeGreaterThan(0);
  await reviews.invoke("tick", {});
  await until("nothing waits", async () => ((await waiting()).length === 0 ? true : undefined));
  await reviews.becomesEqual();
});

const waiting = () => waitingPaths(reviews.lake.store, "reviews");

test("a Firehose that refuses all entries, or some of them, and delivers twice, loses nothing", async () => {
  const stream = reviews.deployment.deliveryStream;
  await emulator.faults.failPuts({ calls: 2, stream });
  await reviews.put(review("failed once", "Dune"), review("failed twice", "Dune"));
  await reviews.becomesEqual();
  // A Firehose record has at most one mebibyte, so these become several entries of one request.
  const large = { Review: { S: "x".repeat(390_000) } };
  await emulator.faults.failPuts({ calls: 2, every: 2, stream });
  await Promise.all(
    ["a", "b", "c", "d", "e"].map((name) => reviews.put(review(`in part ${name}`, "Dune", large))),
  );
  await reviews.becomesEqual();
  await emulator.faults.duplicateDeliveries(1, stream);
  await reviews.put(review("delivered twice", "Dune"));
  await reviews.remove(review("failed once", "Dune"));
  await reviews.becomesEqual();
  expect(await emulator.faults.left(stream)).toBe(0);
});

test("what Firehose delivers an hour late, behind the horizon, is folded by the next compaction", async () => {
  const stream = reviews.deployment.deliveryStream;
  await emulator.faults.holdDeliveries(stream);
  await reviews.put(
    review("late", "Dune", { Author: { S: "late" } }),
    review("user 1", "Harry Potter", { Rating: { N: "9" } }),
  );
  await until("Firehose holds it", async () =>
    (await emulator.faults.held(stream)).length > 0 ? true : undefined,
  );
  await emulator.faults.release({ hoursEarlier: 1, stream });
  await reviews.compacted();
  await reviews.becomesEqual();
});

test("a snapshot that fails says so to a subscriber, and can be run again", async () => {
  const inbox = await Inbox.of(emulator, "DynalakeLake", "Failure");
  await emulator.faults.failExports(1, reviews.source);
  expect(await reviews.run("snapshot")).toMatchObject({ status: "FAILED" });
  const message = await until("the failure is told", () => inbox.next("reviews"));
  expect(message).toMatchObject({ outcome: "failed", table: "reviews", machine: "snapshot" });
  expect(await reviews.run("snapshot")).toMatchObject({
    output: { outcome: "committed" },
  });
  await reviews.becomesEqual();
});

test("a snapshot that fails at a file is mailed with its input, and taken again", async () => {
  const inbox = await Inbox.of(emulator, "DynalakeLake", "Failure");
  const machine = reviews.machineArn("snapshot").split(":").at(-1) as string;
  await emulator.faults.failState({ machine, table: "reviews", state: "Part", error: "Lambda.Unknown" });
  expect(await reviews.run("snapshot")).toMatchObject({ status: "FAILED" });
  const message = await until("the failure is told", () => inbox.next("reviews"));
  expect(message).toMatchObject({
    detail: { status: "FAILED", error: "States.ExceedToleratedFailureThreshold" },
  });
  expect(await reviews.run("snapshot")).toMatchObject({ output: { outcome: "committed" } });
  await reviews.becomesEqual();
});

test("nothing needed a permission that it does not have", async () => {
  for (const stack of ["DynalakeReviews", "DynalakeLake"]) expect(await emulator.denials(stack)).toEqual([]);
});
