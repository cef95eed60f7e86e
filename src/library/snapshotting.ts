/** Snapshots and inferences of an open lake. */
import { availableParallelism } from "node:os";
import { defined } from "../core/defined.ts";
import { DynalakeError } from "../core/error.ts";
import type {
  SnapshotWish,
  TakenSnapshot,
  TakingProgress,
  WishedTable,
} from "../embedded/snapshot/take-in.ts";
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
import type {
  Cancel,
  InferOptions,
  OpenOptions,
  Origin,
  SnapshotOptions,
  SplitOptions,
  Watched,
} from "./options.ts";
import { inferenceReport, snapshotReport } from "./reported.ts";
import type { Inference, SnapshotReport, SplitInference } from "./reports.ts";

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
    return inferenceReport(inferred);
  });
}

export function splitSchemas(
  { lifetime, config, cwd, options }: FolderContext,
  from: Origin,
  { name, key, sample, splitBy, signal }: SplitOptions & Cancel,
): Promise<SplitInference> {
  return lifetime.run(signal, async (stop) => {
    requireOrigin(from);
    requireNumber("sample", sample, { min: 1 });
    const { tables, notes } =
      "source" in from
        ? await (await import("../embedded/schemas/infer-from-table.ts")).splitFromTable(
            from.source,
            config,
            { signal: stop, splitBy, ...defined({ name, sample }) },
          )
        : await (await import("../embedded/snapshot/infer-from-export.ts")).splitFromExport(
            givenFile(cwd, from.export),
            { name, key: givenKey(key), sample, splitBy, threads: snapshotThreads(options), signal: stop },
          );
    stop.throwIfAborted();
    return { tables: tables.map(inferenceReport), notes };
  });
}

export async function takeSnapshot(
  context: FolderContext,
  from: Origin,
  options: SnapshotOptions & Watched,
): Promise<SnapshotReport> {
  const { name, schema } = options;
  const wished = { name, given: givenSchema(context.cwd, schema) };
  return (await takeSnapshots(context, from, options, [wished]))[0] as SnapshotReport;
}

/** One of each table, by one look at the source's items. */
export function takeSnapshots(
  context: FolderContext,
  from: Origin,
  options: Omit<SnapshotOptions, "schema"> & Watched,
  tables: readonly WishedTable[],
): Promise<readonly SnapshotReport[]> {
  const { name, key, signal, onEvent } = options;
  return context.lifetime.run(signal, async (stop) => {
    requireOrigin(from);
    requireNumber("timeLimitSeconds", options.timeLimitSeconds, { min: 0 });
    const keep = givenKept(options.keep);
    await requireDifferentTables(tables);
    const emit = observed(onEvent);
    const threads = snapshotThreads(context.options);
    return context.withEngine(
      stop,
      async (lake) => {
        const wish = {
          lake,
          given: undefined,
          name,
          key: givenKey(key),
          maskKey: context.options.maskKey,
          keep,
          threads,
          onProgress: (progress: TakingProgress) => emit(takingEvent(progress)),
          signal: stop,
        };
        return (await takenFrom(context, from, options, wish, tables)).map(snapshotReport);
      },
      threads,
    );
  });
}

/** A second snapshot of the same table would replace the first. */
async function requireDifferentTables(wished: readonly WishedTable[]): Promise<void> {
  const given = wished.flatMap((each) => each.given ?? []);
  if (given.length < 2) return;
  const { readGivenSchema } = await import("../embedded/schemas/given-schema.ts");
  const tables = new Set<string>();
  for (const each of given) {
    const { table } = await readGivenSchema(each);
    // breakage: one-snapshot-of-each-table
    if (tables.has(table))
      throw new DynalakeError("USAGE", `two of the schemas are for the table "${table}"`, {
        next: "Give each `table` a name of its own.",
      });
    tables.add(table);
  }
}

async function takenFrom(
  { cwd, config }: FolderContext,
  from: Origin,
  { readShare, readUnitsPerSecond, timeLimitSeconds, exportedAt }: SnapshotOptions,
  wish: SnapshotWish,
  tables: readonly WishedTable[],
): Promise<readonly TakenSnapshot[]> {
  if ("export" in from) {
    const { snapshotOfExport } = await import("../embedded/snapshot/export-snapshot.ts");
    const readAtSeconds = exportedAt === undefined ? undefined : secondsOf(exportedAt);
    const all: TakenSnapshot[] = [];
    for (const table of tables)
      all.push(await snapshotOfExport(givenFile(cwd, from.export), { ...wish, ...table }, readAtSeconds));
    return all;
  }
  const { snapshotsOfTable } = await import("../embedded/snapshot/table-snapshot.ts");
  const limits = defined({ readShare, readUnitsPerSecond, timeLimitSeconds });
  return snapshotsOfTable({ table: from.source, config, ...limits }, wish, tables);
}

export function takingEvent(progress: TakingProgress): ProgressEvent {
  if (progress.step !== "scanning") {
    const { step, table, items, itemsTotal } = progress;
    return { kind: "progress", table, step, done: items, total: itemsTotal };
  }
  const { source, items, segmentsDone, segments } = progress;
  const parts = { done: segmentsDone, total: segments };
  return { kind: "progress", table: source, step: "scanning", done: items, parts };
}
