/** The shards of a stream as a forest: each shard is read after its parent. */
import type { ShardPosition, StreamGap } from "../core/ports/change-source.ts";

/** A shard as DescribeStream lists it. */
export interface ListedShard {
  readonly id: string;
  readonly parent?: string;
  /** The sequence number at which the shard begins. */
  readonly startsAt?: string;
}

export type ShardPositions = ReadonlyMap<string, ShardPosition>;

export interface Reconciled {
  readonly positions: ShardPositions;
  /** One for each lineage that has lost unread records. */
  readonly gaps: readonly StreamGap[];
}

/**
 * Updates the known shards of a stream from a listing. A new shard gets a position before its beginning: from then on the
 * reader owes every record in it, and detects if the shard expires first. A shard that is no longer listed is forgotten. If
 * it was not read to its end, or was but none of its successors is known, that is a gap. Shards in `beingRead` are left to
 * their reader.
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
    // Its parent is still known and relies on it as the successor that was read. It is forgotten after its parent.
    if (position.parent !== undefined && positions.has(position.parent)) continue;
    if (!position.finished) gaps.push(shardExpired(id));
    else if (!parents.has(id)) gaps.push(successorsExpired(id));
    positions.delete(id);
  }
  return { positions, gaps };
}

/** The shards that may be read now: not finished, and their parent is finished or unknown. */
export function startable(positions: ShardPositions): readonly string[] {
  const ids: string[] = [];
  for (const [id, position] of positions) {
    if (position.finished) continue;
    const parent = position.parent === undefined ? undefined : positions.get(position.parent);
    if (parent === undefined || parent.finished) ids.push(id); // breakage: parents-before-children
  }
  return ids;
}

/** Whether a shard has been read to its end and no successor of it is known yet. */
export function awaitsSuccessors(positions: ShardPositions): boolean {
  const parents = new Set([...positions.values()].map((position) => position.parent));
  return [...positions].some(([id, position]) => position.finished && !parents.has(id));
}

export function shardExpired(id: string): StreamGap {
  return {
    reason: "shard-expired",
    detail: `Shard ${id} expired before it was read to its end`,
  };
}

function successorsExpired(id: string): StreamGap {
  return {
    reason: "shard-expired",
    detail: `Shard ${id} was read to its end, but its successors expired before they were listed`,
  };
}

/** Parents before children, so that an expired lineage is forgotten in one pass. */
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
