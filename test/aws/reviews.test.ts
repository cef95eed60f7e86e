/** The example, deployed by the real command line, from the first snapshot to the third compaction. */
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, startEmulator } from "./support/emulator.ts";
import { Inbox } from "./support/inbox.ts";
import { DeployedTable, type Review, until } from "./support/reviews.ts";

let emulator: AwsEmulator;
let reviews: DeployedTable;

const BY_ROWLING =
  "SELECT author, count(*) AS reviews FROM reviews WHERE author = 'J.K. Rowling' GROUP BY author";

beforeAll(async () => {
  emulator = await startEmulator();
  await deployStacks(emulator, { app: "node_modules/.bin/tsx infra/app.ts" });
  reviews = await DeployedTable.open(emulator, "DynalakeReviews");
});

afterAll(async () => {
  if (process.env.DYNALAKE_AWS_LOG !== undefined)
    await writeFile(process.env.DYNALAKE_AWS_LOG, emulator.log(100_000));
  reviews?.close();
  await emulator?.stop();
});

function review(user: string, book: string, attributes: Review = {}): Review {
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

/** Changes need a moment from the stream to the bucket. */
async function lakeEqualsTable(): Promise<void> {
  const expected = await reviews.scanned();
  let shown: readonly string[] = [];
  await until(
    "the lake has the table's items",
    async () => {
      shown = await reviews.items();
      return JSON.stringify(shown) === JSON.stringify(expected) ? true : undefined;
    },
    60,
  ).catch(() => expect(shown).toEqual(expected));
}

test("the first snapshot lands without another command", async () => {
  await reviews.put(...written);
  const { snapshotMachineArn } = reviews.deployment;
  const [first] = await until("the first snapshot has started", async () => {
    const executions = await reviews.executions(snapshotMachineArn);
    return executions.length > 0 ? executions : undefined;
  });
  expect(await reviews.ended(first as string)).toMatchObject({
    status: "SUCCEEDED",
    output: { outcome: "committed" },
  });
  await lakeEqualsTable();
  expect(await reviews.rows(BY_ROWLING)).toEqual([{ author: "J.K. Rowling", reviews: 30 }]);
});

test("the view follows puts, updates and deletes, and so does what compactions make of them", async () => {
  await reviews.put(review("user 0", "Harry Potter", { Author: { S: "J.K. Rowling" }, Rating: { N: "1" } }));
  await reviews.put(review("new", "Dune", { Author: { S: "J.K. Rowling" } }));
  await reviews.remove(review("user 2", "Harry Potter"), review("user 4", "Harry Potter"));
  await emulator.faults.ttlDeletes(1);
  await reviews.remove(review("user 6", "Harry Potter"));
  await lakeEqualsTable();
  expect(await reviews.rows(BY_ROWLING)).toEqual([{ author: "J.K. Rowling", reviews: 28 }]);
  expect(await reviews.rows("SELECT count(*) AS n FROM reviews_history WHERE _expired")).toEqual([{ n: 1 }]);

  const { compactionMachineArn } = reviews.deployment;
  const compacted = await reviews.run(compactionMachineArn, { scope: "all", settleSeconds: 0 });
  expect(compacted).toMatchObject({ status: "SUCCEEDED", output: { done: ["minor", "major"] } });
  await lakeEqualsTable();
  expect(await reviews.rows(BY_ROWLING)).toEqual([{ author: "J.K. Rowling", reviews: 28 }]);

  await reviews.remove(review("new", "Dune"));
  await lakeEqualsTable();
  expect(await reviews.rows(BY_ROWLING)).toEqual([{ author: "J.K. Rowling", reviews: 27 }]);
});

/** Rows that no test changes after the first one: whatever runs, a query counts them all. */
const STABLE = "SELECT count(*) AS n FROM reviews WHERE \"user\" LIKE 'user 5_'";

/** Asks again and again until the work is done; every answer has to be right. */
async function alwaysRight<T>(work: Promise<T>): Promise<T> {
  const counts: unknown[] = [];
  let isDone = false;
  const asking = (async () => {
    while (!isDone) counts.push(...(await reviews.rows(STABLE)).map(({ n }) => n));
  })();
  try {
    return await work;
  } finally {
    isDone = true;
    await asking;
    expect(new Set(counts)).toEqual(new Set([10]));
  }
}

/** Writes on and on until the work is done. */
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

const compact = (input: object = { scope: "all", settleSeconds: 0 }) =>
  reviews.run(reviews.deployment.compactionMachineArn, input);

test("while writes go on, every query during a compaction and a new snapshot is right", async () => {
  expect(await whileWriting(alwaysRight(compact()))).toMatchObject({ status: "SUCCEEDED" });
  await lakeEqualsTable();
  const snapshot = reviews.run(reviews.deployment.snapshotMachineArn, {});
  expect(await whileWriting(alwaysRight(snapshot))).toMatchObject({ output: { outcome: "committed" } });
  await lakeEqualsTable();
});

test("of two compactions at once one ends as a conflict, and nothing is harmed", async () => {
  await reviews.put(review("two", "Dune"));
  await lakeEqualsTable();
  const ends = await Promise.all([compact(), compact()]);
  const outcomes = ends.map(({ output }) => (output as { readonly outcome: string }).outcome);
  expect(outcomes).toContain("conflict");
  await lakeEqualsTable();
});

test.each(["Plan", "Stage", "Commit", "Publish", "Clean"])(
  "a compaction that dies at %s, before or after it, leaves a right view, and the next one mends it",
  async (state) => {
    for (const when of ["before", "after"] as const) {
      await reviews.put(review(`dies ${when} ${state}`, "Dune", { Author: { S: "A. Uthor" } }));
      await lakeEqualsTable();
      await emulator.faults.failState({ state, how: "abort", when });
      expect((await alwaysRight(compact())).status).not.toBe("SUCCEEDED");
      await lakeEqualsTable();
      expect(await compact()).toMatchObject({ status: "SUCCEEDED" });
      await lakeEqualsTable();
    }
    const [row] = await reviews.rows("SELECT count(*) AS n FROM reviews WHERE author = 'A. Uthor'");
    expect(row).toEqual({ n: (await reviews.scanned()).filter((line) => line.includes("A. Uthor")).length });
  },
);

test("a record that is too large for Firehose is put into quarantine, and its neighbours are delivered", async () => {
  const poison = review("poison", "Dune", { Review: { S: "\u0001".repeat(200_000) } });
  await reviews.put(review("before", "Dune"), poison, review("after", "Dune"));
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
  await lakeEqualsTable();
});

test("a Firehose that fails some or all entries, and delivers twice, loses nothing", async () => {
  await emulator.faults.failPuts({ calls: 2 });
  await reviews.put(review("failed once", "Dune"), review("failed twice", "Dune"));
  await lakeEqualsTable();
  await emulator.faults.duplicateDeliveries(3);
  await reviews.put(review("delivered twice", "Dune"));
  await reviews.remove(review("failed once", "Dune"));
  await lakeEqualsTable();
});

test("what Firehose delivers an hour late, behind the horizon, is folded by the next compaction", async () => {
  await emulator.faults.holdDeliveries();
  await reviews.put(
    review("late", "Dune", { Author: { S: "late" } }),
    review("user 1", "Harry Potter", { Rating: { N: "9" } }),
  );
  await until("Firehose holds it", async () =>
    (await emulator.faults.held()).length > 0 ? true : undefined,
  );
  await emulator.faults.release({ hoursEarlier: 1 });
  await compact();
  await lakeEqualsTable();
});

test("a snapshot that fails says so to a subscriber, and can be run again", async () => {
  const inbox = await Inbox.of(emulator, "Failure");
  await emulator.faults.failExports(1);
  expect(await reviews.run(reviews.deployment.snapshotMachineArn, {})).toMatchObject({ status: "FAILED" });
  const message = await until("the failure is told", () => inbox.next());
  expect(message).toMatchObject({ outcome: "failed", table: "reviews", machine: "snapshot" });
  expect(await reviews.run(reviews.deployment.snapshotMachineArn, {})).toMatchObject({
    output: { outcome: "committed" },
  });
  await lakeEqualsTable();
});
