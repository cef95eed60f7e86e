/** The console of a lake in a folder: the library's statuses and statements, and the lake's small files. */
import { changesFolder } from "../core/format/lake-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { columnTypeText } from "../core/schema/column-type.ts";
import type { Schema } from "../core/schema/schema.ts";
import { namedTable } from "../core/table/chosen-tables.ts";
import { type OpenTable, openTables } from "../core/table/open-table.ts";
import { readRunSeries } from "../core/table/run-series.ts";
import { folderStore } from "../files/folder-store.ts";
import type { CommandLake } from "../library/folder-lake.ts";
import { lakeRelations } from "../library/lake-relations.ts";
import type { TableStatus } from "../library/reports.ts";
import type {
  ConsolePlace,
  DaySeries,
  LakeOverview,
  QuarantineGroup,
  QuarantineReport,
  Relation,
  TableDetails,
  TableSummary,
} from "./api.ts";
import { commitSummary, layersOf } from "./commit-layers.ts";
import type { ConsoleLake } from "./console-lake.ts";
import { daySeries } from "./day-series.ts";
import { findingsOf } from "./findings.ts";
import { itemHistory, keyColumns } from "./item-history.ts";
import { KnownCommits } from "./known-commits.ts";
import { quarantineReport } from "./quarantine-report.ts";
import { SharedAnswer } from "./shared-answer.ts";

const DAY_SECONDS = 86_400;
const COMMITS_SHOWN_MAX = 50;

/** `lake` stays the caller's, who closes it. */
export function folderConsole(lake: CommandLake, place: ConsolePlace, nowMs: () => number): ConsoleLake {
  const console = new FolderConsole(lake, place, nowMs);
  const overview = new SharedAnswer(() => console.overview(), nowMs);
  const relations = new SharedAnswer(() => console.relations(), nowMs);
  const quarantine = new SharedAnswer(() => console.quarantine(), nowMs);
  return {
    place,
    overview: () => overview.get(),
    relations: () => relations.get(),
    quarantine: () => quarantine.get(),
    table: (name) => console.table(name),
    item: (table, key, signal) => console.item(table, key, signal),
  };
}

class FolderConsole implements ConsoleLake {
  readonly place: ConsolePlace;
  readonly #lake: CommandLake;
  readonly #store: ObjectStore;
  readonly #nowMs: () => number;
  readonly #commits: Map<string, KnownCommits> = new Map();

  constructor(lake: CommandLake, place: ConsolePlace, nowMs: () => number) {
    this.place = place;
    this.#lake = lake;
    this.#store = folderStore(lake.folder);
    this.#nowMs = nowMs;
  }

  async overview(): Promise<LakeOverview> {
    const opened = await openTables(this.#store);
    const statuses: TableStatus[] = [];
    for (const { schema } of opened) statuses.push(await this.#lake.table(schema.table).status());
    const { groups } = await this.quarantine();
    const nowSeconds = Math.floor(this.#nowMs() / 1000);
    const series = new Map<string, DaySeries>();
    for (const { schema } of opened) {
      // Figures that cannot be read are left out: what matters is shown.
      const read = await readRunSeries(this.#store, schema.table).catch(() => undefined);
      if (read !== undefined) series.set(schema.table, daySeries(read, nowSeconds));
    }
    return {
      place: this.place,
      nowSeconds,
      run: latestRun(statuses),
      tables: statuses.map((status, i) => ({
        ...tableSummary(status, (opened[i] as OpenTable).schema, groups),
        series: series.get(status.table),
      })),
      findings: findingsOf(this.place, statuses, groups),
    };
  }

  relations(): Promise<readonly Relation[]> {
    return lakeRelations(this.#lake);
  }

  async table(name: string): Promise<TableDetails> {
    const opened = await namedTable(this.#store, this.place.name, name);
    const { schema, manifest } = opened;
    const status = await this.#lake.table(schema.table).status();
    const commits = await this.#commitsOf(schema.table).since(this.#nowMs() / 1000 - DAY_SECONDS);
    const log = await this.#store.list(changesFolder(schema.table));
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
    const names = (await openTables(this.#store)).map(({ schema }) => schema.table);
    return quarantineReport(this.#store, this.place, names);
  }

  async item(
    table: string,
    key: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): ReturnType<ConsoleLake["item"]> {
    const { schema } = await namedTable(this.#store, this.place.name, table);
    return itemHistory(schema, key, (sql) => this.#lake.query(sql, { numbers: "string", signal }).all());
  }

  #commitsOf(table: string): KnownCommits {
    const known = this.#commits.get(table) ?? new KnownCommits(this.#store, table);
    this.#commits.set(table, known);
    return known;
  }
}

function latestRun(statuses: readonly TableStatus[]): LakeOverview["run"] {
  const runs = statuses.flatMap(({ following }) => following ?? []);
  const [latest] = runs.toSorted((a, b) => b.seenAtSeconds - a.seenAtSeconds);
  if (latest === undefined) return undefined;
  const { state, process, host, startedAtSeconds, seenAtSeconds } = latest;
  return { state, process, host, startedAtSeconds, seenAtSeconds };
}

function tableSummary(
  { table, source, health, rows, segments, stream, following }: TableStatus,
  schema: Schema,
  held: readonly QuarantineGroup[],
): Omit<TableSummary, "series"> {
  const quarantined = held.filter((group) => group.table === table);
  return {
    name: table,
    source,
    health,
    rows,
    key: keyColumns(schema).map(({ label }) => label),
    behindSeconds: stream?.behindSeconds,
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
