/**
 * Restores the items of a lake table into a table of DynamoDB: pins them, makes the table where there is none, puts them, and
 * compares. A restore that is cut goes on where it was when it is run again.
 */
import { appendFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refusedItemsPath } from "../../core/format/lake-path.ts";
import { type Item, itemText } from "../../core/values/attribute-value.ts";
import { fileError } from "../../files/file-error.ts";
import { folderStore } from "../../files/folder-store.ts";
import { addGlobalIndexes, createTable, enableTimeToLive, type NewTable } from "../../source/new-table.ts";
import { ReadPace } from "../../source/read-pace.ts";
import { putItems, type RefusedItem, type TableToWrite } from "../../source/table-writer.ts";
import { type ExportFolder, openExport } from "../exports/export-folder.ts";
import { partItems } from "../exports/export-items.ts";
import { type ComparedRestore, compareRestored } from "./compare-restored.ts";
import { pinItems, pinnedFolder } from "./pinned-items.ts";
import { folderOfRestore, type RestoreState, saveRestore } from "./restore-file.ts";
import type { RestorePlace, RestorePlan } from "./restore-plan.ts";

export interface RestoreWork extends RestorePlace {
  readonly writeUnitsPerSecond?: number;
  /** Items expire by this attribute once they are there. */
  readonly timeToLive?: string;
  readonly namedMax: number;
  readonly onProgress: (progress: RestoreProgress) => void;
}

export interface RestoreProgress {
  /** pinning: items of the lake written down. restoring: items put. comparing: items of the table read. */
  readonly step: "pinning" | "restoring" | "comparing";
  readonly done: number;
  readonly total?: number;
}

export interface RestoredItems extends ComparedRestore {
  readonly state: RestoreState;
  /** The refused items with their reasons; undefined if there are none. */
  readonly refusedFile: string | undefined;
}

/** Items that are put at once, and after which it is written down how far the restore has come. */
const ITEMS_AT_ONCE = 1_000;

/** Fails as a query of the lake does, as writing to the table does, and with DISK_FULL or STORE_FAILED. */
export async function restoreTable(work: RestoreWork, plan: RestorePlan): Promise<RestoredItems> {
  const begun = plan.begun ?? (await begin(work, plan));
  const { table } = work.opened.schema;
  const folder = folderOfRestore(table, plan.to);
  const items = await openExport(pinnedFolder(work.lake.workFolder, folder));
  const target: NewTable = { ...work.connection, ...work, table: plan.to };
  const restore = new Restore(work, begun, join(work.lake.workFolder, folder, "refused.jsonl"));
  if (!begun.made && plan.target === undefined) await restore.made(await createTable(target, plan.design));
  // Made by a restore that was cut right then, or by somebody else: what is in it stays.
  if (!begun.made && plan.target !== undefined) await restore.found(plan.target.tableId);
  await restore.write(items);
  if (restore.state.makesTable) await addGlobalIndexes(target, plan.design); // breakage: indexes-of-made-tables
  const compared = await compare(work, plan.to, items);
  // Last: items that expire at once would be missing from the comparison.
  if (work.timeToLive !== undefined) await enableTimeToLive(target, work.timeToLive);
  const refusedFile = await keepRefused(work, plan.to, restore.state);
  await rm(join(work.lake.workFolder, folder), { recursive: true, force: true });
  return { state: restore.state, ...compared, refusedFile };
}

/** Pins the items, and writes down that a restore has begun: from here on it goes on with them. */
async function begin(work: RestoreWork, plan: RestorePlan): Promise<RestoreState> {
  const { lake, opened, timing, signal, onProgress } = work;
  const { table } = opened.schema;
  const nowSeconds = Math.floor(timing.nowMs() / 1000);
  const { items } = await pinItems({
    lake,
    opened,
    folder: pinnedFolder(lake.workFolder, folderOfRestore(table, plan.to)),
    asOfSeconds: plan.asOfSeconds,
    nowSeconds,
    signal,
    onItems: (done) => onProgress({ step: "pinning", done }),
  });
  const state: RestoreState = {
    to: plan.to,
    mode: plan.mode,
    asOfSeconds: plan.asOfSeconds ?? nowSeconds,
    items,
    tableId: plan.target?.tableId,
    makesTable: plan.target === undefined,
    made: plan.target !== undefined,
    done: {},
    written: 0,
    kept: 0,
    refused: 0,
  };
  await saveRestore(folderStore(lake.workFolder), table, state);
  return state;
}

