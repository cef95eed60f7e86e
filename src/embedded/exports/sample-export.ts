/** Observes a sample of an export's items, spread evenly over its files, to infer a schema from. */
import type { Item } from "../../core/values/attribute-value.ts";
import type { ExportFolder } from "./export-folder.ts";
import { observePart } from "./observe-part.ts";

/** Enough to show rare attributes, and read in a moment. */
export const SAMPLE_ITEMS = 20_000;
/** Items of 400 KB take long to read. */
const SAMPLE_BYTES_MAX = 128 * 1024 * 1024;

/** Of about so many items, or fewer if they are large. Throws EXPORT_INVALID. */
export async function sampleExport(
  folder: ExportFolder,
  see: (item: Item) => void,
  items: number,
): Promise<void> {
  const parts = Math.max(1, folder.parts.length);
  const share = { lines: Math.ceil(items / parts), bytes: Math.ceil(SAMPLE_BYTES_MAX / parts) };
  for (const { file } of folder.parts) await observePart(see, file, share);
}
