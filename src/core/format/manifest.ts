/**
 * A manifest is one commit: the live segments and the horizon from which the change log is still overlaid. The creation
 * of the next manifest is the only commit point that a lake table has.
 */
import * as z from "zod/mini";
import { BUCKETS_MAX } from "../schema/partitioning.ts";
import type { SchemaFile } from "../schema/schema.ts";
import { LAKE_FORMAT, type LakeFile, moment, safeName } from "./lake-file.ts";
import { type Recovery, recoveryShape } from "./recovery.ts";
import type { SnapshotsKept } from "./snapshots-kept.ts";
import { snapshotsKeptShape } from "./snapshots-kept-shape.ts";

/** Clocks of two changes of one item may run backwards by so much (S). */
export const SKEW_SECONDS = 120;

/** A snapshot's floor lies so much before its export time, whose cut is fuzzy. */
export const FLOOR_MARGIN_SECONDS = 120;

export interface Segment {
  /** Its name: the value of `_segment`. Before format 2 `<run>-<part>`. */
  readonly id: string;
  /** Its files lie in the folder of this run and part. */
  readonly run: string;
  readonly part: string;
  readonly kind: "base" | "delta";
  readonly rows: number;
  readonly bytes: number;
  /** Its number among the base segments of its run, in the order of their names. Absent before format 2, and for deltas. */
  readonly order?: number | undefined;
  /** How many files it has in a lake in a folder, if they are numbered. Default: one without a number. */
  readonly files?: number | undefined;
}

/** Why changes are missing; docs/operations.md says what each means. */
export const GAP_REASONS = [
  "trimmed",
  "shard-expired",
  "stream-recreated",
  "stream-off",
  "started-late",
  "columns-missing",
  "rows-missing",
  "dropped",
] as const;

/** A gap in the stream: changes that were never delivered. */
export interface Gap {
  readonly reason: (typeof GAP_REASONS)[number];
  /** What was found, for people. */
  readonly detail: string;
  readonly foundAtSeconds: number;
  /** No lost change is newer than this: a snapshot whose floor is not before it repairs the gap. */
  readonly lostUntilSeconds: number;
}

export interface SnapshotRecord {
  readonly run: string;
  readonly exportTimeSeconds: number;
  /** The items are those of a moment not before this one. */
  readonly cutSeconds: number;
  readonly items: number;
  /** The base segments as the snapshot wrote them, kept for `<table>_snapshots`. None if they are listed in an object of their own. */
  readonly segments: readonly Segment[];
  /** Of a table that keeps several: what the object `snapshots/<run>.json` lists. */
  readonly listed?: ListedSegments | undefined;
}

export interface ListedSegments {
  readonly segments: number;
  readonly bytes: number;
  /** Tells how the files hold attributes: those of two snapshots with the same mark have the same columns. */
  readonly form: string;
}

export interface Manifest {
  readonly format: number;
  readonly sequence: number;
  readonly run: string;
  readonly kind: "snapshot" | "minor" | "major" | "schema" | "initial";
  readonly committedAtSeconds: number;
  /** F: from here on changes win over the snapshot; 0, the beginning of time, where there was no snapshot. */
  readonly floorSeconds: number;
  /** W: from here on the view overlays the change log. */
  readonly horizonSeconds: number;
  readonly skewSeconds: number;
  /** Into how many buckets the key's hash space is cut. */
  readonly buckets: number;
  /** The schema file of the table; null before the first snapshot or change of the schema. */
  readonly schema: SchemaFile | null;
  /** Marks of the schemas that the table had before, the newest last: schema.json may still hold one of them after a crash. */
  readonly formerSchemas?: readonly string[] | undefined;
  /** Attributes with values that their columns could not hold: views show these beside the columns, as text. */
  readonly texts?: readonly string[] | undefined;
  /** Of columns of numbers, by their attributes, how many digits before the point were seen when they were last looked at. */
  readonly wholeDigits?: Readonly<Record<string, number>> | undefined;
  /** Where columns were declared after rows had been written. */
  readonly recovery?: Recovery | undefined;
  readonly segments: readonly Segment[];
  /** The ids of recent change log objects that were folded: all in partitions from `foldedSinceSeconds` on. */
  readonly folded: readonly string[];
  /** Objects in older partitions are known to be folded. */
  readonly foldedSinceSeconds: number;
  /** The kept ones, in the order of their times. */
  readonly snapshots: readonly SnapshotRecord[];
  /** What people have asked for; absent if they never did. */
  readonly snapshotsKept?: SnapshotsKept | undefined;
  /** Every gap ever found, repaired or not. */
  readonly gaps: readonly Gap[];
}

