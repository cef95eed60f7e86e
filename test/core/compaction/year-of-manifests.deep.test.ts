/** A year of hourly commits, none of which a vacuum has removed: a reader reads one of them, and a vacuum holds a few at a time. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

const COMMITS = 365 * 24;
/** All of them together take several times as much. */
const HEAP_MEGABYTES = 96;

test("of a year's commits the newest is read, one of a time in a few steps, and a vacuum gets through all", async () => {
  const file = join(import.meta.dirname, "year-of-manifests.ts");
  const flags = [`--max-old-space-size=${HEAP_MEGABYTES}`, "--import", "tsx", file];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  const { newest, asOf, vacuumed, megabytes } = JSON.parse(stdout);
  expect(newest).toEqual({ result: COMMITS, sent: { lists: 1, reads: 1, removed: 0 } });
  expect(asOf.result).toBe(1234);
  expect(asOf.sent.reads).toBeLessThan(20);
  // Those of the last week are kept, with the one that was the newest when it began.
  const expired = COMMITS - 7 * 24 - 1;
  expect(vacuumed.result).toBe(expired);
  // The newest is read before the others, too.
  expect(vacuumed.sent).toMatchObject({ reads: COMMITS + 1, removed: expired });
  expect(megabytes).toBeLessThan(400);
}, 300_000);
