/**
 * What a table that keeps several snapshots knows of one of them: its segments, and how their files hold attributes. It is one
 * object that never changes, so that a manifest need not list the segments of years.
 */
import * as z from "zod/mini";
import type { SchemaFile } from "../schema/schema.ts";
import { sha256Half } from "../values/hash.ts";
import { type LakeFile, safeName } from "./lake-file.ts";
import { type Manifest, type Segment, type SnapshotRecord, segmentShape } from "./manifest.ts";

/** How files hold the attributes of items. */
export interface SnapshotForm {
  /** Files have no other columns than those of this schema. */
  readonly schema: SchemaFile;
  /** The names of those that the files may lack, because they were declared later. */
  readonly lacking: readonly string[];
}

export interface ListedSnapshot extends SnapshotForm {
  readonly run: string;
  readonly segments: readonly Segment[];
}

/** `snapshots/<run>.json`. */
export const snapshotListFile: LakeFile<ListedSnapshot> = {
  name: "list of a snapshot",
  shape: z.object({
    run: safeName,
    // Checked by `parseSchema` when it is used.
    schema: z.custom<SchemaFile>((value) => typeof value === "object" && value !== null),
    lacking: z.array(z.string()),
    segments: z.array(segmentShape),
  }),
};

/** A short text that tells the form from others: files of one mark have the same columns. */
export function formMark({ schema, lacking }: SnapshotForm): string {
  const { $schema: _, evolution: _evolution, ...form } = schema;
  return sha256Half(JSON.stringify({ form, lacking }));
}

/** The form of a snapshot that no object lists: the table's, and without columns that were declared since. */
export function formOfRecord(
  schema: SchemaFile,
  { recovery }: Pick<Manifest, "recovery">,
  { segments }: Pick<SnapshotRecord, "segments">,
): SnapshotForm {
  const older = new Set(recovery?.segments);
  // breakage: unlisted-snapshots-lack-later-columns
  const lacks = segments.some(({ id }) => older.has(id));
  return { schema, lacking: lacks ? (recovery?.columns ?? []) : [] };
}
