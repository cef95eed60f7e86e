/** Twice as many partitions as Glue lists in a day's work: a compaction never lists them, and a vacuum holds one page at a time. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

/** Two million names alone take more. */
const HEAP_MEGABYTES = 96;

test("of two million partitions a compaction asks for its own by name, and a vacuum removes the empty ones page by page", async () => {
  const file = join(import.meta.dirname, "two-million-partitions.ts");
  const flags = [`--max-old-space-size=${HEAP_MEGABYTES}`, "--import", "tsx", file];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  const { plan, commit, vacuum, megabytes } = JSON.parse(stdout);
  // A thousand segments, of which Glue lacks three.
  expect(plan).toEqual({
    result: 3,
    requests: { BatchGetPartitionCommand: 10, BatchCreatePartitionCommand: 1, ListObjectsV2Command: 1 },
    partitions: { BatchGetPartitionCommand: 1000, BatchCreatePartitionCommand: 3, ListObjectsV2Command: 0 },
  });
  expect(commit).toMatchObject({
    result: 1000,
    requests: { BatchCreatePartitionCommand: 10, ListObjectsV2Command: 1 },
  });
  expect(commit.requests).not.toHaveProperty("GetPartitionsCommand");
  const kept = 11_000;
  expect(vacuum).toMatchObject({
    result: { partitions: 2_000_000 - kept },
    partitions: { GetPartitionsCommand: 2_000_000, BatchDeletePartitionCommand: 2_000_000 - kept },
    // Deletions take 25 at once. Of each page's runs the files are listed, and the folders once.
    requests: { GetPartitionsCommand: 2000, BatchDeletePartitionCommand: (2_000_000 - kept) / 25 },
  });
  expect(vacuum.requests.ListObjectsV2Command).toBe(2000 + 11);
  expect(megabytes).toBeLessThan(400);
}, 300_000);
