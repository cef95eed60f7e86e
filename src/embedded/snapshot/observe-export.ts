/** Observes all items of an export, to infer a schema from. */
import { type Inference, inferenceOf, mergeInference } from "../../core/infer/inference.ts";
import type { KeySchema } from "../../core/values/key.ts";
import type { ExportPart } from "../exports/export-folder.ts";
import { observeAll } from "./staging-pool.ts";

export interface ExportToObserve {
  readonly parts: readonly ExportPart[];
  readonly key: KeySchema;
  readonly threads: number;
  readonly onItems: (observed: number) => void;
  readonly signal: AbortSignal;
}

/** Throws EXPORT_INVALID. */
export async function observeExport({ parts, onItems, ...job }: ExportToObserve): Promise<Inference> {
  const all = inferenceOf(job.key);
  await observeAll({
    ...job,
    tasks: parts.map(({ file, itemCount, md5 }) => ({ source: file, itemCount, md5 })),
    onDone: (observed) => {
      mergeInference(all, observed);
      onItems(all.itemCount);
    },
  });
  return all;
}
