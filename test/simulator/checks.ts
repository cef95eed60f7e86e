import { DynalakeError } from "../../src/core/error.ts";
import { quarantineFolder } from "../../src/core/format/lake-path.ts";
import { itemsSchema, itemsStatement } from "../../src/core/overlay/items.ts";
import {
  currentView,
  historyViews,
  type LakeView,
  snapshotsView,
  wireRows,
} from "../../src/core/overlay/lake-view.ts";
import type { WireValue } from "../../src/core/row/encoding.ts";
import { rowCodec, toItem } from "../../src/core/row/row.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { keptSnapshots } from "../../src/core/table/kept-snapshots.ts";
import { type OpenTable, openTableOf, type TableState, tableAsOf } from "../../src/core/table/open-table.ts";
import { knownGaps } from "../../src/core/table/recorded-gaps.ts";
import { itemText, readItem } from "../../src/core/values/attribute-value.ts";
import { checkDrift, faultText, shownRows, showsValue } from "./evolving-checks.ts";
import { eventOf, isJunk, itemOf, type ModelChange, type ModelRecord } from "./model-table.ts";
import {
  BEFORE_ALL_COMMITS,
  type Commit,
  FUZZ_SECONDS,
  MARGIN_SECONDS,
  type Possible,
  type Row,
  shownBy,
} from "./rule.ts";
import type { SqlRow } from "./sql-evaluation.ts";
import { TABLE, type World, Wrong } from "./world.ts";

/** Compares the answers of the core with those of the rule. Each check throws Wrong at the first difference. */

/** The table as a reader finds it. */
async function openedBy(world: World): Promise<OpenTable> {
  return openTableOf(world.store, await world.currentSchema());
}

/** The rows of a view: its own, or, where columns change, as people see them. */
async function rowsOf(
  world: World,
  table: TableState,
  view: LakeView,
  others: readonly string[] = [],
): Promise<readonly SqlRow[]> {
  if (world.evolution !== undefined) return shownRows(world, table, view, others);
  return world.engine.query(view.sql);
}

/** The current state, as a query shows it. */
export async function checkView(world: World): Promise<void> {
  const { engine } = world;
  const opened = await openedBy(world);
  const view = await currentView(engine, opened, undefined);
  const rows = await rowsOf(world, opened, view);
  compareRows("the view", rows, shownBy(world.commit, world.log), world.commit);
  if (world.evolution !== undefined) await checkDrift(world, opened, rows);
  world.counts.add("checks of the view");
}

/** The state as of a time since which all commits are kept, as a query returns it and as items. */
export async function checkAsOf(world: World, asOfSeconds: number): Promise<void> {
  const { store, engine } = world;
  const opened = await openedBy(world);
  const commit = world.commits.findLast(({ committedAtSeconds }) => committedAtSeconds <= asOfSeconds);
  const then = await tableAsOf(store, opened, asOfSeconds).catch((error: unknown) => {
    if (error instanceof DynalakeError && error.code === "AS_OF_UNKNOWN") return undefined;
    throw error;
  });
  if (then === undefined) {
    // Before a first snapshot there was no table.
    if (commit === undefined && world.commits[0]?.kind === "snapshot") return;
    throw new Wrong("as of a time", `${asOfSeconds} is not known any more`);
  }
  const view = await currentView(engine, then, asOfSeconds);
  const shown = commit ?? BEFORE_ALL_COMMITS;
  const possible = shownBy(shown, world.log, asOfSeconds);
  compareRows("as of a time", await rowsOf(world, then, view), possible, shown);
  await compareItems(world, opened, { state: then, asOfSeconds, possible });
  world.counts.add("checks as of a time");
}

/** Every delivered change once, with all of its columns. */
export async function checkHistory(world: World): Promise<void> {
  const opened = await openedBy(world);
  const [history] = await historyViews(world.engine, opened);
  const left = new Map(world.log.flat().map((change) => [change.sequence, change]));
  for (const row of await rowsOf(world, opened, history as LakeView)) {
    const change = left.get(Number(row._version));
    if (change === undefined)
      throw new Wrong("history", `there is one change too many: ${JSON.stringify(row)}`);
    left.delete(change.sequence);
    const isSame = isOf(row, change) && row._expired === change.expired && row._op === change.operation;
    if (!isSame || Number(row.k) !== change.key)
      throw new Wrong(
        "history",
        `${JSON.stringify(row)} stands for ${JSON.stringify(change)}${faultText(row)}`,
      );
  }
  const [missing] = left.values();
  if (missing !== undefined) throw new Wrong("history", `it lacks ${JSON.stringify(missing)}`);
  world.counts.add("checks of the history");
}

