/** How far a reader has come, as people are told it: by its oldest shard, without an allowance for clocks. */
import { expect, test } from "@jest/globals";
import { systemTiming } from "../../src/sdk/timing.ts";
import { type ShardState, StreamProgress } from "../../src/source/stream-progress.ts";

const NOW_MS = 1_800_000_000_000;

function progressOf(nowMs = NOW_MS): StreamProgress {
  return new StreamProgress("a stream", undefined, { ...systemTiming, nowMs: () => nowMs });
}

const state = (takenUntilMs: number): ShardState => ({ idle: false, takenUntilMs });

test("a shard that is written to all the time is as far as its newest record, an idle one as its last empty answer", () => {
  const progress = progressOf();
  const at = NOW_MS / 1000;
  progress.taken("busy", { after: "1", madeSeconds: at - 3 });
  expect(progress.currentUntilSeconds(new Map([["busy", state(0)]]))).toBe(at - 3);
  const states = new Map([
    ["busy", state(NOW_MS - 60_000)],
    ["idle", state(NOW_MS - 200)],
  ]);
  expect(progress.currentUntilSeconds(states)).toBe(at - 3);
  progress.taken("busy", { after: "2", madeSeconds: at });
  expect(progress.currentUntilSeconds(states)).toBe(at - 0.2);
});

test("it is unknown while a shard was not read, and without shards; clocks that are ahead do not matter", () => {
  const progress = progressOf();
  expect(progress.currentUntilSeconds(new Map())).toBeUndefined();
  progress.taken("read", { after: "1", madeSeconds: NOW_MS / 1000 + 50 });
  expect(progress.currentUntilSeconds(new Map([["read", state(0)]]))).toBe(NOW_MS / 1000);
  const states = new Map([
    ["read", state(0)],
    ["unread", state(0)],
  ]);
  expect(progress.currentUntilSeconds(states)).toBeUndefined();
});