const seconds = moment.check(z.int());

export const segmentShape: z.ZodMiniType<Segment> = z.object({
  id: safeName,
  run: safeName,
  part: safeName,
  kind: z.enum(["base", "delta"]),
  rows: z.int().check(z.minimum(0)),
  bytes: z.int().check(z.minimum(0)),
  order: z.optional(z.int().check(z.minimum(0))),
  files: z.optional(z.int().check(z.minimum(1))),
});

const gapShape: z.ZodMiniType<Gap> = z.object({
  reason: z.enum(GAP_REASONS),
  detail: z.string(),
  foundAtSeconds: seconds,
  lostUntilSeconds: seconds,
});

const manifestShape: z.ZodMiniType<Manifest> = z.object({
  format: z._default(z.int(), 1),
  sequence: z.int().check(z.minimum(0)),
  run: safeName,
  kind: z.enum(["snapshot", "minor", "major", "schema", "initial"]),
  committedAtSeconds: seconds,
  floorSeconds: seconds,
  horizonSeconds: seconds,
  skewSeconds: seconds,
  buckets: z.int().check(z.minimum(1), z.maximum(BUCKETS_MAX)),
  // Checked by `parseSchema` when it is used.
  schema: z.nullable(z.custom<SchemaFile>((value) => typeof value === "object")),
  formerSchemas: z.optional(z.array(z.string())),
  texts: z.optional(z.array(z.string())),
  wholeDigits: z.optional(z.record(z.string(), z.int().check(z.minimum(0)))),
  recovery: z.optional(recoveryShape),
  segments: z.array(segmentShape),
  folded: z.array(z.string()),
  foldedSinceSeconds: seconds,
  snapshots: z.array(
    z.object({
      run: safeName,
      exportTimeSeconds: seconds,
      cutSeconds: seconds,
      items: z.int().check(z.minimum(0)),
      segments: z.array(segmentShape),
      listed: z.optional(
        z.object({
          segments: z.int().check(z.minimum(0)),
          bytes: z.int().check(z.minimum(0)),
          form: z.string(),
        }),
      ),
    }),
  ),
  snapshotsKept: z.optional(snapshotsKeptShape),
  gaps: z.array(gapShape),
});

/** A commit, `manifest/000000000042.json`. */
export const manifestFile: LakeFile<Manifest> = { name: "manifest", shape: manifestShape };

/** A gap that was recorded, `gaps/*.json`. */
export const gapFile: LakeFile<Gap> = { name: "gap", shape: gapShape };

/** What holds before the first commit: no segment, and the whole change log is overlaid. */
export function initialManifest(buckets: number): Manifest {
  return {
    format: LAKE_FORMAT,
    sequence: 0,
    run: "initial",
    kind: "initial",
    committedAtSeconds: 0,
    floorSeconds: 0,
    horizonSeconds: 0,
    skewSeconds: SKEW_SECONDS,
    buckets,
    schema: null,
    segments: [],
    folded: [],
    foldedSinceSeconds: 0,
    snapshots: [],
    gaps: [],
  };
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 1)}\n`;
}

export function baseSegments(manifest: Pick<Manifest, "segments">): readonly Segment[] {
  return manifest.segments.filter((segment) => segment.kind === "base");
}

export function deltaSegments(manifest: Pick<Manifest, "segments">): readonly Segment[] {
  return manifest.segments.filter((segment) => segment.kind === "delta");
}

/** The gaps that no snapshot has repaired yet. */
export function openGaps(manifest: Manifest, gaps: readonly Gap[]): readonly Gap[] {
  if (manifest.snapshots.length === 0) return gaps;
  // breakage: snapshot-repairs-older-gaps
  return gaps.filter((gap) => gap.lostUntilSeconds > manifest.floorSeconds);
}

/** A snapshot of this time or later repairs the gap: its floor is not before the last lost change. */
export function repairTimeSeconds({ lostUntilSeconds }: Pick<Gap, "lostUntilSeconds">): number {
  return lostUntilSeconds + FLOOR_MARGIN_SECONDS;
}