/** A restore under way, and how far it has come. */
class Restore {
  readonly #work: RestoreWork;
  readonly #refusedFile: string;
  #state: RestoreState;

  constructor(work: RestoreWork, state: RestoreState, refusedFile: string) {
    this.#work = work;
    this.#state = state;
    this.#refusedFile = refusedFile;
  }

  get state(): RestoreState {
    return this.#state;
  }

  async made(tableId: string | undefined): Promise<void> {
    await this.#save({ made: true, ...(tableId === undefined ? {} : { tableId }) });
  }

  async found(tableId: string | undefined): Promise<void> {
    await this.#save({ made: true, mode: "keep", ...(tableId === undefined ? {} : { tableId }) });
  }

  async write(items: ExportFolder): Promise<void> {
    const { connection, opened, timing, signal, writeUnitsPerSecond } = this.#work;
    const target: TableToWrite = {
      ...connection,
      table: this.#state.to,
      key: opened.schema.key,
      mode: this.#state.mode,
      pace: new ReadPace(writeUnitsPerSecond ?? Number.POSITIVE_INFINITY, timing),
      timing,
      signal,
    };
    for (const part of items.parts) {
      const skipped = this.#state.done[part.key] ?? 0; // breakage: restore-goes-on
      let seen = 0;
      let next: Item[] = [];
      for await (const some of partItems(part)) {
        for (const item of some) if (seen++ >= skipped) next.push(item);
        if (next.length < ITEMS_AT_ONCE) continue;
        await this.#put(target, part.key, next);
        next = [];
      }
      await this.#put(target, part.key, next);
    }
  }

  async #put(target: TableToWrite, part: string, items: readonly Item[]): Promise<void> {
    if (items.length === 0) return;
    const { written, kept, refused } = await putItems(target, items);
    await this.#keep(refused);
    const state = this.#state;
    await this.#save({
      done: { ...state.done, [part]: (state.done[part] ?? 0) + items.length },
      written: state.written + written,
      kept: state.kept + kept,
      refused: state.refused + refused.length,
    });
    const done = this.#state.written + this.#state.kept + this.#state.refused;
    this.#work.onProgress({ step: "restoring", done, total: this.#state.items });
  }

  async #keep(refused: readonly RefusedItem[]): Promise<void> {
    if (refused.length === 0) return;
    const lines = refused.map(
      ({ item, reason }) => `{"reason":${JSON.stringify(reason)},"Item":${itemText(item)}}\n`,
    );
    try {
      await appendFile(this.#refusedFile, lines.join(""));
    } catch (error) {
      throw fileError(error, this.#refusedFile);
    }
  }

  async #save(change: Partial<RestoreState>): Promise<void> {
    this.#state = { ...this.#state, ...change };
    const store = folderStore(this.#work.lake.workFolder);
    await saveRestore(store, this.#work.opened.schema.table, this.#state);
  }
}

function compare(work: RestoreWork, to: string, items: ExportFolder): Promise<ComparedRestore> {
  const { connection, opened, namedMax, timing, signal, onProgress } = work;
  return compareRestored({
    connection,
    to,
    schema: opened.schema,
    items,
    temporaryFolder: tmpdir(),
    namedMax,
    timing,
    signal,
    onItems: (done) => onProgress({ step: "comparing", done }),
  });
}

/** The refused items stay in the lake's folder when the restore's own folder goes. */
async function keepRefused(
  { lake, opened, timing }: RestoreWork,
  to: string,
  { refused }: RestoreState,
): Promise<string | undefined> {
  if (refused === 0) return undefined;
  const { table } = opened.schema;
  const from = join(lake.workFolder, folderOfRestore(table, to), "refused.jsonl");
  const kept = join(lake.workFolder, refusedItemsPath(table, String(timing.nowMs())));
  try {
    await rename(from, kept);
  } catch (error) {
    throw fileError(error, kept);
  }
  return kept;
}
