/**
 * What a compaction is to do, decided purely from a manifest, a listing, a policy and the time. A minor compaction folds
 * the change log into a delta; a major one rewrites the parts of the base of which the deltas have more keys than their share.
 */

import { type ChangeObject, hourOf, hourStartSeconds } from "../format/lake-path.ts";
import { baseSegments, deltaSegments, type Manifest, type Segment } from "../format/manifest.ts";
import { unfolded } from "../overlay/change-log.ts";

/**
 * A change is on its way for no longer, unless something fails: a stream keeps it for 24 hours. One that takes longer is a late
 * change, as in a busy table. Source: "Change data capture for DynamoDB Streams".
 */
export const UNDERWAY_SECONDS: number = 26 * 3600;

export interface CompactionPolicy {
  /** The horizon moves to so many seconds before now, so that most changes arrive before they are folded. */
  readonly settleSeconds: number;
  /** From this many deltas on, a major compaction looks which parts have grown, and makes one delta of the rest. */
  readonly majorDeltas: number;
  /** From this many deltas on, a minor compaction takes the earlier ones in: where no major one comes for long. */
  readonly deltasMax: number;
  /** A part is rewritten when the deltas have more keys of it than this share of its rows, */
  readonly majorShare: number;
  /** and at least so many. */
  readonly majorRowsMin: number;
  /** An object can appear so long after the hour of its partition has begun. */
  readonly deliveryDelaySeconds: number;
}

export const DEFAULT_POLICY: CompactionPolicy = {
  settleSeconds: 30,
  majorDeltas: 8,
  deltasMax: 16,
  majorShare: 0.1,
  majorRowsMin: 1000,
  deliveryDelaySeconds: 2 * 3600,
};

export interface MinorDecision {
  readonly horizonSeconds: number;
  /** The late changes that are folded with it: the second of the oldest one. */
  readonly oldestLateSeconds: number | undefined;
  readonly newObjects: readonly ChangeObject[];
  /** The new delta takes in all earlier ones. */
  readonly takesDeltas: boolean;
  readonly folded: readonly string[];
  readonly foldedSinceSeconds: number;
}

export interface MinorSituation {
  readonly manifest: Manifest;
  /** The change log's objects in the partitions that are searched. */
  readonly objects: readonly ChangeObject[];
  /** Those of them that were not folded and lie before the partitions of the window, with the newest change in them. */
  readonly heldUp?:
    | { readonly objects: readonly ChangeObject[]; readonly newestChangeSeconds: number }
    | undefined;
  /** The second of the oldest late change in objects that were not folded, where there is one. */
  readonly oldestLateSeconds: number | undefined;
  /** The second of the newest change in the log, where it has any. */
  readonly newestChangeSeconds: number | undefined;
  readonly nowSeconds: number;
}

/** The minor compaction to do now, or undefined where nothing would change. */
export function decideMinor(situation: MinorSituation, policy: CompactionPolicy): MinorDecision | undefined {
  const { manifest, objects, nowSeconds, oldestLateSeconds } = situation;
  const horizonSeconds = Math.max(
    manifest.horizonSeconds,
    Math.min(nowSeconds - policy.settleSeconds, deliveredSeconds(situation)), // breakage: horizon-within-delivered
  );
  const newObjects = unfolded(manifest, objects);
  if (horizonSeconds === manifest.horizonSeconds && oldestLateSeconds === undefined) return undefined;
  const foldedSinceSeconds = Math.max(
    manifest.foldedSinceSeconds,
    hourStartSeconds(hourOf(nowSeconds - policy.deliveryDelaySeconds)), // breakage: folded-hours-allow-delay
  );
  // Later compactions skip these older partitions, so leave the objects unfolded.
  const { heldUp } = situation;
  const isNewer = heldUp !== undefined && heldUp.newestChangeSeconds >= horizonSeconds;
  const leftForNext = new Set(isNewer ? heldUp.objects : []);
  return {
    horizonSeconds,
    oldestLateSeconds,
    newObjects,
    takesDeltas: deltasOf(manifest) >= policy.deltasMax,
    folded: objects
      .filter((object) => hourStartSeconds(object.hour) >= foldedSinceSeconds && !leftForNext.has(object))
      .map((object) => object.id),
    foldedSinceSeconds,
  };
}

/**
 * The horizon never moves beyond what was delivered: what is still on its way would be late, and unseen until the next compaction.
 * Where nothing can be on its way any more it moves on, so that a query of an idle table searches two days of the log, not a year.
 */
function deliveredSeconds({ manifest, newestChangeSeconds, nowSeconds }: MinorSituation): number {
  const delivered = (newestChangeSeconds ?? -1) + 1;
  const isBegun = manifest.horizonSeconds > 0;
  return isBegun ? Math.max(delivered, nowSeconds - UNDERWAY_SECONDS) : delivered; // breakage: idle-horizon-moves
}

/** How many deltas there are. Earlier versions cut a delta into a segment of each bucket. */
function deltasOf(manifest: Pick<Manifest, "segments">): number {
  return new Set(deltaSegments(manifest).map(({ run }) => run)).size;
}

/** Parts that have grown, or all that there is something to rewrite in. */
export type CompactionScope = "grown" | "all";

/**
 * Whether a major compaction is due: the deltas are many, or have so many rows that some part may have grown. It then counts
 * keys: rows of several deltas can be of one key.
 */
export function isMajorDue(
  manifest: Pick<Manifest, "segments">,
  policy: CompactionPolicy,
  scope: CompactionScope,
): boolean {
  const deltas = deltaSegments(manifest);
  if (scope === "all" || deltas.length === 0) return scope === "all";
  return deltasOf(manifest) >= policy.majorDeltas || hasGrown(rowsOf(deltas), baseSegments(manifest), policy);
}

/**
 * The parts that a major compaction rewrites; `all` asks for every part that holds or gets a key of the deltas, or has segments
 * that lack a column. Undefined if nothing would change.
 */
export function partsToRewrite(
  manifest: Pick<Manifest, "segments" | "recovery">,
  policy: CompactionPolicy,
  scope: CompactionScope,
  keysOfPart: ReadonlyMap<string, number>,
): readonly string[] | undefined {
  const base = baseSegments(manifest);
  if (scope === "all") {
    const lacking = new Set(manifest.recovery?.segments);
    const lackingParts = base.filter(({ id }) => lacking.has(id)).map(({ part }) => part);
    const parts = [...new Set([...keysOfPart.keys(), ...lackingParts])].sort();
    return parts.length === 0 && deltasOf(manifest) === 0 ? undefined : parts;
  }
  const parts = [...keysOfPart].flatMap(([part, keys]) =>
    hasGrown(
      keys,
      base.filter((segment) => segment.part === part),
      policy,
    )
      ? [part]
      : [],
  );
  // breakage: few-deltas-stay
  return parts.length === 0 && deltasOf(manifest) < policy.majorDeltas ? undefined : parts;
}

function hasGrown(rows: number, base: readonly Segment[], policy: CompactionPolicy): boolean {
  return rows >= policy.majorRowsMin && rows > policy.majorShare * rowsOf(base);
}

function rowsOf(segments: readonly Segment[]): number {
  return segments.reduce((rows, segment) => rows + segment.rows, 0);
}