/** Rows restored to items. */
export async function checkItems(world: World): Promise<void> {
  const opened = await openedBy(world);
  const possible = shownBy(world.commit, world.log);
  await compareItems(world, opened, { state: opened, asOfSeconds: undefined, possible });
  world.counts.add("checks of the items");
}

interface ItemsOf {
  readonly state: TableState;
  readonly asOfSeconds: number | undefined;
  readonly possible: ReadonlyMap<number, Possible>;
}

async function compareItems(
  world: World,
  now: OpenTable,
  { state, asOfSeconds, possible }: ItemsOf,
): Promise<void> {
  const items =
    world.evolution === undefined
      ? modelItems(world, now, state, asOfSeconds)
      : storedItemsOf(world, now, asOfSeconds);
  const missing = new Set([...possible].filter(([, rows]) => !rows.includes(undefined)).map(([key]) => key));
  for (const [key, item] of await items) {
    missing.delete(key);
    const wanted = (possible.get(key) ?? []).filter((each) => each !== undefined);
    if (!wanted.some((each) => item === itemText(readItem(itemOf(key, heldBy(each))))))
      throw new Wrong("items", `${item} is not ${JSON.stringify(wanted)}`);
  }
  if (missing.size > 0) throw new Wrong("items", `there is none of the keys ${[...missing].join(", ")}`);
}

type KeyedItems = readonly (readonly [number, string])[];

async function modelItems(
  { engine }: World,
  now: OpenTable,
  state: TableState,
  asOfSeconds: number | undefined,
): Promise<KeyedItems> {
  const schema = itemsSchema(now, state);
  const manifest = { ...state.manifest, recovery: undefined };
  const view = await currentView(engine, { ...state, schema, manifest }, asOfSeconds);
  const codec = rowCodec(schema);
  return (await engine.query(wireRows(engine, schema, view))).map((row) => {
    const values = schema.columns.map(({ name }) => row[name] as WireValue);
    return [Number(row.k), itemText(toItem(codec, { values, unmapped: row._unmapped as string | null }))];
  });
}

/** As `items` prints them. */
async function storedItemsOf(
  { store, engine }: World,
  now: OpenTable,
  asOfSeconds: number | undefined,
): Promise<KeyedItems> {
  const { sql, itemOf: stored } = await itemsStatement({ store, engine }, now, asOfSeconds);
  return (await engine.rows(sql)).map((row) => {
    const item = readItem(JSON.parse(stored(Object.values(row)).text()));
    return [Number((item.K as { readonly N: string }).N), itemText(item)];
  });
}

/** The kept snapshots. */
export async function checkSnapshot(world: World): Promise<void> {
  const { engine } = world;
  if (world.commit.floorSeconds === 0) return;
  const opened = await openedBy(world);
  const { manifest } = opened;
  const view = snapshotsView(engine, opened.schema, await keptSnapshots(world.store, opened));
  const all = await rowsOf(world, opened, view, ["ddb_export_timestamp"]);
  for (const { exportTimeSeconds } of manifest.snapshots) {
    const floorSeconds = exportTimeSeconds - MARGIN_SECONDS;
    const commit = world.commits.find(
      (each) => each.kind === "snapshot" && each.floorSeconds === floorSeconds,
    );
    const rows = all.filter((row) => row.ddb_export_timestamp === exportTimeSeconds * 1_000_000);
    const seeded = new Map(
      [...(commit as Commit).seeded].map(([key, value]) => [key, [{ snapshot: value }]]),
    );
    compareRows("the snapshot", rows, seeded, commit as Commit);
  }
  world.counts.add("checks of the snapshot");
}

