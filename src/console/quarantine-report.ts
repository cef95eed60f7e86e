/** What is in the quarantine of a lake's tables, with reasons and without values. */
import { batchesOf } from "../core/batches-of.ts";
import { type RejectionReason, rejectionMeanings } from "../core/change/change.ts";
import { quarantineFolder, quarantineReason } from "../core/format/lake-path.ts";
import type { ObjectStore, StoredObject } from "../core/ports/object-store.ts";
import type { ConsolePlace, QuarantinedShape, QuarantineGroup, QuarantineReport } from "./api.ts";
import { commandLine, shellWord } from "./command-line.ts";
import { operationOf, recordShape } from "./record-shape.ts";

/** Newest first; what is beyond is not read. */
const FILES_MAX = 1_000;
/** A bucket answers each after some tens of milliseconds. */
const READ_AT_ONCE_MAX = 16;
const FILE_BYTES_MAX = 8 * 1024 * 1024;
const RECORDS_MAX = 500;
const SHAPE_BYTES_MAX = 64 * 1024;

interface QuarantinedTable {
  readonly table: string;
  readonly store: ObjectStore;
}

/** What a report is of. */
export interface QuarantineChoice {
  /** Default: all. */
  readonly reason?: string | undefined;
  /** Records of a table and a reason that are in the report; all are counted. Default: 500. */
  readonly recordsMax?: number | undefined;
}

export async function quarantineReport(
  place: ConsolePlace,
  tables: readonly QuarantinedTable[],
  { reason, recordsMax = RECORDS_MAX }: QuarantineChoice = {},
): Promise<QuarantineReport> {
  const records: QuarantinedShape[] = [];
  let unreadFiles = 0;
  for (const { table, store } of tables) {
    const files = (await store.list(quarantineFolder(table)))
      .filter(({ path }) => reason === undefined || reasonOf(path) === reason) // breakage: chosen-reasons-are-read
      .toSorted((a, b) => b.modifiedMs - a.modifiedMs);
    unreadFiles += Math.max(0, files.length - FILES_MAX);
    for (const batch of batchesOf(files.slice(0, FILES_MAX), READ_AT_ONCE_MAX)) {
      const read = await Promise.all(batch.map((file) => recordsOf(store, table, file)));
      records.push(...read.flat());
    }
  }
  const newestFirst = records.toSorted((a, b) => b.arrivedAtSeconds - a.arrivedAtSeconds);
  return { groups: groupsOf(place, records), records: firstOfEach(newestFirst, recordsMax), unreadFiles };
}

function firstOfEach(records: readonly QuarantinedShape[], max: number): readonly QuarantinedShape[] {
  const taken = new Map<string, number>();
  return records.filter((record) => {
    const group = groupName(record);
    const before = taken.get(group) ?? 0;
    taken.set(group, before + 1);
    return before < max;
  });
}

function groupName({ table, reason }: Pick<QuarantinedShape, "table" | "reason">): string {
  return `${table}/${reason}`;
}

function reasonOf(path: string): string {
  return quarantineReason(path) ?? "unknown";
}

async function recordsOf(
  store: ObjectStore,
  table: string,
  { path, bytes, modifiedMs }: StoredObject,
): Promise<readonly QuarantinedShape[]> {
  const reason = reasonOf(path);
  const arrivedAtSeconds = Math.floor(modifiedMs / 1000);
  const unread = {
    table,
    reason,
    source: "",
    arrivedAtSeconds,
    file: path,
    line: 1,
    bytes,
    operation: undefined,
  };
  if (bytes > FILE_BYTES_MAX)
    return [{ ...unread, detail: "The file is too large to be shown here.", shape: undefined }];
  const content = await store.read(path);
  if (content === undefined) return [];
  const lines = new TextDecoder().decode(content).split("\n");
  return lines.flatMap((text, i) =>
    text === "" ? [] : [{ ...unread, line: i + 1, bytes: text.length, ...shapeOf(text) }],
  );
}

type Shape = Pick<QuarantinedShape, "detail" | "shape"> & Partial<QuarantinedShape>;

function shapeOf(line: string): Shape {
  const record = parsed(line);
  if (record === undefined)
    return { detail: "The line is not a record that dynalake wrote.", shape: undefined };
  const { detail, source, arrivedAtSeconds, raw, encoding } = record;
  const text =
    typeof raw === "string" && encoding === undefined && raw.length <= SHAPE_BYTES_MAX ? raw : undefined;
  return {
    detail: typeof detail === "string" ? detail : "",
    source: typeof source === "string" ? source : "",
    ...(typeof arrivedAtSeconds === "number" ? { arrivedAtSeconds } : {}),
    operation: text && operationOf(text),
    shape: text && recordShape(text),
  };
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function groupsOf(place: ConsolePlace, records: readonly QuarantinedShape[]): readonly QuarantineGroup[] {
  const groups = new Map<string, QuarantineGroup>();
  for (const { table, reason, arrivedAtSeconds } of records) {
    const name = groupName({ table, reason });
    const group = groups.get(name);
    const first = Math.min(group?.firstSeconds ?? arrivedAtSeconds, arrivedAtSeconds);
    const last = Math.max(group?.lastSeconds ?? arrivedAtSeconds, arrivedAtSeconds);
    groups.set(name, {
      table,
      reason,
      meaning:
        rejectionMeanings[reason as RejectionReason] ?? "The reason is not one that this version knows.",
      records: (group?.records ?? 0) + 1,
      firstSeconds: first,
      lastSeconds: last,
      command: replayLine(place, table, reason),
    });
  }
  return [...groups.values()].toSorted((a, b) => b.records - a.records);
}

/** Once the cause is repaired; records that are still rejected go back into quarantine. "*" is every reason. */
export function replayLine(place: ConsolePlace, table: string, reason: string): string {
  if (place.kind === "stack") {
    const chosen = reason === "*" ? [] : ["--reason", reason];
    return commandLine(place, "quarantine", "repair", "--table", table, ...chosen);
  }
  const folder = shellWord(`${place.name}/${quarantineFolder(table)}`);
  return `npx dynalake replay ${folder}${reason === "*" ? reason : shellWord(reason)}/*.jsonl --table ${table} ${place.option}`;
}
