/** The console of a lake, wherever it lies: from its statuses, its small files and its engine. */
import { batchesOf } from "../core/batches-of.ts";
import { changesFolder } from "../core/format/lake-path.ts";
import { columnTypeText } from "../core/schema/column-type.ts";
import type { Schema } from "../core/schema/schema.ts";
import type {
  ConsolePlace,
  LakeOverview,
  QuarantineGroup,
  QuarantineReport,
  TableDetails,
  TableSummary,
} from "./api.ts";
import { commitSummary, layersOf } from "./commit-layers.ts";
import type { ConsoleLake } from "./console-lake.ts";
import type { ConsoleSource, ConsoleStatus, ConsoleTable } from "./console-source.ts";
import { findingsOf } from "./findings.ts";
import { itemHistory, keyColumns } from "./item-history.ts";
import { KnownCommits } from "./known-commits.ts";
import { quarantineReport } from "./quarantine-report.ts";
import { SharedAnswer } from "./shared-answer.ts";

const DAY_SECONDS = 86_400;
const COMMITS_SHOWN_MAX = 50;

/** `source` stays the caller's, who closes what it reads. */
export function lakeConsole(source: ConsoleSource, place: ConsolePlace, nowMs: () => number): ConsoleLake {
  const console = new LakeConsole(source, place, nowMs);
  const shared = <T>(work: () => Promise<T>): SharedAnswer<T> =>
    new SharedAnswer(work, nowMs, source.freshMs);
  const overview = shared(() => console.overview());
  const relations = shared(() => source.relations());
  const quarantine = shared(() => console.quarantine());
  return {
    place,
    overview: () => overview.get(),
    relations: () => relations.get(),
    quarantine: () => quarantine.get(),
    table: (name) => console.table(name),
    item: (table, key, signal) => console.item(table, key, signal),
  };
}

class LakeConsole {
  readonly #source: ConsoleSource;
  readonly #place: ConsolePlace;
  readonly #nowMs: () => number;
  readonly #commits: Map<string, KnownCommits> = new Map();

  constructor(source: ConsoleSource, place: ConsolePlace, nowMs: () => number) {
    this.#source = source;
    this.#place = place;
    this.#nowMs = nowMs;
  }

  async overview(): Promise<LakeOverview> {
    const tables = await this.#source.tables();
    const seen: ConsoleStatus[] = [];
    for (const batch of batchesOf(tables, this.#source.statusesAtOnce))
      seen.push(...(await Promise.all(batch.map((table) => table.status()))));
    const { groups } = await this.#quarantineOf(tables);
    const nowSeconds = Math.floor(this.#nowMs() / 1000);
    const series = await this.#source.series(tables, nowSeconds);
    const statuses = seen.map(({ status }) => status);
    return {
      place: this.#place,
      nowSeconds,
      run: latestRun(seen),
      tables: tables.map(({ opened: { schema } }, i) => ({
        ...tableSummary(seen[i] as ConsoleStatus, schema, groups),
        series: series.get(schema.table),
      })),
      findings: findingsOf(this.#place, statuses, groups),
    };
  }

  async table(name: string): Promise<TableDetails> {
    const found = await this.#source.table(name);
    const { schema, manifest } = found.opened;
    const { status } = await found.status();
    const commits = await this.#commitsOf(found).since(this.#nowMs() / 1000 - DAY_SECONDS);
    const log = await found.store.list(changesFolder(schema.table));
    return {
      name: schema.table,
      source: schema.source,
      columns: columnDetails(schema),
      where: schema.file.where && JSON.stringify(schema.file.where),
      partitionBy: schema.file.partitionBy,
      evolve: schema.evolve,
      drift: status.drift ?? [],
      openGaps: status.openGaps,
      repairedGaps: status.repairedGaps,
      asOfFromSeconds: status.commits?.asOfFromSeconds,
      horizonSeconds: manifest.horizonSeconds,
      commits: commits.toReversed().slice(0, COMMITS_SHOWN_MAX).map(commitSummary),
      layers: layersOf(commits),
      log: { objects: log.length, bytes: log.reduce((sum, { bytes }) => sum + bytes, 0) },
      snapshots: status.keptSnapshots.snapshots.toReversed(),
    };
  }

  async quarantine(): Promise<QuarantineReport> {
    return this.#quarantineOf(await this.#source.tables());
  }

  #quarantineOf(tables: readonly ConsoleTable[]): Promise<QuarantineReport> {
    return quarantineReport(
      this.#place,
      tables.map(({ opened, store }) => ({ table: opened.schema.table, store })),
    );
  }

  async item(
    table: string,
    key: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): ReturnType<ConsoleLake["item"]> {
    const { opened } = await this.#source.table(table);
    return itemHistory(opened.schema, key, this.#source.dialect, this.#source.ask(signal));
  }

  #commitsOf({ opened, store }: ConsoleTable): KnownCommits {
    const { table } = opened.schema;
    const known = this.#commits.get(table) ?? new KnownCommits(store, table);
    this.#commits.set(table, known);
    return known;
  }
}

function latestRun(seen: readonly ConsoleStatus[]): LakeOverview["run"] {
  const runs = seen.flatMap(({ status: { following } }) => following ?? []);
  const [latest] = runs.toSorted((a, b) => b.seenAtSeconds - a.seenAtSeconds);
  if (latest === undefined) return undefined;
  const { state, process, host, startedAtSeconds, seenAtSeconds } = latest;
  return { state, process, host, startedAtSeconds, seenAtSeconds };
}

function tableSummary(
  { status, rows, areRowsCounted, behindSeconds }: ConsoleStatus,
  schema: Schema,
  held: readonly QuarantineGroup[],
): Omit<TableSummary, "series"> {
  const { table, source, health, segments, following } = status;
  const quarantined = held.filter((group) => group.table === table);
  return {
    name: table,
    source,
    health,
    rows,
    areRowsCounted,
    key: keyColumns(schema).map(({ label }) => label),
    behindSeconds,
    following: following?.state,
    newest: following?.newest && {
      changedAtSeconds: following.newest.changedAtSeconds,
      afterSeconds: following.newest.afterSeconds,
    },
    waitingRecords: following?.waitingRecords ?? "unknown",
    segments: segments.base + segments.deltas,
    bytes: segments.bytes,
    quarantinedRecords: quarantined.reduce((sum, { records }) => sum + records, 0),
  };
}

function columnDetails({ columns, key }: Schema): TableDetails["columns"] {
  return columns.map(({ label, attribute, type, masked }) => ({
    name: label,
    attribute,
    type: columnTypeText(type),
    key: attribute === key.hash ? "hash" : attribute === key.range ? "range" : undefined,
    masked,
  }));
}
