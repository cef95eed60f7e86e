/**
 * A plan: what a compaction or a snapshot will stage, and what its commit changes. It is plain data: on one machine it is staged
 * and committed at once, elsewhere it waits in the store while an engine stages it.
 */
import * as z from "zod/mini";
import { type LakeFile, moment, safeName } from "../format/lake-file.ts";
import { snapshotsKeptShape } from "../format/snapshots-kept-shape.ts";
import type { Stage } from "../ports/query-engine.ts";
import { BUCKETS_MAX } from "../schema/partitioning.ts";
import type { SchemaFile } from "../schema/schema.ts";
import type { MinorDecision } from "./compaction-policy.ts";
import type { SnapshotFacts } from "./next-manifest.ts";

export interface Plan {
  /** The run id, which names what is staged. */
  readonly run: string;
  /** The number of the manifest that it was planned from; a commit after that one makes a compaction a conflict. */
  readonly fromSequence: number;
  readonly stages: readonly Stage[];
  readonly change: PlannedChange;
}

/** What the commit changes, beside the segments. */
export type PlannedChange = PlannedMinor | PlannedMajor | PlannedSnapshot | PlannedSchema | PlannedTexts;

export interface PlannedMinor
  extends Pick<MinorDecision, "horizonSeconds" | "takesDeltas" | "folded" | "foldedSinceSeconds"> {
  readonly kind: "minor";
  /** The second of the newest change in the log, where it has any. */
  readonly newestChangeSeconds?: number | undefined;
}

export interface PlannedMajor {
  readonly kind: "major";
  /** The parts of the base that are replaced, each with the number of keys of the deltas that it holds or gets. All deltas are. */
  readonly parts: readonly PlannedPart[];
  /** How many keys stay in a delta, at least and at most. */
  readonly keysLeft: { readonly min: number; readonly max: number };
}

export interface PlannedPart {
  readonly part: string;
  readonly keys: number;
}

export interface PlannedSnapshot extends Omit<SnapshotFacts, "recovery" | "objects"> {
  readonly kind: "snapshot";
  /** Its schema replaces the table's if the change log is empty, even if it has other columns. */
  readonly replacesSchema: boolean;
}

/** Columns are added; nothing is staged. */
export interface PlannedSchema {
  readonly kind: "schema";
  readonly schema: SchemaFile;
  /** The mark of the schema that is deployed by then. */
  readonly deployed?: string | undefined;
  /** By attributes how many digits before the point values have in columns that are to have less room for them. */
  readonly wholeDigits?: Readonly<Record<string, number>> | undefined;
}

/** Views show as text what columns do not hold; nothing is staged. */
export interface PlannedTexts {
  readonly kind: "texts";
  readonly attributes: readonly string[];
}

const seconds = moment.check(z.int());
const count = z.int().check(z.minimum(0));

/** Checked by `parseSchema` when it is used. */
const schemaShape = z.custom<SchemaFile>((value) => typeof value === "object" && value !== null);

const changeShape: z.ZodMiniType<PlannedChange> = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("minor"),
    horizonSeconds: seconds,
    takesDeltas: z.boolean(),
    folded: z.array(z.string()),
    foldedSinceSeconds: seconds,
    newestChangeSeconds: z.optional(seconds),
  }),
  z.object({
    kind: z.literal("major"),
    parts: z.array(z.object({ part: safeName, keys: count })),
    keysLeft: z.object({ min: count, max: count }),
  }),
  z.object({
    kind: z.literal("snapshot"),
    exportTimeSeconds: seconds,
    cutSeconds: seconds,
    floorSeconds: seconds,
    items: count,
    buckets: z.int().check(z.minimum(1), z.maximum(BUCKETS_MAX)),
    deliveryDelaySeconds: seconds,
    snapshotsKept: z.optional(snapshotsKeptShape),
    schema: schemaShape,
    replacesSchema: z.boolean(),
  }),
  z.object({
    kind: z.literal("schema"),
    schema: schemaShape,
    deployed: z.optional(z.string()),
    wholeDigits: z.optional(z.record(z.string(), z.int().check(z.minimum(0)))),
  }),
  z.object({ kind: z.literal("texts"), attributes: z.array(z.string()) }),
]);

const shape: z.ZodMiniType<Plan> = z.object({
  run: safeName,
  fromSequence: z.int().check(z.minimum(0)),
  stages: z.array(
    z.object({
      run: safeName,
      kind: z.enum(["base", "delta"]),
      rows: z.string(),
      sortBy: z.array(z.string()),
      cut: z.object({
        parts: z.array(z.object({ part: safeName, where: z.optional(z.string()) })),
        partOf: z.optional(z.string()),
      }),
    }),
  ),
  change: changeShape,
});

/** `staging/<run>/plan.json`. */
export const planFile: LakeFile<Plan> = { name: "plan", shape };
