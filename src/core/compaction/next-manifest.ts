/** The manifests that commits create: what each kind of commit makes of the one before it. */

import { EVOLVED_FORMAT, LAKE_FORMAT, SNAPSHOTS_FORMAT } from "../format/lake-file.ts";
import { type ChangeObject, hourOf, hourStartSeconds } from "../format/lake-path.ts";
import { baseSegments, type Manifest, type Segment } from "../format/manifest.ts";
import { type DeclaredColumns, type Recovery, withDeclared, withoutReplaced } from "../format/recovery.ts";
import { DEFAULT_SNAPSHOTS_KEPT, keptOf, type SnapshotsKept } from "../format/snapshots-kept.ts";
import { heldUpObjects, windowHour } from "../overlay/change-log.ts";
import type { SchemaFile } from "../schema/schema.ts";
import { schemaMark } from "../schema/schema-change.ts";
import type { MinorDecision } from "./compaction-policy.ts";

/** What a commit adds to the manifest that it was planned from. */
export interface Commit {
  readonly run: string;
  readonly nowSeconds: number;
  readonly staged: readonly Segment[];
}

/** The manifest that commits a minor compaction. */
export function afterMinor(
  manifest: Manifest,
  plan: Pick<MinorDecision, "horizonSeconds" | "takesDeltas" | "folded" | "foldedSinceSeconds">,
  commit: Commit,
): Manifest {
  // breakage: taken-deltas-leave
  const kept = plan.takesDeltas ? baseSegments(manifest) : manifest.segments;
  return withoutReplaced({
    ...manifest,
    ...committed(manifest, "minor", commit),
    horizonSeconds: plan.horizonSeconds,
    segments: [...kept, ...commit.staged],
    folded: plan.folded,
    foldedSinceSeconds: plan.foldedSinceSeconds,
  });
}

/** The manifest that commits a major compaction of `parts`: their base and all deltas are replaced. */
export function afterMajor(manifest: Manifest, parts: readonly string[], commit: Commit): Manifest {
  const kept = baseSegments(manifest).filter((segment) => !parts.includes(segment.part));
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
  /** What people ask to be kept for `<table>_snapshots` from now on; undefined: what they asked for before. */
  readonly snapshotsKept?: SnapshotsKept | undefined;
}

/**
 * The manifest that commits a snapshot: it replaces base and deltas; the log stays. `withListed` takes the segments of several kept
 * ones out of it.
 */
export function afterSnapshot(manifest: Manifest, facts: SnapshotFacts, commit: Commit): Manifest {
  const { exportTimeSeconds, cutSeconds, items } = facts;
  const foldedSinceSeconds = hourStartSeconds(hourOf(commit.nowSeconds - facts.deliveryDelaySeconds));
  // Before the partitions of the new window lies what may hold changes of it: the next compaction looks into it once.
  const sinceSeconds = facts.floorSeconds - manifest.skewSeconds;
  const leftForNext = new Set(heldUpObjects(facts.objects, windowHour(sinceSeconds), sinceSeconds));
  const record = { run: commit.run, exportTimeSeconds, cutSeconds, items, segments: commit.staged };
  const next = nextSchema(manifest, facts.schema);
  const snapshotsKept = facts.snapshotsKept ?? manifest.snapshotsKept; // breakage: unsaid-retention-stays
  const snapshots = keptOf([...manifest.snapshots, record], snapshotsKept ?? DEFAULT_SNAPSHOTS_KEPT);
  return withoutReplaced({
    ...manifest,
    ...committed({ ...manifest, ...next, snapshots }, "snapshot", commit),
    floorSeconds: facts.floorSeconds,
    horizonSeconds: facts.floorSeconds,
    buckets: facts.buckets,
    ...next,
    wholeDigits: undefined, // breakage: digits-of-replaced-rows-are-forgotten
    recovery: facts.recovery,
    segments: commit.staged,
    folded: facts.objects
      .filter((object) => hourStartSeconds(object.hour) >= foldedSinceSeconds && !leftForNext.has(object))
      .map((object) => object.id),
    foldedSinceSeconds,
    snapshots,
    snapshotsKept,
  });
}

/** The manifest that commits a schema with columns that no segment has yet. */
export function afterSchemaChange(
  manifest: Manifest,
  change: DeclaredColumns & { readonly schema: SchemaFile; readonly given?: string | undefined },
  commit: Pick<Commit, "run" | "nowSeconds">,
): Manifest {
  const next = nextSchema({ ...manifest, schema: change.before }, change.schema, change.given);
  return {
    ...manifest,
    ...committed({ ...manifest, ...next }, "schema", commit),
    ...next,
    recovery: withDeclared(manifest, change),
  };
}

/** What was found of values that columns cannot hold. */
export interface Misfits {
  /** The attributes whose values are shown as text from now on, besides those of before. */
  readonly texts: readonly string[];
  readonly wholeDigits: Manifest["wholeDigits"];
}

/** The manifest that commits what was found. */
export function afterMisfits(
  manifest: Manifest,
  { texts: added, wholeDigits }: Misfits,
  commit: Pick<Commit, "run" | "nowSeconds">,
): Manifest {
  // breakage: shown-misfits-stay
  const texts = [...(manifest.texts ?? []), ...added];
  const found = { ...(texts.length === 0 ? {} : { texts }), wholeDigits };
  return { ...manifest, ...committed(manifest, "schema", commit), ...found };
}

const FORMER_SCHEMAS_MAX = 100;

/**
 * The schema with its number, and the marks of those before it, with that of the manifest if the next one is another. `given` is that
 * of the schema that people keep: once they keep another one, it is of before.
 */
function nextSchema(
  { schema, formerSchemas: earlier = [] }: Pick<Manifest, "schema" | "formerSchemas">,
  next: SchemaFile,
  given?: string,
): Pick<Manifest, "schema" | "formerSchemas"> {
  const marks = [...earlier];
  const mark = schema === null ? undefined : schemaMark(schema);
  const changes = mark !== undefined && mark !== schemaMark(next);
  if (changes) marks.push(mark);
  if (given !== undefined) marks.push(given); // breakage: deployed-schemas-are-known-again
  // A schema that is the table's again is no former one.
  const kept = [...new Set(marks)].filter((each) => each !== schemaMark(next)).slice(-FORMER_SCHEMAS_MAX);
  const evolution = (schema?.evolution ?? 0) + (changes ? 1 : 0);
  const { evolution: _, ...plain } = next;
  return {
    schema: evolution === 0 ? plain : { ...plain, evolution },
    formerSchemas: kept.length === 0 ? undefined : kept,
  };
}

/** The members that every commit has anew. */
function committed(
  manifest: Manifest,
  kind: Manifest["kind"],
  commit: Pick<Commit, "run" | "nowSeconds">,
): Pick<Manifest, "format" | "sequence" | "run" | "kind" | "committedAtSeconds"> {
  return {
    format: formatFor(manifest), // breakage: commits-have-the-newest-format
    sequence: manifest.sequence + 1,
    run: commit.run,
    kind,
    committedAtSeconds: Math.max(commit.nowSeconds, manifest.committedAtSeconds),
  };
}

/** Older code knows nothing of columns that have changed, nor of listed snapshots. */
export function formatFor({ schema, snapshots }: Pick<Manifest, "schema" | "snapshots">): number {
  if (snapshots.some(({ listed }) => listed !== undefined)) return SNAPSHOTS_FORMAT; // breakage: listed-snapshots-have-a-format
  // breakage: evolved-tables-have-a-format-of-their-own
  return schema?.forms === undefined ? LAKE_FORMAT : EVOLVED_FORMAT;
}
