/**
 * The lake's layout: every path is built and read here, but for those that only deployments have (deployment-path.ts). Paths are relative to the lake and separated by "/".
 *
 *     <table>/schema.json                              the schema that the data was written with
 *            /changes/dt=2026-11-23/hr=05/*.parquet    the change log, by the hour of arrival
 *            /segments/<run>/<part>/*.parquet          base and deltas
 *            /segments/<run>/<n>/segment_part=<part>/*    the same, written by an engine that writes many parts at once
 *            /manifest/000000000042.json               commits
 *            /snapshots/<run>.json                     the segments of a kept snapshot, where there are several
 *            /staging/<run>/...                        what a run is made from; deleted after it
 *            /errors/...                               what Firehose could not convert, as it writes it
 *            /quarantine/<reason>/*.jsonl              what could not be delivered, by its reason
 *            /gaps/*.json                              gaps in the stream that were found
 *            /beginning.json                           since when the stream is read
 *            /position.json                            how far the stream was read
 *            /run.json                                 the last sign of life of a run that follows the stream
 *            /source.json                              where the source table is reached
 *            /table.json                               how the source table is made: its key and indexes
 *            /sources/*.json                           which source tables it was filled from
 *            /watch.json                               when a deployment's reading of the stream was last seen
 *     _restores/<table>/<id>/...                       a restore under way: its items, and how far it has come
 *     _restores/refused-<table>-<n>.jsonl              items that a table of DynamoDB refused
 *     .dynalake/series/<table>.json                    what runs have delivered over time, for figures
 *     aws/lambda/<mapping>/...                         batches of the stream that failed for good, as Lambda leaves them
 */

import { safePart } from "./safe-part.ts";

export function schemaPath(table: string): string {
  return `${safePart(table)}/schema.json`;
}

export function positionPath(table: string): string {
  return `${safePart(table)}/position.json`; // breakage: position-of-each-table
}

/** The last sign of life of a run. */
export function heartbeatPath(table: string): string {
  return `${safePart(table)}/run.json`;
}

/** What runs have delivered over time. No lake table can have this folder's name. */
export function runSeriesPath(table: string): string {
  return `.dynalake/series/${safePart(table)}.json`;
}

/** Since when the stream is read. */
export function streamBeginningPath(table: string): string {
  return `${safePart(table)}/beginning.json`;
}

export function sourcePath(table: string): string {
  return `${safePart(table)}/source.json`;
}

export function tableDesignPath(table: string): string {
  return `${safePart(table)}/table.json`;
}

export const restoresFolder = "_restores";

/** What a restore into a table of DynamoDB needs until it is done; `id` follows from the name of that table. */
export function restoreFolder(table: string, id: string): string {
  return `${restoresFolder}/${safePart(table)}/${safePart(id)}/`;
}

/** The items that a table of DynamoDB refused, after a restore. */
export function refusedItemsPath(table: string, id: string): string {
  return `${restoresFolder}/refused-${safePart(table)}-${safePart(id)}.jsonl`;
}

export function knownSourcesFolder(table: string): string {
  return `${safePart(table)}/sources/`;
}

export function knownSourcePath(table: string, id: string): string {
  return `${knownSourcesFolder(table)}${safePart(id)}.json`;
}

/** When somebody last saw a deployment read the stream. */
export function streamWatchPath(table: string): string {
  return `${safePart(table)}/watch.json`;
}

export function manifestFolder(table: string): string {
  return `${safePart(table)}/manifest/`;
}

export function manifestPath(table: string, sequence: number): string {
  return `${manifestFolder(table)}${String(sequence).padStart(12, "0")}.json`;
}

/** The number in a manifest's path, or undefined where the path is no manifest's. */
export function manifestSequence(path: string): number | undefined {
  const match = /\/manifest\/(\d{12})\.json$/.exec(path);
  return match === null ? undefined : Number(match[1]);
}

/** The lists of kept snapshots. */
export function snapshotsFolder(table: string): string {
  return `${safePart(table)}/snapshots/`;
}

export function snapshotListPath(table: string, run: string): string {
  return `${snapshotsFolder(table)}${safePart(run)}.json`;
}

export function segmentsFolder(table: string): string {
  return `${safePart(table)}/segments/`;
}

/** The folder of one segment. */
export function segmentFolder(table: string, run: string, part: string): string {
  return `${segmentsFolder(table)}${safePart(run)}/${safePart(part)}/`;
}

/** The folder below which one statement writes many segments, each into a folder `segment_part=<part>`. */
export function stageFolder(table: string, run: string, statement: number): string {
  return `${segmentsFolder(table)}${safePart(run)}/${statement}/`;
}

/**
 * The column by which an engine that writes many parts at once cuts rows into folders: none of the table's own. No folder begins
 * with an underscore, which readers of Hive's layout take for hidden.
 */
export function partColumn(columns: readonly string[]): string {
  let name = "segment_part";
  while (columns.includes(name)) name += "_";
  return name;
}

/**
 * The run and the part of an object of a segment, or undefined where the path is none's. Folders were called `_segment_part=<part>`
 * before 0.2.0.
 */
export function segmentOfPath(path: string): { readonly run: string; readonly part: string } | undefined {
  const [, run, part] =
    /^[^/]+\/segments\/([^/]+)\/(?:\d+\/_?segment_part_*=)?([^/]+)\/[^/]+$/.exec(path) ?? [];
  return run === undefined || part === undefined ? undefined : { run, part };
}

