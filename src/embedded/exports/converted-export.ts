/** Items that other tools left, written as an export, which everything else reads. */
import { Rejection } from "../../core/change/change.ts";
import { readItemText } from "../../core/exports/item-text.ts";
import type { GivenFile } from "../../files/given-file.ts";
import { type ExportLane, ExportWriter } from "../../source/export-writer.ts";
import { itemTexts } from "./other-items.ts";

export interface Conversion {
  readonly files: readonly GivenFile[];
  /** Where the export is written. */
  readonly folder: string;
  /** When the reading of the items began: the moment that the export gets. */
  readonly momentSeconds: number;
  readonly signal: AbortSignal;
}

/** Returns the export's folder. A failure leaves nothing behind. Throws EXPORT_INVALID, DISK_FULL or STORE_FAILED. */
export async function convertedExport({ files, folder, momentSeconds, signal }: Conversion): Promise<string> {
  const writer = new ExportWriter(folder, {}, momentSeconds * 1000);
  try {
    await writer.begin();
    const lane = writer.lane();
    for (const file of files) {
      for await (const texts of itemTexts(file)) {
        signal.throwIfAborted();
        await writeItems(lane, texts);
      }
    }
    await lane.close();
    await writer.finish(Date.now());
    return writer.exportFolder;
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

async function writeItems(lane: ExportLane, texts: readonly string[]): Promise<void> {
  const lines = texts.map((text) => `${exportLine(text)}\n`).join("");
  if (texts.length > 0) await lane.write(lines, texts.length);
}

/** What holds no item stays as it is: the snapshot quarantines it with its reason. */
function exportLine(text: string): string {
  try {
    return JSON.stringify({ Item: readItemText(text) });
  } catch (error) {
    if (error instanceof Rejection) return text;
    throw error;
  }
}
