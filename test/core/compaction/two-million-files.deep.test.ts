/** The most files that a table may have: a vacuum holds those of some runs at a time. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { LISTED_MAX } from "../../../src/core/ports/object-store.ts";

/** All of them together take several times as much. */
const HEAP_MEGABYTES = 96;

test("a vacuum of two million files lists them run by run, and removes all that nothing needs", async () => {
  const file = join(import.meta.dirname, "two-million-files.ts");
  const flags = [`--max-old-space-size=${HEAP_MEGABYTES}`, "--import", "tsx", file];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  const { files, kept, megabytes, pages, removed, removals } = JSON.parse(stdout);
  // The run that is live, and the ten that are young.
  expect(kept).toBe(11_000);
  expect([files, removed]).toEqual([LISTED_MAX - kept, LISTED_MAX - kept]);
  expect(removals).toBe(removed / 1000);
  expect(pages).toBeGreaterThanOrEqual(LISTED_MAX / 1000);
  expect(megabytes).toBeLessThan(400);
}, 300_000);
