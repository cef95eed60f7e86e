/** The most files that a table may have: the vacuum that removes them gets through, in the memory of its function. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { LISTED_MAX } from "../../../src/core/ports/object-store.ts";

/** The function has 1,024 MiB: the rest is for Node.js itself, and for the clients of AWS. */
const HEAP_MEGABYTES = 768;

test("a vacuum of two million files lists them page by page, and removes all that nothing needs", async () => {
  const file = join(import.meta.dirname, "two-million-files.ts");
  const flags = [`--max-old-space-size=${HEAP_MEGABYTES}`, "--import", "tsx", file];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  const { files, kept, megabytes, pages, removed, removals } = JSON.parse(stdout);
  // The run that is live, and the ten that are young.
  expect(kept).toBe(11_000);
  expect([files, removed]).toEqual([LISTED_MAX - kept, LISTED_MAX - kept]);
  expect(removals).toBe(removed / 1000);
  expect(pages).toBeGreaterThanOrEqual(LISTED_MAX / 1000);
  expect(megabytes).toBeLessThan(1000);
}, 300_000);
