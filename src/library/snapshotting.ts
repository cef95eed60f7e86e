/** Snapshots and inferences of an open lake. */
import { availableParallelism } from "node:os";
import { defined } from "../core/defined.ts";
import type { SnapshotWish, TakenSnapshot, TakingProgress } from "../embedded/snapshot/take-in.ts";
import type { ProgressEvent } from "./event.ts";
import type { FolderContext } from "./folder-context.ts";
import {
  givenFile,
  givenKept,
  givenKey,
  givenSchema,
  requireNumber,
  requireOrigin,
  secondsOf,
} from "./given.ts";
import { observed } from "./observed.ts";
import type { Cancel, InferOptions, OpenOptions, Origin, SnapshotOptions, Watched } from "./options.ts";
import { snapshotReport } from "./reported.ts";
import type { Inference, SnapshotReport } from "./reports.ts";

/** Staging an export is the part of the work that more threads make much faster. */
const THREADS_MAX = 8;

export function snapshotThreads({ threads }: OpenOptions): number {
  return threads ?? Math.min(THREADS_MAX, availableParallelism());
}

export function inferSchema(
  { lifetime, config, cwd, options }: FolderContext,
  from: Origin,
  { name, key, sample, signal }: InferOptions & Cancel,
): Promise<Inference> {
  return lifetime.run(signal, async (stop) => {
    requireOrigin(from);
    requireNumber("sample", sample, { min: 1 });
    const inferred =
      "source" in from
        ? await (await import("../embedded/schemas/infer-from-table.ts")).inferFromTable(
            from.source,
            config,
            { signal: stop, ...defined({ name, sample }) },
          )
        : await (await import("../embedded/snapshot/infer-from-export.ts")).inferFromExport(
            givenFile(cwd, from.export),
            { name, key: givenKey(key), sample, threads: snapshotThreads(options), signal: stop },
          );
    stop.throwIfAborted();
    const { file, items, notes } = inferred;
    const undecided = inferred.undecided.map(({ attribute, why }) => ({ attribute, why }));
    return { schema: file, items, undecided, notes };
  });
}

export function takeSnapshot(
  context: FolderContext,
  from: Origin,
  options: SnapshotOptions & Watched,
): Promise<SnapshotReport> {
  const { name, key, schema, signal, onEvent } = options;
  return context.lifetime.run(signal, async (stop) => {
    requireOrigin(from);
    requireNumber("timeLimitSeconds", options.timeLimitSeconds, { min: 0 });
    const keep = givenKept(options.keep);
    const emit = observed(onEvent);
    const threads = snapshotThreads(context.options);
    const table = name ?? ("source" in from ? from.source : from.export);
    return context.withEngine(
      stop,
      async (lake) => {
        const taken = await takenFrom(context, from, options, {
          lake,
          given: givenSchema(context.cwd, schema),
          name,
          key: givenKey(key),
          maskKey: context.options.maskKey,
          keep,
          threads,
          onProgress: (progress) => emit(takingEvent(table, progress)),
          signal: stop,
        });
        return snapshotReport(taken);
      },
      threads,
    );
  });
}

async function takenFrom(
  { cwd, config }: FolderContext,
  from: Origin,
  { readShare, readUnitsPerSecond, timeLimitSeconds, exportedAt }: SnapshotOptions,
  wish: SnapshotWish,
): Promise<TakenSnapshot> {
  if ("export" in from) {
    const { snapshotOfExport } = await import("../embedded/snapshot/export-snapshot.ts");
    return snapshotOfExport(
      givenFile(cwd, from.export),
      wish,
      exportedAt === undefined ? undefined : secondsOf(exportedAt),
    );
  }
  const { snapshotOfTable } = await import("../embedded/snapshot/table-snapshot.ts");
  const limits = defined({ readShare, readUnitsPerSecond, timeLimitSeconds });
  return snapshotOfTable({ table: from.source, config, ...limits }, wish);
}

export function takingEvent(table: string, progress: TakingProgress): ProgressEvent {
  if (progress.step !== "scanning") {
    const { step, items, itemsTotal } = progress;
    return { kind: "progress", table, step, done: items, total: itemsTotal };
  }
  const { source, items, segmentsDone, segments } = progress;
  const parts = { done: segmentsDone, total: segments };
  return { kind: "progress", table: source, step: "scanning", done: items, parts };
}
