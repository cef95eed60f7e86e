/** The example with the emulator enforcing the policies of roles: what a function may not do fails. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, startEmulator } from "./support/emulator.ts";
import { DeployedTable, until } from "./support/reviews.ts";

let emulator: AwsEmulator;
let reviews: DeployedTable;

beforeAll(async () => {
  emulator = await startEmulator({ iam: true });
  await deployStacks(emulator, { app: "node_modules/.bin/tsx infra/app.ts" });
  reviews = await DeployedTable.open(emulator, "DynalakeReviews");
});

afterAll(async () => {
  reviews?.close();
  await emulator?.stop();
});

test("snapshot, stream, compactions and vacuum need no permission that they do not have", async () => {
  const { snapshotMachineArn, compactionMachineArn } = reviews.deployment;
  await reviews.put({ User: { S: "ann" }, Book: { S: "Dune" } });
  const [first] = await until("the first snapshot has started", async () => {
    const executions = await reviews.executions(snapshotMachineArn);
    return executions.length > 0 ? executions : undefined;
  });
  expect(await reviews.ended(first as string)).toMatchObject({ output: { outcome: "committed" } });
  await reviews.put({ User: { S: "bob" }, Book: { S: "Dune" }, Review: { S: "\u0001".repeat(200_000) } });
  await reviews.put({ User: { S: "cleo" }, Book: { S: "Dune" } });
  await until("what came later is seen, and what is too large is in quarantine", async () => {
    const rows = await reviews.rows('SELECT "user" FROM reviews ORDER BY "user"');
    const quarantined = await reviews.lake.store.list("reviews/quarantine/too-large/");
    return rows.length === 2 && quarantined.length > 0 ? true : undefined;
  });
  expect(await reviews.run(compactionMachineArn, { scope: "all", settleSeconds: 0 })).toMatchObject({
    output: { done: ["minor", "major"] },
  });
  expect(await reviews.rows('SELECT "user" FROM reviews ORDER BY "user"')).toEqual([
    { user: "ann" },
    { user: "cleo" },
  ]);
  expect(await emulator.denials()).toEqual([]);
});
