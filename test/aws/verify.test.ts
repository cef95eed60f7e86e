/** `dynalake verify --stack` on a deployment: it confirms a correct lake and names a lost change. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { changesFolder } from "../../src/core/format/lake-path.ts";
import type { Ended } from "../support/cli.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
import type { AwsEmulator } from "./support/emulator.ts";
import type { DeployedTable, StoredItem } from "./support/reviews.ts";
import { openWorld } from "./support/world.ts";

let emulator: AwsEmulator;
let proved: DeployedTable;

beforeAll(async () => {
  const world = await openWorld("proved");
  emulator = world.emulator;
  proved = world.tables.proved;
});

afterAll(() => proved?.close());

const review = (user: string, rating: number): StoredItem => ({
  User: { S: user },
  Book: { S: "Mort" },
  Rating: { N: String(rating) },
  Extra: { S: "in no column" },
});

function verify(...more: readonly string[]): Promise<Ended> {
  // The emulator delivers within seconds.
  const args = ["verify", "--stack", "DynalakeProved", "--settle", "8", ...more];
  return dynalakeProcess(args, { env: emulator.environment });
}

test("a deployment is proved, and what its change log has lost is named", async () => {
  await proved.put(...Array.from({ length: 30 }, (_, i) => review(`user ${i}`, i % 5)));
  await proved.seeded();
  await proved.remove({ User: { S: "user 3" }, Book: { S: "Mort" } });
  await proved.becomesEqual();
  const first = await verify();
  expect(first).toMatchObject({ code: 0 });
  expect(first.stdout).toContain("compared    29 items of the source with 29 of the lake\n");
  expect(first.stdout).toContain("IDENTICAL");

  const { store } = proved.lake;
  const objects = async () => (await store.list(changesFolder("proved"))).map(({ path }) => path);
  const before = new Set(await objects());
  await proved.put(review("user 1", 9), review("late", 1));
  await proved.becomesEqual();
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
