/** A lake in a separate app, compacted only by its schedule. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { latestManifest } from "../../src/core/table/commits.ts";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, sharedEmulator } from "./support/emulator.ts";
import { DeployedTable, until } from "./support/reviews.ts";

let emulator: AwsEmulator;
let ticks: DeployedTable;

beforeAll(async () => {
  emulator = await sharedEmulator();
  const schemaFile = join(emulator.folder, "ticks.json");
  const attributes = { Id: { type: "string" }, N: { type: "int" } };
  await writeFile(
    schemaFile,
    JSON.stringify({ table: "ticks", source: "Ticks", key: { hash: "Id" }, attributes }),
  );
  await deployStacks(emulator, {
    app: `node_modules/.bin/tsx test/aws/support/scheduled-app.ts ${schemaFile}`,
    stacks: ["Scheduled"],
  });
  ticks = await DeployedTable.open(emulator, "Scheduled");
});

afterAll(() => ticks?.close());

/**
 * A compaction leaves the last five minutes alone, and the log is read from two minutes before the snapshot. So it takes three
 * minutes until there is something to fold.
 */
const FOLDED_SECONDS_MAX = 420;

test(
  "changes are folded by a compaction that the schedule has started",
  async () => {
    const put = (id: string, n: number) => ticks.put({ Id: { S: id }, N: { N: String(n) } });
    await put("a", 1);
    await ticks.seeded();
    await put("b", 2);
    await put("a", 3);
    await ticks.becomesEqual();
    const folding = await until(
      "a scheduled compaction has folded changes",
      async () => {
        const { kind, horizonSeconds } = await latestManifest(ticks.lake.store, "ticks");
        return kind === "minor" ? horizonSeconds : undefined;
      },
      FOLDED_SECONDS_MAX,
    );
    expect(folding).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) - 300);
    await ticks.becomesEqual();
    const ends = await ticks.ends("compaction");
    expect(ends.map(({ status }) => status)).not.toContain("FAILED");
    expect(ends.map(({ output }) => output)).toContainEqual(expect.objectContaining({ done: ["minor"] }));
  },
  (FOLDED_SECONDS_MAX + 120) * 1000,
);

test("nothing needed a permission that it does not have", async () => {
  expect(await emulator.denials("Scheduled")).toEqual([]);
});
