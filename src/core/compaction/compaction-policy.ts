/**
 * What a compaction is to do, decided purely from a manifest, a listing, a policy and the time. A minor compaction folds
 * the change log into a delta; a major one rewrites the parts of the base whose deltas have grown past their share.
 */

import { type ChangeObject, hourOf, hourStartSeconds } from "../format/lake-path.ts";
import { deltaSegments, type Manifest, type Segment } from "../format/manifest.ts";
import { unfolded } from "../overlay/change-log.ts";
import { ALL_KEYS } from "../overlay/table-parts.ts";

export interface CompactionPolicy {
  /** The horizon moves to so many seconds before now, so that most changes arrive before they are folded. */
  readonly settleSeconds: number;
  /** From this many delta segments of one part on, the next delta takes the earlier ones in. */
  readonly deltasMax: number;
  /** A part is rewritten when its deltas have more rows than this share of its base, */
  readonly majorShare: number;
  /** and at least so many rows. */
  readonly majorRowsMin: number;
  /** An object can appear so long after the hour of its partition has begun. */
  readonly deliveryDelaySeconds: number;
}

export const DEFAULT_POLICY: CompactionPolicy = {
  settleSeconds: 30,
  deltasMax: 8,
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
  // Never beyond what was delivered: what is still on its way would be late, and unseen until the next compaction.
  const deliveredSeconds = (situation.newestChangeSeconds ?? -1) + 1;
  const horizonSeconds = Math.max(
    manifest.horizonSeconds,
    Math.min(nowSeconds - policy.settleSeconds, deliveredSeconds), // breakage: horizon-within-delivered
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
    takesDeltas: mostDeltasOfAPart(manifest) >= policy.deltasMax,
    folded: objects
      .filter((object) => hourStartSeconds(object.hour) >= foldedSinceSeconds && !leftForNext.has(object))
      .map((object) => object.id),
    foldedSinceSeconds,
  };
}

function mostDeltasOfAPart(manifest: Manifest): number {
  const counts = new Map<string, number>();
  for (const delta of deltaSegments(manifest)) counts.set(delta.part, (counts.get(delta.part) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/** Parts whose deltas have grown, or all that there is something to rewrite in. */
export type CompactionScope = "grown" | "all";

/**
 * The parts whose deltas a major compaction takes into the base now; `all` asks for every part that has deltas, or segments
 * that lack a column. Deltas of all keys are measured against the whole base.
 */
export function partsToRewrite(
  manifest: Manifest,
  policy: CompactionPolicy,
  scope: CompactionScope,
): readonly string[] {
  const lacking = new Set(scope === "all" ? manifest.recovery?.segments : []);
  const asked = manifest.segments.filter(({ kind, id }) => kind === "delta" || lacking.has(id));
  const parts = [...new Set(asked.map((segment) => segment.part))].sort();
  return parts.filter((part) => {
    const deltaRows = rowsOf(manifest, part, "delta");
    if (scope === "all") return true;
    return (
      deltaRows >= policy.majorRowsMin &&
      deltaRows > policy.majorShare * rowsOf(manifest, part === ALL_KEYS ? undefined : part, "base")
    );
  });
}

function rowsOf(manifest: Manifest, part: string | undefined, kind: Segment["kind"]): number {
  return manifest.segments
    .filter((segment) => (part === undefined || segment.part === part) && segment.kind === kind)
    .reduce((rows, segment) => rows + segment.rows, 0);
}
