/** What a status shows of the snapshots that a table keeps. */
import type { SnapshotRecord } from "../format/manifest.ts";
import { DEFAULT_SNAPSHOTS_KEPT } from "../format/snapshots-kept.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { maskedSince } from "../sql/snapshot-values.ts";
import { keptSnapshots } from "../table/kept-snapshots.ts";
import type { TableState } from "../table/open-table.ts";
import type { KeptSnapshots } from "./status-facts.ts";

export async function keptSnapshotsFacts(store: ObjectStore, table: TableState): Promise<KeptSnapshots> {
  const { snapshots, snapshotsKept = DEFAULT_SNAPSHOTS_KEPT } = table.manifest;
  return {
    keep: snapshotsKept,
    snapshots: snapshots.map(({ exportTimeSeconds, items, segments, listed }) => ({
      exportTimeSeconds,
      items,
      bytes: listed?.bytes ?? segments.reduce((sum, { bytes }) => sum + bytes, 0),
    })),
    unmasked: await unmaskedIn(store, table),
  };
}

/** The files of one form tell it for all of that form. */
async function unmaskedIn(store: ObjectStore, table: TableState): Promise<KeptSnapshots["unmasked"]> {
  const { schema, manifest } = table;
  const ofForm = new Map<string, SnapshotRecord[]>();
  for (const record of manifest.snapshots) {
    if (record.listed === undefined) continue;
    const { form } = record.listed;
    ofForm.set(form, [...(ofForm.get(form) ?? []), record]);
  }
  const first = [...ofForm.values()].flatMap((records) => records.slice(0, 1));
  const read = await keptSnapshots(store, { ...table, manifest: { ...manifest, snapshots: first } });
  const counts = new Map<string, number>();
  for (const [i, { written }] of read.entries()) {
    const { length } = ofForm.get(first[i]?.listed?.form ?? "") ?? [];
    for (const attribute of maskedSince(schema, written))
      counts.set(attribute, (counts.get(attribute) ?? 0) + length);
  }
  return [...counts].map(([attribute, count]) => ({ attribute, snapshots: count }));
}
