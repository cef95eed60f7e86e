/** `dynalake verify --stack` against the deployed example: proved where the lake is right, and a change that was lost is named. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { changesFolder } from "../../src/core/lake-path.ts";
import { dynalake, type Ended } from "../support/cli.ts";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, startEmulator } from "./support/emulator.ts";
import { DeployedTable, type Review, until } from "./support/reviews.ts";

let emulator: AwsEmulator;
let reviews: DeployedTable;

beforeAll(async () => {
  emulator = await startEmulator();
  await deployStacks(emulator, { app: "node_modules/.bin/tsx infra/app.ts" });
  reviews = await DeployedTable.open(emulator, "DynalakeReviews");
});

afterAll(async () => {
  reviews?.close();
  await emulator?.stop();
});

const review = (user: string, rating: number): Review => ({
  User: { S: user },
  Book: { S: "Mort" },
  Rating: { N: String(rating) },
  Extra: { S: "in no column" },
});

async function lakeEqualsTable(): Promise<void> {
  const expected = JSON.stringify(await reviews.scanned());
  await until("the lake has the table's items", async () =>
    JSON.stringify(await reviews.items()) === expected ? true : undefined,
  );
}

function verify(...more: readonly string[]): Promise<Ended> {
  // The emulator delivers within seconds.
  const args = ["verify", "--stack", "DynalakeReviews", "--settle", "8", ...more];
  return dynalake(args, { env: emulator.environment });
}

test("a deployment is proved, and what its change log has lost is named", async () => {
  await reviews.put(...Array.from({ length: 30 }, (_, i) => review(`user ${i}`, i % 5)));
  await until("the first snapshot has started", async () => {
    const executions = await reviews.executions(reviews.deployment.snapshotMachineArn);
    return executions.length > 0 ? executions : undefined;
  }).then(([first]) => reviews.ended(first as string));
  await reviews.remove({ User: { S: "user 3" }, Book: { S: "Mort" } });
  await lakeEqualsTable();
  const proved = await verify();
  expect(proved).toMatchObject({ code: 0 });
  expect(proved.stdout).toContain("compared    29 items of the source with 29 of the lake\n");
  expect(proved.stdout).toContain("IDENTICAL");

  const { store } = reviews.lake;
  const objects = async () => (await store.list(changesFolder("reviews"))).map(({ path }) => path);
  const before = new Set(await objects());
  await reviews.put(review("user 1", 9), review("late", 1));
  await lakeEqualsTable();
  await store.remove((await objects()).filter((path) => !before.has(path)));
  const lost = await verify("--json");
  expect(lost).toMatchObject({ code: 4 });
  const [table] = (JSON.parse(lost.stdout) as { readonly tables: readonly Record<string, unknown>[] }).tables;
  expect(table).toMatchObject({ result: "different", counts: { missing: 1, different: 1, extra: 0 } });
  expect(table?.differences).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: "missing", key: { User: { S: "late" }, Book: { S: "Mort" } } }),
      expect.objectContaining({ kind: "different", attributes: ["Rating"] }),
    ]),
  );
});
