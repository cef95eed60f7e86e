/**
 * What a deployment keeps in its lake, beside the layout of every lake (lake-path.ts):
 *
 *     <table>/locks/<kind>/<n>.json                    the execution that works on the table
 *            /compacted.json                           when the last compaction that left nothing to do began
 *            /found.json                               what looks into new segments found that columns do not hold
 *            /vacuum.json                              how far a vacuum has come that had no time for the rest
 *            /named/vacuum.json                        what the manifests name that such a vacuum has read
 *            /counted.json                             until when deliveries were compared with the change log
 *            /waiting/<kind>/*.jsonl                   changes that the table could not take when its source was read
 *     _exports/<source>/AWSDynamoDB/<id>/...           exports of a source table; deleted after their snapshots
 *     _acknowledged/<table>/dt=<day>/<process>.json    rows that a delivery stream has acknowledged, by hours
 *     _athena/...                                      results of statements, which S3 deletes after a week
 *            /unload-<id>/*                            rows on their way to a machine outside; deleted once they are there
 *     _registry/lake.json                              the lake: its database and machines
 *              /sources/<source>/source.json           a source: its stream's mapping and functions
 *                               /tables/<table>.json   a lake table of the source, as it is deployed
 *              /tick.json                              what the lake's tick did last
 */
import { safePart } from "./safe-part.ts";

/** Where Athena writes query results. No lake table can have this name: table names start with a letter. */
export const RESULTS_FOLDER = "_athena/";

/** Where a statement unloads rows that a machine outside of AWS takes away. */
export function unloadFolder(id: string): string {
  return `${RESULTS_FOLDER}unload-${safePart(id)}/`;
}

/** The executions that work on the table, or did: the newest one is the last. */
export function locksFolder(table: string, kind: string): string {
  return `${safePart(table)}/locks/${safePart(kind)}/`;
}

export function lockPath(table: string, kind: string, number: number): string {
  return `${locksFolder(table, kind)}${String(number).padStart(12, "0")}.json`;
}

/** The number in a lock's path, or undefined where the path is no lock's. */
export function lockNumber(path: string): number | undefined {
  const match = /\/locks\/[^/]+\/(\d{12})\.json$/.exec(path);
  return match === null ? undefined : Number(match[1]);
}

/** Where a deployment keeps what it consists of. No lake table can have this name: table names start with a letter. */
export const REGISTRY_FOLDER = "_registry/";

export const lakeEntryPath: string = `${REGISTRY_FOLDER}lake.json`;
export const tickPath: string = `${REGISTRY_FOLDER}tick.json`;
export const sourcesFolder: string = `${REGISTRY_FOLDER}sources/`;

export function sourceEntryPath(source: string): string {
  return `${sourcesFolder}${safePart(source)}/source.json`;
}

/** The lake tables of a source. */
export function tableEntriesFolder(source: string): string {
  return `${sourcesFolder}${safePart(source)}/tables/`;
}

export function tableEntryPath(source: string, table: string): string {
  return `${tableEntriesFolder(source)}${safePart(table)}.json`;
}

/** When the last compaction began that left nothing to do. */
export function compactedPath(table: string): string {
  return `${safePart(table)}/compacted.json`;
}

/** How far a vacuum has come that had no time for the rest. */
export function unfinishedVacuumPath(table: string): string {
  return `${safePart(table)}/vacuum.json`;
}

/** What the manifests name that such a vacuum has read. A role that may write the one by its name may write this. */
export function vacuumNamedPath(table: string): string {
  return `${safePart(table)}/named/vacuum.json`;
}

/** What looks into new segments have found that columns do not hold. */
export function foundPath(table: string): string {
  return `${safePart(table)}/found.json`;
}

/** Until when what was acknowledged was compared with the change log. */
export function countedPath(table: string): string {
  return `${safePart(table)}/counted.json`;
}

/** Counts of acknowledged rows, which a rule of the bucket deletes. No lake table can have this name. */
export const ACKNOWLEDGED_FOLDER = "_acknowledged/";

export function acknowledgedFolder(table: string): string {
  return `${ACKNOWLEDGED_FOLDER}${safePart(table)}/`;
}

export function acknowledgedDayFolder(table: string, dt: string): string {
  return `${acknowledgedFolder(table)}dt=${dt}/`;
}

/** What a process has counted of a day's changes. */
export function acknowledgedPath(table: string, dt: string, counter: string): string {
  return `${acknowledgedDayFolder(table, dt)}${safePart(counter)}.json`;
}

/** Changes that wait for their table: as stream records, or as wire rows. */
export type WaitingKind = "records" | "rows";

export function waitingFolder(table: string): string {
  return `${safePart(table)}/waiting/`;
}

export function waitingPath(table: string, kind: WaitingKind, id: string): string {
  return `${waitingFolder(table)}${kind}/${safePart(id)}.jsonl`;
}

/** What an object that waits holds, or undefined where the path is none's. */
export function waitingKind(path: string): WaitingKind | undefined {
  const kind = /^[^/]+\/waiting\/(records|rows)\/[^/]+\.jsonl$/.exec(path)?.[1];
  return kind as WaitingKind | undefined;
}

/** Where exports of source tables lie. No lake table can have this name: table names start with a letter. */
export const EXPORTS_FOLDER = "_exports/";

/** The prefix that an export of a source table is given; the service adds `/AWSDynamoDB/<id>/`. */
export function exportsPrefix(source: string): string {
  return `${EXPORTS_FOLDER}${safePart(source)}`;
}

/** The folder of one export's manifests and data. */
export function exportFolder(source: string, id: string): string {
  return `${exportsPrefix(source)}/AWSDynamoDB/${safePart(id)}/`;
}

/** Names a lake table that needs the export no longer. */
export function exportEndedPath(exportPrefix: string, table: string): string {
  return `${exportPrefix}ended/${safePart(table)}`;
}
