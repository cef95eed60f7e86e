/**
 * What a compaction will do, decided purely from a manifest, a listing, a policy and the time. A minor compaction folds
 * the change log into a delta; a major one rewrites the parts of the base whose deltas have grown past their share.
 */

import { type ChangeObject, hourOf, hourStartSeconds } from "../format/lake-path.ts";
import { deltaSegments, type Manifest, type Segment } from "../format/manifest.ts";
import { type Recovery, withoutReplaced } from "../format/recovery.ts";
import { straddling, unfolded, windowHour } from "../overlay/change-log.ts";
import { ALL_KEYS } from "../overlay/table-parts.ts";
import type { SchemaFile } from "../schema/schema.ts";

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

export interface MinorPlan {
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
  readonly outside?:
    | { readonly objects: readonly ChangeObject[]; readonly newestChangeSeconds: number }
    | undefined;
  /** The second of the oldest late change in objects that were not folded, where there is one. */
  readonly oldestLateSeconds: number | undefined;
  /** The second of the newest change in the log, where it has any. */
  readonly newestChangeSeconds: number | undefined;
  readonly nowSeconds: number;
}

/** The minor compaction to do now, or undefined where nothing would change. */
export function planMinor(situation: MinorSituation, policy: CompactionPolicy): MinorPlan | undefined {
  const { manifest, objects, nowSeconds, oldestLateSeconds } = situation;
  // Never beyond what was delivered: what is still on its way would be late, and unseen until the next compaction.
  const deliveredSeconds = (situation.newestChangeSeconds ?? -1) + 1;
  const horizonSeconds = Math.max(
    manifest.horizonSeconds,
    Math.min(nowSeconds - policy.settleSeconds, deliveredSeconds),
  );
  const newObjects = unfolded(manifest, objects);
  if (horizonSeconds === manifest.horizonSeconds && oldestLateSeconds === undefined) return undefined;
  const foldedSinceSeconds = Math.max(
    manifest.foldedSinceSeconds,
    hourStartSeconds(hourOf(nowSeconds - policy.deliveryDelaySeconds)),
  );
  // Later compactions skip these older partitions, so leave the objects unfolded.
  const { outside } = situation;
  const waits = outside !== undefined && outside.newestChangeSeconds >= horizonSeconds;
  const waiting = new Set(waits ? outside.objects : []);
  return {
    horizonSeconds,
    oldestLateSeconds,
    newObjects,
    takesDeltas: mostDeltasOfAPart(manifest) >= policy.deltasMax,
    folded: objects
      .filter((object) => hourStartSeconds(object.hour) >= foldedSinceSeconds && !waiting.has(object))
      .map((object) => object.id),
    foldedSinceSeconds,
  };
}

function mostDeltasOfAPart(manifest: Manifest): number {
  const counts = new Map<string, number>();
  for (const delta of deltaSegments(manifest)) counts.set(delta.part, (counts.get(delta.part) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/**
 * The parts whose deltas a major compaction takes into the base now; `all` asks for every part that has deltas, or segments
 * that lack a column. Deltas of all keys are measured against the whole base.
 */
export function planMajor(
  manifest: Manifest,
  policy: CompactionPolicy,
  scope: "grown" | "all",
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

/** What a commit adds to the manifest that it was planned from. */
export interface Commit {
  readonly run: string;
  readonly nowSeconds: number;
  readonly staged: readonly Segment[];
}

/** The manifest that commits a minor compaction. */
export function afterMinor(
  manifest: Manifest,
  plan: Pick<MinorPlan, "horizonSeconds" | "takesDeltas" | "folded" | "foldedSinceSeconds">,
  commit: Commit,
): Manifest {
  const kept = plan.takesDeltas
    ? manifest.segments.filter((segment) => segment.kind === "base")
    : manifest.segments;
  return withoutReplaced({
    ...manifest,
    ...committed(manifest, "minor", commit),
    horizonSeconds: plan.horizonSeconds,
    segments: [...kept, ...commit.staged],
    folded: plan.folded,
    foldedSinceSeconds: plan.foldedSinceSeconds,
  });
}

/** The manifest that commits a major compaction of `parts`. */
export function afterMajor(manifest: Manifest, parts: readonly string[], commit: Commit): Manifest {
  const kept = manifest.segments.filter((segment) => !parts.includes(segment.part));
  const segments = [...kept, ...commit.staged];
  return withoutReplaced({ ...manifest, ...committed(manifest, "major", commit), segments });
}

export interface SnapshotFacts {
  readonly exportTimeSeconds: number;
  readonly cutSeconds: number;
  readonly floorSeconds: number;
  readonly items: number;
  readonly buckets: number;
  readonly schema: SchemaFile;
  readonly recovery?: Recovery | undefined;
  /** Objects of the change log that the snapshot makes past. */
  readonly objects: readonly ChangeObject[];
  readonly deliveryDelaySeconds: number;
  /** How many snapshots are kept for `<table>_snapshots`. */
  readonly snapshotsKept: number;
}

/** The manifest that commits a snapshot: it replaces base and deltas; the log stays. */
export function afterSnapshot(manifest: Manifest, facts: SnapshotFacts, commit: Commit): Manifest {
  const { exportTimeSeconds, cutSeconds, items } = facts;
  const foldedSinceSeconds = hourStartSeconds(hourOf(commit.nowSeconds - facts.deliveryDelaySeconds));
  // Before the partitions of the new window lies what may hold changes of it: the next compaction looks into it once.
  const sinceSeconds = facts.floorSeconds - manifest.skewSeconds;
  const waiting = new Set(straddling(facts.objects, windowHour(sinceSeconds), sinceSeconds));
  const record = { run: commit.run, exportTimeSeconds, cutSeconds, items, segments: commit.staged };
  return withoutReplaced({
    ...manifest,
    ...committed(manifest, "snapshot", commit),
    floorSeconds: facts.floorSeconds,
    horizonSeconds: facts.floorSeconds,
    buckets: facts.buckets,
    schema: facts.schema,
    recovery: facts.recovery,
    segments: commit.staged,
    folded: facts.objects
      .filter((object) => hourStartSeconds(object.hour) >= foldedSinceSeconds && !waiting.has(object))
      .map((object) => object.id),
    foldedSinceSeconds,
    snapshots: [...manifest.snapshots, record].slice(-facts.snapshotsKept),
  });
}

/** The members that every commit has anew. */
export function committed(
  manifest: Manifest,
  kind: Manifest["kind"],
  commit: Pick<Commit, "run" | "nowSeconds">,
): Pick<Manifest, "sequence" | "run" | "kind" | "committedAtSeconds"> {
  return {
    sequence: manifest.sequence + 1,
    run: commit.run,
    kind,
    committedAtSeconds: Math.max(commit.nowSeconds, manifest.committedAtSeconds),
  };
}
