/** Where a table keeps several snapshots, each of them is listed in an object of its own, and manifests name them only. */
import type { Manifest, SnapshotRecord } from "../format/manifest.ts";
import { formMark, formOfRecord, type ListedSnapshot } from "../format/snapshot-list.ts";
import type { Schema } from "../schema/schema.ts";
import { formatFor } from "./next-manifest.ts";

export interface ListedSnapshots {
  readonly manifest: Manifest;
  /** The lists that have to be there before the manifest is committed. */
  readonly lists: readonly ListedSnapshot[];
}

interface WrittenBy {
  /** What the snapshot's own files were written by. */
  readonly written: Schema;
  /** What the table had before it. */
  readonly current: Schema;
}

/**
 * The manifest of a snapshot's commit without the segments of kept snapshots, if there are several. `before` is the manifest before
 * it.
 */
export function withListed(
  next: Manifest,
  before: Manifest,
  { written, current }: WrittenBy,
): ListedSnapshots {
  if (next.snapshots.length < 2) return { manifest: next, lists: [] };
  const lists: ListedSnapshot[] = [];
  const snapshots = next.snapshots.map((record): SnapshotRecord => {
    if (record.listed !== undefined) return record;
    const { run, segments } = record;
    const isOwn = run === next.run;
    const form = isOwn ? { schema: written.file, lacking: [] } : formOfRecord(current.file, before, record);
    lists.push({ run, segments, ...form });
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    return { ...record, segments: [], listed: { segments: segments.length, bytes, form: formMark(form) } };
  });
  const manifest = { ...next, snapshots };
  return { manifest: { ...manifest, format: formatFor(manifest) }, lists };
}
