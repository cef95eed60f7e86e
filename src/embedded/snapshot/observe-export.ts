/** Observes all items of an export, to infer a schema from, or one for each kind of items. */
import { type Inference, inferenceOf, mergeInference } from "../../core/infer/inference.ts";
import { type Kinds, kindsOf, mergeKinds } from "../../core/infer/split.ts";
import type { KeySchema } from "../../core/values/key.ts";
import type { ExportPart } from "../exports/export-folder.ts";
import { observeAll, observeAllKinds } from "./staging-pool.ts";

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
  const onDone = (observed: Inference): void => {
    mergeInference(all, observed);
    onItems(all.itemCount);
  };
  await observeAll({ ...job, tasks: tasksOf(parts), onDone });
  return all;
}

/** Throws EXPORT_INVALID. */
export async function observeKindsOfExport(
  { parts, ...job }: Omit<ExportToObserve, "onItems">,
  splitBy: string,
): Promise<Kinds> {
  const all = kindsOf(job.key, splitBy);
  await observeAllKinds(
    { ...job, tasks: tasksOf(parts), onDone: (observed) => mergeKinds(all, observed) },
    splitBy,
  );
  return all;
}

function tasksOf(parts: readonly ExportPart[]) {
  return parts.map(({ file, itemCount, md5 }) => ({ source: file, itemCount, md5 }));
}
