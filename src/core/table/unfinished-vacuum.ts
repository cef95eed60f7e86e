/** How far a deployment's vacuum has come that had no time for the rest: the next tick goes on with it. */
import * as z from "zod/mini";
import { unfinishedVacuumPath, vacuumNamedPath } from "../format/deployment-path.ts";
import { type LakeFile, moment } from "../format/lake-file.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readRenewable, replaceLakeFile } from "./stored-file.ts";

export interface UnfinishedVacuum {
  /** When it was begun, in seconds since the epoch. */
  readonly sinceSeconds: number;
  /** How often it was begun or gone on with, since then or on the last day that went on with it. */
  readonly passes: number;
  /** While files are left: the last run that is done with, or nothing. */
  readonly filesAfter?: string | undefined;
  /** Once no file is left: the first share of the partitions that is not done with. */
  readonly partitionsFrom?: number | undefined;
}

/** One that needs more has something in its way: it goes on the next day. */
export const VACUUM_PASSES_MAX = 24;

const count = z.int().check(z.minimum(0));

const unfinishedFile: LakeFile<UnfinishedVacuum> = {
  name: "record of an unfinished vacuum",
  shape: z.object({
    sinceSeconds: moment,
    passes: count,
    filesAfter: z.optional(z.string()),
    partitionsFrom: z.optional(count),
  }),
};

/** A vacuum begins anew where the record is damaged. Throws LAKE_NEWER. */
export function readUnfinishedVacuum(
  store: ObjectStore,
  table: string,
): Promise<UnfinishedVacuum | undefined> {
  return readRenewable(store, unfinishedFile, unfinishedVacuumPath(table));
}

export function saveUnfinishedVacuum(
  store: ObjectStore,
  table: string,
  unfinished: UnfinishedVacuum,
): Promise<void> {
  return replaceLakeFile(store, unfinishedVacuumPath(table), unfinished);
}

/**
 * What the manifests up to one of them name, as plain data. What expires later is safe in it: it is kept for longer than it has to
 * be.
 */
export interface NamedFiles {
  /** The newest of these manifests. */
  readonly throughSequence: number;
  /** The parts of each run. */
  readonly parts: Readonly<Record<string, readonly string[]>>;
  /** The runs of kept snapshots. */
  readonly keptRuns: readonly string[];
}

const namedFiles: LakeFile<NamedFiles> = {
  name: "record of what manifests name",
  shape: z.object({
    throughSequence: count,
    parts: z.record(z.string(), z.array(z.string())),
    keptRuns: z.array(z.string()),
  }),
};

/** Of a vacuum that is unfinished; a damaged one is read anew. Throws LAKE_NEWER. */
export function readNamedFiles(store: ObjectStore, table: string): Promise<NamedFiles | undefined> {
  return readRenewable(store, namedFiles, vacuumNamedPath(table));
}

export function saveNamedFiles(store: ObjectStore, table: string, named: NamedFiles): Promise<void> {
  return replaceLakeFile(store, vacuumNamedPath(table), named);
}

export function endVacuum(store: ObjectStore, table: string): Promise<void> {
  return store.remove([unfinishedVacuumPath(table), vacuumNamedPath(table)]);
}

/** Whether ticks go on with it. */
export function isToGoOn(unfinished: UnfinishedVacuum | undefined): boolean {
  return unfinished !== undefined && unfinished.passes < VACUUM_PASSES_MAX; // breakage: vacuum-passes-are-bounded
}