/** Each record that cannot become a change is in quarantine, unmodified. */
export async function checkQuarantine(world: World, read: ReadonlySet<unknown>): Promise<void> {
  const kept = new Set<string>();
  for (const { path } of await world.store.list(quarantineFolder(TABLE))) {
    const text = new TextDecoder().decode(await world.store.read(path));
    for (const line of text.split("\n").filter((each) => each !== "")) kept.add(JSON.parse(line).raw);
  }
  for (const record of world.table.records) {
    if (!isJunk(record) || !read.has(record)) continue;
    const raw = JSON.stringify(eventOf(record));
    if (!kept.has(raw)) throw new Wrong("quarantine", `it lacks ${raw}`);
    world.counts.add("quarantined records found");
  }
}

/** A change that will never be delivered is older than a snapshot, or in a gap that was found. */
export async function checkLosses(world: World, lost: Iterable<ModelChange>): Promise<void> {
  const { commit, store } = world;
  const gaps = await knownGaps(store, TABLE, await latestManifest(store, TABLE));
  for (const change of lost) {
    if (world.isDelivered(change)) continue;
    world.counts.add("changes lost by the stream");
    const { timeSeconds, realSeconds } = change;
    const isInSnapshot =
      timeSeconds < commit.floorSeconds || realSeconds <= commit.floorSeconds + MARGIN_SECONDS - FUZZ_SECONDS;
    const isInGap = gaps.some(({ lostUntilSeconds }) => lostUntilSeconds >= realSeconds);
    const isBeforeAll = commit.floorSeconds === 0 && !wasOwed(world, change);
    if (!isInSnapshot && !isInGap && !isBeforeAll)
      throw new Wrong("no silent loss", `${JSON.stringify(change)} is nowhere`);
  }
}

/** A lake without a snapshot has every change since the first position in its stream was saved. */
export function wasOwed(world: World, record: ModelRecord): boolean {
  return record.realSeconds > (world.firstPositionSeconds ?? Number.POSITIVE_INFINITY);
}

function compareRows(
  what: string,
  rows: readonly SqlRow[],
  possible: ReadonlyMap<number, Possible>,
  commit: Commit,
): void {
  const shown = new Map<number, SqlRow>();
  for (const row of rows) {
    const key = Number(row.k);
    if (shown.has(key)) throw new Wrong(what, `key ${key} stands there twice`);
    shown.set(key, row);
    const wanted = possible.get(key) ?? [];
    if (!wanted.some((each) => each !== undefined && isRow(row, each, commit)))
      throw new Wrong(
        what,
        `key ${key} has ${JSON.stringify(row)}, not ${JSON.stringify(wanted)}${faultText(row)}`,
      );
  }
  for (const [key, wanted] of possible) {
    if (!shown.has(key) && !wanted.includes(undefined))
      throw new Wrong(what, `key ${key} has no row, not ${JSON.stringify(wanted)}`);
  }
}

function isRow(row: SqlRow, wanted: Row, commit: Commit): boolean {
  if ("change" in wanted) return row._op === wanted.change.operation && isOf(row, wanted.change);
  return (
    row._op === "SNAPSHOT" &&
    row._version === "0".repeat(40) &&
    row._changed_at === commit.floorSeconds * 1_000_000 &&
    hasValue(row, wanted.snapshot)
  );
}

function isOf(row: SqlRow, change: ModelChange): boolean {
  return (
    row._version === String(change.sequence).padStart(40, "0") &&
    row._changed_at === change.timeSeconds * 1_000_000 &&
    hasValue(row, change.value ?? change.last)
  );
}

function hasValue(row: SqlRow, value: string | undefined): boolean {
  const shows = showsValue(row, value);
  if (shows !== undefined) return shows;
  if (value === undefined) return row.g === null && (row.v ?? null) === null;
  const item = itemOf(0, value) as Readonly<Record<string, { readonly S: string }>>;
  // A schema without V does not show values that a later schema has written, but the items do.
  const v = "v" in row ? row.v : row._unmapped === null ? value : JSON.parse(row._unmapped as string).V.S;
  return v === value && row.g === item.G?.S;
}

function heldBy(row: Row): string {
  return "change" in row ? (row.change.value as string) : row.snapshot;
}
