/** The shards of a stream: which of them are ready, new or lost. */
import { describe, expect, test } from "@jest/globals";
import type { ShardPosition } from "../../src/core/ports/change-source.ts";
import {
  awaitsSuccessors,
  type ListedShard,
  reconcile,
  type ShardPositions,
  startable,
} from "../../src/source/shard-tree.ts";

function positions(shards: Record<string, ShardPosition>): ShardPositions {
  return new Map(Object.entries(shards));
}

function listing(...shards: readonly (readonly [id: string, parent?: string])[]): readonly ListedShard[] {
  return shards.map(([id, parent]) => ({ id, ...(parent === undefined ? {} : { parent }) }));
}

const nobody: ReadonlySet<string> = new Set();

describe("a listing", () => {
  test("adds the shards that are new, before their beginning", () => {
    const known = positions({ a: { after: "5", finished: false } });
    const { positions: updated, gaps } = reconcile(known, listing(["a"], ["b", "a"]), nobody);
    expect(Object.fromEntries(updated)).toEqual({
      a: { after: "5", finished: false },
      b: { parent: "a", finished: false },
    });
    expect(gaps).toEqual([]);
  });

  test("drops finished shards that have gone, once a successor is known", () => {
    const known = positions({ a: { finished: true }, b: { parent: "a", after: "7", finished: false } });
    const { positions: updated, gaps } = reconcile(known, listing(["b", "a"]), nobody);
    expect([...updated.keys()]).toEqual(["b"]);
    expect(gaps).toEqual([]);
  });

  test("drops a whole lineage that has gone in one pass, with one gap for what was unread", () => {
    const known = positions({
      c: { parent: "b", finished: false },
      b: { parent: "a", finished: true },
      a: { finished: true },
    });
    const { positions: updated, gaps } = reconcile(known, listing(["d", "c"]), nobody);
    expect([...updated.keys()]).toEqual(["d"]);
    expect(gaps).toMatchObject([{ reason: "shard-expired", detail: expect.stringContaining("Shard c ") }]);
  });

  test("keeps a finished shard that has gone as long as its parent is there to need it", () => {
    const known = positions({ a: { finished: true }, b: { parent: "a", finished: true } });
    const { positions: updated, gaps } = reconcile(known, listing(["a"]), nobody);
    expect([...updated.keys()]).toEqual(["a", "b"]);
    expect(gaps).toEqual([]);
  });

  test("leaves a shard that is being read to its reader", () => {
    const known = positions({ a: { after: "5", finished: false } });
    const { positions: updated, gaps } = reconcile(known, [], new Set(["a"]));
    expect([...updated.keys()]).toEqual(["a"]);
    expect(gaps).toEqual([]);
  });

  test("survives shards that are their own ancestors", () => {
    const known = positions({ a: { parent: "b", finished: true }, b: { parent: "a", finished: true } });
    expect(reconcile(known, [], nobody).positions.size).toBe(2);
  });
});

describe("the shards whose turn it is", () => {
  test("are those without anything left in their parent", () => {
    const known = positions({
      a: { finished: true },
      b: { parent: "a", finished: false },
      c: { parent: "b", finished: false },
      d: { parent: "gone", finished: false },
      e: { finished: false },
      f: { finished: true },
    });
    expect(startable(known)).toEqual(["b", "d", "e"]);
  });
});

test("a finished shard awaits successors until one is known", () => {
  const finished = { finished: true };
  expect(awaitsSuccessors(positions({ a: finished }))).toBe(true);
  expect(awaitsSuccessors(positions({ a: finished, b: { parent: "a", finished: false } }))).toBe(false);
  expect(awaitsSuccessors(positions({ a: { finished: false } }))).toBe(false);
});
