/** The example, deployed by the real command line, from the first snapshot to the third compaction. */
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, startEmulator } from "./support/emulator.ts";
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
  if (process.env.DYNALAKE_AWS_LOG !== undefined) await writeFile(process.env.DYNALAKE_AWS_LOG, emulator.log(100_000));
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
