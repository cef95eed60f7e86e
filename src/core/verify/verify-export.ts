/**
 * What differs from an export is a difference only where the item has not changed since: the lake goes on, an export does not.
 * Its cut is fuzzy and clocks are apart, so that whatever changed from some minutes before its time on is not compared.
 */

import { DynalakeError } from "../error.ts";
import { EXPORT_FUZZ_SECONDS } from "../exports/export-manifest.ts";
import { type Manifest, SKEW_SECONDS } from "../format/manifest.ts";
import { changesSince } from "../overlay/change-log.ts";
import { integer, literal } from "../ports/dialect.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import type { VerifiedLake, VerifiedSource } from "../ports/verified.ts";
import { listChanges } from "../table/change-listing.ts";
import type { OpenTable } from "../table/open-table.ts";
import { readReadingState } from "../table/reading-state.ts";
import {
  type Candidate,
  type Difference,
  difference,
  isSame,
  type Settled,
  shownItems,
  sourceItems,
  type Unsettled,
  unsettledOf,
} from "./verify-settle.ts";

interface ExportSettling {
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  readonly opened: OpenTable;
  /** The export; `items` finds some of its items by their keys. */
  readonly source: VerifiedSource;
  readonly lake: VerifiedLake;
  readonly exportTimeSeconds: number;
}

/** Settles candidates against an export. Throws USAGE where the lake's snapshot is newer: what changed between them is not known. */
export async function exportSettling(
  settling: ExportSettling,
): Promise<(candidates: readonly Candidate[], hidden: ReadonlySet<string>) => Promise<Settled>> {
  const { exportTimeSeconds } = settling;
  const { manifest, schema } = settling.opened;
  requireOlderSnapshot(manifest, exportTimeSeconds);
  const isDelivered = await hasDelivered(settling, exportTimeSeconds);
  const sinceSeconds = Math.max(0, exportTimeSeconds - EXPORT_FUZZ_SECONDS - SKEW_SECONDS);
  return async (candidates, hidden) => {
    const context = { ...settling, schema, hidden };
    const changed = await changedKeys(settling, candidates, sinceSeconds);
    // breakage: changed-since-export-not-compared
    const rest = candidates.filter(({ keyHash }) => !changed.has(keyHash));
    const exported = await sourceItems(context, rest);
    const shown = await shownItems(context, rest);
    const differences: Difference[] = [];
    const unsettled: Unsettled[] = candidates
      .filter(({ keyHash }) => changed.has(keyHash))
      .map((candidate) => unsettledOf(schema, candidate, "newer"));
    for (const candidate of rest) {
      const [item, rows] = [exported.get(candidate.keyHash), shown.get(candidate.keyHash)];
      if (isSame(item, rows)) continue;
      if (isDelivered) differences.push(difference(schema, candidate, item, rows));
      else unsettled.push(unsettledOf(schema, candidate, "waiting"));
    }
    return { differences, unsettled };
  };
}

function requireOlderSnapshot({ snapshots }: Manifest, exportTimeSeconds: number): void {
  const snapshot = snapshots.at(-1);
  if (snapshot === undefined || snapshot.exportTimeSeconds <= exportTimeSeconds) return;
  throw new DynalakeError("USAGE", "the export is older than the lake's last snapshot", {
    next: "Take another export and compare with that, or leave --from-export out to compare with the table itself.",
  });
}

/** Whether the lake has all changes from before the export: it was made from this export, or has read the stream past it. */
async function hasDelivered(
  { store, opened: { manifest, schema } }: ExportSettling,
  exportTimeSeconds: number,
): Promise<boolean> {
  if (manifest.snapshots.at(-1)?.exportTimeSeconds === exportTimeSeconds) return true;
  const state = await readReadingState(store, schema.table);
  return (state?.caughtUpAtSeconds ?? 0) >= exportTimeSeconds + EXPORT_FUZZ_SECONDS;
}

/** The hashes of the keys that have a change since, by what the change log holds by now. */
async function changedKeys(
  { store, engine, opened: { schema } }: ExportSettling,
  candidates: readonly Candidate[],
  sinceSeconds: number,
): Promise<ReadonlySet<string>> {
  const changes = engine.changes(schema, await changesSince(listChanges(store, schema.table), sinceSeconds));
  const keys = candidates.map(({ keyHash }) => literal(keyHash)).join(", ");
  const rows = await engine.rows(
    `SELECT DISTINCT _key FROM ${changes} WHERE _changed_at >= ${integer(sinceSeconds)} AND _key IN (${keys})`,
  );
  return new Set(rows.map(({ _key }) => String(_key)));
}