/** The run of any path below `segments/` or `staging/`, and of the list of a snapshot. */
export function runOfPath(path: string): string | undefined {
  return /^[^/]+\/(?:(?:segments|staging)\/([^/]+)\/|snapshots\/([^/]+)\.json$)/
    .exec(path)
    ?.slice(1)
    .find(Boolean);
}

export function stagingFolder(table: string): string {
  return `${safePart(table)}/staging/`;
}

export function stagingRunFolder(table: string, run: string): string {
  return `${stagingFolder(table)}${safePart(run)}/`;
}

/** Where a planned run waits while an engine elsewhere stages it. */
export function planPath(table: string, run: string): string {
  return `${stagingRunFolder(table, run)}plan.json`;
}

/** Its statements, one JSON line {"sql": "..."} each. */
export function statementsPath(table: string, run: string): string {
  return `${stagingRunFolder(table, run)}statements.jsonl`;
}

/** The staged wire rows of one file of an export; `split` where they are in several. */
export function stagedRowsPath(table: string, run: string, index: number, split?: number): string {
  const prefix =
    split === undefined ? `${stagingRunFolder(table, run)}rows/` : splitPrefix(table, run, split);
  return `${prefix}${String(index).padStart(6, "0")}.jsonl.gz`;
}

/** What the paths of a split begin with: those of a later one are after it. */
export function splitPrefix(table: string, run: string, split: number): string {
  return `${stagingRunFolder(table, run)}rows/${String(split).padStart(4, "0")}-`;
}

/** What became of the items of each file of an export. */
function talliesFolder(table: string, run: string): string {
  return `${stagingRunFolder(table, run)}parts/`;
}

export function tallyPath(table: string, run: string, index: number): string {
  return `${talliesFolder(table, run)}${String(index).padStart(6, "0")}.json`;
}

/** Where Firehose puts what it could not convert. */
export function errorsFolder(table: string): string {
  return `${safePart(table)}/errors/`;
}

/** Where Lambda puts the batches of streams that failed for good (AWS: Lambda developer guide, "on-failure destinations"). */
export const FAILED_BATCHES_FOLDER = "aws/lambda/";

/** Those of one stream: the service chooses the folder, by the mapping's id. */
export function failedBatchesFolder(mappingId: string): string {
  return `${FAILED_BATCHES_FOLDER}${safePart(mappingId)}/`;
}

export function gapsFolder(table: string): string {
  return `${safePart(table)}/gaps/`;
}

export function gapPath(table: string, id: string): string {
  return `${gapsFolder(table)}${safePart(id)}.json`;
}

export function quarantineFolder(table: string): string {
  return `${safePart(table)}/quarantine/`;
}

/** Reasons and identifiers are names made by dynalake. */
export function quarantinePath(table: string, reason: string, id: string): string {
  return `${quarantineFolder(table)}${safePart(reason)}/${safePart(id)}.jsonl`;
}

/** The reason in the path of a quarantine object, or undefined where the path is none's. */
export function quarantineReason(path: string): string | undefined {
  return /^[^/]+\/quarantine\/([^/]+)\/[^/]+\.jsonl$/.exec(path)?.[1];
}

/** An hour of arrival, in UTC: a partition of the change log. */
export interface Hour {
  /** Year, month and day: 2026-11-23. */
  readonly dt: string;
  /** Two digits: 05. */
  readonly hr: string;
}

export function hourOf(epochSeconds: number): Hour {
  const iso = new Date(Math.max(0, epochSeconds) * 1000).toISOString();
  return { dt: iso.slice(0, 10), hr: iso.slice(11, 13) };
}

/** Seconds since the epoch at which the hour begins. */
export function hourStartSeconds(hour: Hour): number {
  return new Date(`${hour.dt}T${hour.hr}:00:00.000Z`).getTime() / 1000;
}

export function changesFolder(table: string): string {
  return `${safePart(table)}/changes/`;
}

export function changesDayFolder(table: string, dt: string): string {
  return `${changesFolder(table)}dt=${dt}/`;
}

export function changesHourFolder(table: string, hour: Hour): string {
  return `${changesFolder(table)}dt=${hour.dt}/hr=${hour.hr}/`;
}

/** One object of the change log. */
export interface ChangeObject {
  readonly path: string;
  /** What distinguishes it from all other objects of its time. */
  readonly id: string;
  /** The partition in which it lies: the hour in which its oldest record arrived. */
  readonly hour: Hour;
  /** The newest `_changed_at` in it, if the name has it; with it, a view can leave the object out without opening it. */
  readonly newestChangeSeconds: number | undefined;
}

/** The name of an object holds the time of its newest change. */
export function changeObjectPath(
  table: string,
  arrivedAtSeconds: number,
  newestChangeSeconds: number,
  id: string,
): string {
  return `${changesHourFolder(table, hourOf(arrivedAtSeconds))}${safePart(id)}_until-${newestChangeSeconds}.parquet`;
}

/** Reads the path of a change log object, or undefined where it is none. Names that others gave are accepted. */
export function parseChangeObject(path: string): ChangeObject | undefined {
  const match = /\/changes\/dt=(\d{4}-\d\d-\d\d)\/hr=(\d\d)\/([^/]+)$/.exec(path);
  if (match === null) return undefined;
  const [, dt = "", hr = "", name = ""] = match;
  if (name.startsWith(".") || name.startsWith("_")) return undefined;
  const until = /_until-(\d{1,12})\.parquet$/.exec(name)?.[1];
  const id = name.replace(/_until-\d{1,12}\.parquet$/, "");
  return { path, id, hour: { dt, hr }, newestChangeSeconds: until === undefined ? undefined : Number(until) };
}
