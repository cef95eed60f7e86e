/** Observes a sample of an export's items, spread evenly over its files, to infer a schema from. */
import { type Inference, inferenceOf } from "../../core/infer/inference.ts";
import type { KeySchema } from "../../core/values/key.ts";
import type { ExportFolder } from "./export-folder.ts";
import { observePart } from "./observe-part.ts";

/** Enough to show rare attributes, and read in a moment. */
export const SAMPLE_ITEMS = 20_000;
/** Items of 400 KB take long to read. */
const SAMPLE_BYTES_MAX = 128 * 1024 * 1024;

/** Of about so many items, or fewer if they are large. Throws EXPORT_INVALID. */
export async function sampleExport(folder: ExportFolder, key: KeySchema, items: number): Promise<Inference> {
  const parts = Math.max(1, folder.parts.length);
  const share = { lines: Math.ceil(items / parts), bytes: Math.ceil(SAMPLE_BYTES_MAX / parts) };
  const inference = inferenceOf(key);
  for (const { file } of folder.parts) await observePart(inference, file, share);
  return inference;
}
