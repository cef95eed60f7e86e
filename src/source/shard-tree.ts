import type { ShardPosition, StreamGap } from "../core/ports/change-source.ts";

/** A shard as DescribeStream lists it. */
export interface ListedShard {
  readonly id: string;
  readonly parent?: string;
  /** The sequence number with which the shard begins. */
  readonly startsAt?: string;
}

export type ShardPositions = ReadonlyMap<string, ShardPosition>;

export interface Reconciled {
  readonly positions: ShardPositions;
  /** One for each lineage of which the stream no longer has what was not read yet. */
  readonly gaps: readonly StreamGap[];
}

/**
 * What is known of a stream's shards, brought up to date with a listing. Shards that are new get a position before their
 * beginning: from then on the reader owes everything in them, and will notice if they expire first. Shards that are no
 * longer listed are forgotten: with a gap if something of them, or of the successors that they must have had, was never
 * read; without one once a successor is known. Those in `beingRead` are left to their reader.
 */
export function reconcile(
  known: ShardPositions,
  listing: readonly ListedShard[],
  beingRead: ReadonlySet<string>,
): Reconciled {
  const positions = new Map(known);
  for (const shard of listing) {
    if (positions.has(shard.id)) continue;
    positions.set(shard.id, {
      ...(shard.parent === undefined ? {} : { parent: shard.parent }),
      finished: false,
    });
  }
  const listed = new Set(listing.map((shard) => shard.id));
  const parents = new Set([...positions.values()].map((position) => position.parent));
  const gaps: StreamGap[] = [];
  for (const [id, position] of oldestFirst(positions)) {
    if (listed.has(id) || beingRead.has(id)) continue;
    // Its parent still names it as the successor that was read; forgotten first, it would be missed.
    if (position.parent !== undefined && positions.has(position.parent)) continue;
    if (!position.finished) gaps.push(shardExpired(id));
    else if (!parents.has(id)) gaps.push(successorsExpired(id));
    positions.delete(id);
  }
  return { positions, gaps };
}

/** The shards whose turn it is: not finished, and nothing of their parent is left to be given out. */
export function startable(positions: ShardPositions): readonly string[] {
  const ids: string[] = [];
  for (const [id, position] of positions) {
    if (position.finished) continue;
    const parent = position.parent === undefined ? undefined : positions.get(position.parent);
    if (parent === undefined || parent.finished) ids.push(id);
  }
  return ids;
}

/** Whether some shard is read to its end and nothing is known yet of the one that follows it. */
export function awaitsSuccessors(positions: ShardPositions): boolean {
  const parents = new Set([...positions.values()].map((position) => position.parent));
  return [...positions].some(([id, position]) => position.finished && !parents.has(id));
}

export function shardExpired(id: string): StreamGap {
  return {
    reason: "shard-expired",
    detail: `Shard ${id} was not read to its end before the stream dropped it`,
  };
}

function successorsExpired(id: string): StreamGap {
  return {
    reason: "shard-expired",
    detail: `Shard ${id} was read to its end, but the stream dropped it and its successors before they were seen`,
  };
}

/** Parents before children, so that a whole lineage that expired is forgotten in one pass. */
function oldestFirst(positions: ShardPositions): readonly (readonly [string, ShardPosition])[] {
  const sorted: (readonly [string, ShardPosition])[] = [];
  const placed = new Set<string>();
  for (const start of positions.keys()) {
    const lineage: string[] = [];
    let id: string | undefined = start;
    while (id !== undefined && positions.has(id) && !placed.has(id)) {
      placed.add(id);
      lineage.push(id);
      id = positions.get(id)?.parent;
    }
    for (const each of lineage.reverse()) {
      const position = positions.get(each);
      if (position !== undefined) sorted.push([each, position]);
    }
  }
  return sorted;
}
