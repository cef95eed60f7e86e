/** A run is ready while it reads each stream. */
import { expect, test } from "@jest/globals";
import { DynalakeError } from "../../src/core/error.ts";
import { saveReadingState } from "../../src/core/table/reading-state.ts";
import { whyNotReady } from "../../src/monitor/readiness.ts";
import { RunTally } from "../../src/monitor/run-tally.ts";
import { MemoryStore } from "../support/memory-store.ts";

async function readAt(store: MemoryStore, table: string, savedAtSeconds: number) {
  const position = { streamArn: "arn", shards: {} };
  await saveReadingState(store, table, {
    position,
    savedAtSeconds,
    caughtUpAtSeconds: undefined,
    newestChangeSeconds: undefined,
  });
}

test("each stream has to be opened, and read within the last minute", async () => {
  const store = new MemoryStore();
  const tally = new RunTally();
  const why = (nowSeconds: number) => whyNotReady(store, tally.tables, nowSeconds);
  expect(await why(1_000)).toBe("no stream is read yet");
  tally.take({ kind: "opened", table: "a", resumed: true });
  expect(await why(1_000)).toBe('the stream of "a" was not read within the last minute');
  await readAt(store, "a", 1_000);
  expect(await why(1_060)).toBeUndefined();
  expect(await why(1_061)).toBe('the stream of "a" was not read within the last minute');
  tally.take({ kind: "opened", table: "b", resumed: false });
  expect(await why(1_000)).toContain('"b"');
});

test("a source that cannot be read makes it not ready, until it is read again; a gap does not", async () => {
  const store = new MemoryStore();
  const tally = new RunTally();
  await readAt(store, "a", 1_000);
  tally.take({ kind: "opened", table: "a", resumed: true });
  tally.take({ kind: "not-followed", table: "a", error: new DynalakeError("UNREACHABLE", "no answer") });
  expect(await whyNotReady(store, tally.tables, 1_000)).toBe('the source of "a" is not read');
  tally.take({ kind: "opened", table: "a", resumed: true });
  tally.take({
    kind: "gap",
    table: "a",
    gap: { reason: "trimmed", detail: "", foundAtSeconds: 1, lostUntilSeconds: 1, snapshotAfterSeconds: 1 },
  });
  expect(await whyNotReady(store, tally.tables, 1_000)).toBeUndefined();
});
