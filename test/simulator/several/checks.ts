/** What must hold of each lake table of a source, whatever becomes of the others. */
import { quarantineFolder } from "../../../src/core/format/lake-path.ts";
import { type Gap, type Manifest, openGaps } from "../../../src/core/format/manifest.ts";
import { currentView } from "../../../src/core/overlay/lake-view.ts";
import { latestManifest } from "../../../src/core/table/commits.ts";
import { openTableOf } from "../../../src/core/table/open-table.ts";
import { knownGaps } from "../../../src/core/table/recorded-gaps.ts";
import { isJunk, itemOf, type ModelRecord } from "../model-table.ts";
import { FUZZ_SECONDS, MARGIN_SECONDS, shownBy } from "../rule.ts";
import type { SqlRow } from "../sql-evaluation.ts";
import { Wrong } from "../world.ts";
import type { LakeTable } from "./lake-table.ts";
import { doneRecords } from "./stream-works.ts";
import { putAside } from "./works.ts";
import type { SeveralWorld } from "./world.ts";

/**
 * Each record that is done for Lambda is, for each table that is served, with its delivery stream, in quarantine, waiting or among
 * the failed batches. Of one that came before the table was served, the snapshot shows it or a gap tells it.
 */
export async function checkAccounts(world: SeveralWorld): Promise<void> {
  const done = doneRecords(world);
  const failed = heldIn(world, putAside(world));
  for (const table of world.deployed) {
    const { name, servedFromSeconds } = table;
    const held = heldIn(world, world.store.paths(`${name}/waiting/`));
    const quarantined = heldIn(world, world.store.paths(quarantineFolder(name)));
    const { gaps, manifest } = await gapsOf(world, table);
    const exportTimeSeconds = manifest.snapshots.at(-1)?.exportTimeSeconds;
    const isKept = (record: ModelRecord): boolean =>
      [held, failed, quarantined].some((kept) => kept.has(markOf(record))) ||
      (!isJunk(record) && table.isAcknowledged(record));
    for (const record of done) {
      const { realSeconds } = record;
      if (isKept(record) || (!isJunk(record) && !table.concerns(record))) continue;
      const text = JSON.stringify(record);
      if (realSeconds >= servedFromSeconds)
        throw new Wrong("nothing is lost", `"${name}", served since ${servedFromSeconds}, lacks ${text}`);
      if (isJunk(record) || exportTimeSeconds === undefined || !table.isLookedAt) continue;
      const isInGap = gaps.some(({ lostUntilSeconds }) => lostUntilSeconds >= realSeconds);
      if (!isInGap && realSeconds > exportTimeSeconds - FUZZ_SECONDS)
        throw new Wrong("no silent loss", `"${name}" lacks ${text}, and no gap tells it`);
      world.counts.add(isInGap ? "changes in gaps" : "changes that a snapshot shows");
    }
  }
  world.counts.add("checks of the accounts");
}

/** What identifies a record in the text of an object. */
function markOf(record: ModelRecord): string {
  return isJunk(record) ? `junk ${record.junk}` : `change ${record.sequence}`;
}

const MARK = /\\*"(?:(SequenceNumber|_version)\\*":\\*"0*|(junk)\\*":)(\d+)/g;

function heldIn(world: SeveralWorld, paths: readonly string[]): ReadonlySet<string> {
  const texts = paths.map((path) => world.store.text(path) ?? "");
  const marks = texts.flatMap((text) => [...text.matchAll(MARK)]);
  return new Set(marks.map(([, , junk, number]) => `${junk ?? "change"} ${number}`));
}

export async function gapsOf(
  { store }: Pick<SeveralWorld, "store">,
  { name }: LakeTable,
): Promise<{ readonly gaps: readonly Gap[]; readonly manifest: Manifest }> {
  const manifest = await latestManifest(store, name);
  return { gaps: openGaps(manifest, await knownGaps(store, name, manifest)), manifest };
}

/** Whether the lake says that the table has everything: a snapshot, no gap, and nothing that is put aside. */
export async function isToldWhole(world: SeveralWorld, table: LakeTable): Promise<boolean> {
  const { gaps, manifest } = await gapsOf(world, table);
  const waiting = world.store.paths(`${table.name}/waiting/`);
  return manifest.snapshots.length > 0 && gaps.length + waiting.length + putAside(world).length === 0;
}

/** What the tables of a source show, and what it has. */
export type ShownTables = Pick<SeveralWorld, "counts" | "engine" | "store" | "table" | "tables">;

/** A table shows the newest of the changes that it has, of each item, or its snapshot. */
export async function checkViews(world: ShownTables): Promise<void> {
  for (const table of world.tables) {
    const rows = await shownRows(world, table);
    const possible = shownBy(table.commit, table.log);
    for (const [key, row] of rows) {
      const wanted = possible.get(key) ?? [];
      const isPossible = wanted.some((each) => {
        if (each === undefined) return false;
        return showsValue(table, row, "change" in each ? (each.change.value as string) : each.snapshot);
      });
      if (!isPossible)
        throw new Wrong("the view", `key ${key} of "${table.name}" is ${JSON.stringify([row, wanted])}`);
    }
    for (const [key, wanted] of possible)
      if (!rows.has(key) && !wanted.includes(undefined))
        throw new Wrong("the view", `"${table.name}" has no key ${key}, not ${JSON.stringify(wanted)}`);
  }
  world.counts.add("checks of the views");
}

/** The table is the source, as far as it takes its items. */
export async function checkTruth(world: ShownTables, table: LakeTable): Promise<void> {
  const rows = await shownRows(world, table);
  for (const key of world.table.keys()) {
    const value = world.table.truth.get(key);
    const row = rows.get(key);
    const isThere = value !== undefined && table.design.has(value);
    if (isThere ? row === undefined || !showsValue(table, row, value) : row !== undefined) {
      const wanted = isThere ? value : "nothing";
      throw new Wrong(
        "the table is its source",
        `key ${key} of "${table.name}" is ${JSON.stringify(row)}, not ${wanted}; its floor is ${table.commit.floorSeconds}, ${MARGIN_SECONDS} s before the export`,
      );
    }
  }
  world.counts.add("tables that equal their source");
}

async function shownRows(
  { engine, store }: ShownTables,
  { name, schema }: LakeTable,
): Promise<ReadonlyMap<number, SqlRow>> {
  const view = await currentView(engine, await openTableOf(store, schema), undefined);
  const rows = await engine.query(view.sql);
  const byKey = new Map(rows.map((row) => [Number(row.k), row]));
  if (byKey.size < rows.length) throw new Wrong("the view", `"${name}" has a key twice`);
  return byKey;
}

function showsValue({ design }: LakeTable, row: SqlRow, value: string): boolean {
  const { G } = itemOf(0, value) as { readonly G: { readonly S: string } };
  const v = "v" in row ? row.v : JSON.parse(String(row._unmapped)).V.S;
  return row.g === G.S && v === design.shown(value);
}
