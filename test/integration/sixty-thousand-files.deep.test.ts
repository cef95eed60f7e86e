/** More files than Step Functions passes on from state to state, in a snapshot on AWS: each step takes them within a function's means. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

/** A quarter of what the function that plans has; here it holds the names of all objects as well. */
const HEAP_MEGABYTES = 256;
const FILES = 60_001;

test("an export of sixty thousand files is counted, planned, committed and removed", async () => {
  const file = join(import.meta.dirname, "sixty-thousand-files.ts");
  const flags = [`--max-old-space-size=${HEAP_MEGABYTES}`, "--import", "tsx", file];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  const { files, planned, committed, cleaned, left, rows } = JSON.parse(stdout);
  expect(files).toBe(FILES);
  expect(planned.answer).toMatchObject({ items: 500, statements: 2 });
  // What a state passes on names the plan, and lists nothing.
  expect(JSON.stringify(planned.answer).length).toBeLessThan(1000);
  // A tally for each file, and a few others.
  expect(planned.calls - FILES).toBeLessThan(10);
  expect(committed.answer).toMatchObject({ outcome: "committed", rows: 500 });
  expect(rows).toBe(500);
  // The rows of two splits, the tally and the file itself.
  expect(cleaned.calls).toBeGreaterThan(4 * FILES);
  expect(left).toBe(0);
}, 300_000);
