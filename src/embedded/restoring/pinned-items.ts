/**
 * The items of one moment, written out before anything is restored: the lake may go on, compact and vacuum meanwhile, and a restore
 * that is cut goes on with the same items. They lie in the form of an export, which is also what DynamoDB's import reads.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { restoresFolder } from "../../core/format/lake-path.ts";
import { linesOfItems } from "../../core/overlay/items.ts";
import type { LakeRow, VerifiedLake } from "../../core/ports/verified.ts";
import type { StoredItem } from "../../core/row/stored-item.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import { itemText } from "../../core/values/attribute-value.ts";
import { keyHash, keyOf } from "../../core/values/key.ts";
import { temporaryFolder } from "../../files/temporary-folder.ts";
import { ExportWriter } from "../../source/export-writer.ts";
import { type ExportFolder, openExport } from "../exports/export-folder.ts";
import { exportItems } from "../exports/export-items.ts";
import type { RestoredLake, RestorePlace } from "./restore-plan.ts";

export interface PinRequest {
  readonly lake: RestoredLake;
  readonly opened: OpenTable;
  /** Absolute; what is in it goes. */
  readonly folder: string;
  /** Undefined: now. */
  readonly asOfSeconds: number | undefined;
  /** Uncompressed bytes of a data file. */
  readonly dataFileBytesMax?: number;
  readonly nowSeconds: number;
  readonly signal: AbortSignal;
  readonly onItems: (items: number) => void;
}

export interface PinnedItems {
  readonly items: number;
  /** Uncompressed. */
  readonly bytes: number;
}

/** Writes the items into the folder. Fails as a query does, and with DISK_FULL or STORE_FAILED. */
export async function pinItems(request: PinRequest): Promise<PinnedItems> {
  const { lake, opened, folder, asOfSeconds, nowSeconds, signal } = request;
  await rm(folder, { recursive: true, force: true });
  const writer = new ExportWriter(folder, {}, (asOfSeconds ?? nowSeconds) * 1000, request.dataFileBytesMax);
  try {
    await writer.begin();
    const lane = writer.lane();
    let items = 0;
    for await (const batch of lake.items(opened, asOfSeconds)) {
      signal.throwIfAborted();
      await lane.write(linesOfItems(batch), batch.length);
      items += batch.length;
      request.onItems(items);
    }
    await lane.close();
    return await writer.finish(nowSeconds * 1000);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

export interface TemporaryPin
  extends Omit<PinRequest, "folder" | "nowSeconds" | "lake" | "opened" | "signal"> {
  readonly place: Pick<RestorePlace, "lake" | "opened" | "timing" | "signal">;
}

/** Pins the items for `use` alone. Where the lake is, there is room for them. */
export async function withPinnedItems<T>(
  { place, ...request }: TemporaryPin,
  use: (pinned: PinnedItems & { readonly asOfSeconds: number; readonly folder: ExportFolder }) => Promise<T>,
): Promise<T> {
  const nowSeconds = Math.floor(place.timing.nowMs() / 1000);
  const folder = temporaryFolder(join(place.lake.workFolder, restoresFolder), "items-");
  try {
    const pinned = await pinItems({ ...place, ...request, folder: folder.path, nowSeconds });
    const asOfSeconds = request.asOfSeconds ?? nowSeconds;
    return await use({ ...pinned, asOfSeconds, folder: await openExport(folder.path) });
  } finally {
    await folder.remove();
  }
}

/** Where the pinned items lie in the folder of a restore. */
export function pinnedFolder(root: string, restoreFolder: string): string {
  return join(root, restoreFolder, "items");
}

/** The pinned items in the place of a lake, for a comparison. */
export function pinnedLake(folder: ExportFolder, schema: Schema): VerifiedLake {
  const rowOf = (item: Item): LakeRow => ({
    keyHash: keyHash(keyOf(schema.key, item) ?? []),
    item: storedItem(schema, item),
  });
  return {
    rows: async (take) => {
      for await (const items of exportItems(folder)) await take(items.map(rowOf));
    },
    rowsOf: async (keyHashes) => {
      const wanted = new Set(keyHashes);
      const found: LakeRow[] = [];
      for await (const items of wanted.size === 0 ? [] : exportItems(folder))
        found.push(...items.map(rowOf).filter((row) => wanted.has(row.keyHash)));
      return found;
    },
  };
}

function storedItem(schema: Schema, item: Item): StoredItem {
  return { item: () => item, text: () => itemText(item), key: () => keyOf(schema.key, item) };
}
