/** `dynalake cost`: the estimate by options, and by what a source table says. */
import { describe, expect, test } from "@jest/globals";
import { done, dynalake } from "../support/cli.ts";

async function json(...options: readonly string[]) {
  return JSON.parse(await done(["cost", "--json", ...options]));
}

test("prints the resources, the dearest first, with what makes them cheaper, and what an idle lake costs", async () => {
  const text = await done(["cost", "--writes-per-second", "100", "--table-gb", "100", "--buckets", "250"]);
  const lines = text.split("\n");
  expect(lines[0]).toBe("100 writes/s, 100 GB, items of 1,000 bytes; 1 lake table");
  expect(lines[2]).toMatch(/\$20 {2}Point-in-time recovery$|Athena/);
  expect(text).toMatch(/\$\d+(\.\d+)? {2}Firehose\n {12}cheaper: a longer batchWindow/);
  expect(text).toContain("$3.27  a month: an idle lake");
  expect(text).toContain("Statements of Athena: 3 for a snapshot, 5 for a compaction, 7 for one that");
});

test("--json has each formula", async () => {
  const found = await json("--writes-per-second", "1", "--table-gb", "1", "--no-dashboard", "--own-key");
  expect(found.load).toMatchObject({ writesPerSecond: 1, tableBytes: 1e9, dashboard: false, ownKey: true });
  for (const line of found.perMonth)
    expect(line).toEqual(
      expect.objectContaining({
        resource: expect.any(String),
        dollars: expect.any(Number),
        formula: expect.any(String),
      }),
    );
  expect(found.monthDollars).toBeGreaterThan(found.idle.lake + found.idle.source + found.idle.table);
});

describe("options", () => {
  test("a longer interval of compactions costs less", async () => {
    const load = ["--writes-per-second", "1", "--table-gb", "1"];
    const hourly = await json(...load, "--compact-every", "60");
    expect(hourly.monthDollars).toBeLessThan((await json(...load)).monthDollars);
  });

  test("that are not numbers are refused", async () => {
    const { code, stderr } = await dynalake(["cost", "--table-gb", "much"]);
    expect(code).toBe(2);
    expect(stderr).toContain("It must be a number of 0 or more");
  });
});
