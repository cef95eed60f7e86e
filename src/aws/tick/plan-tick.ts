/**
 * What a tick starts: machines for tables that are due and have something to do, vacuums, checks of the sources, and deliveries of
 * what waits. A table that is due and has nothing to do counts as compacted.
 */
import { EARLY_SECONDS, SNAPSHOTS_AT_ONCE } from "../contracts/machines.ts";
import type { SourceEntry, TableEntry } from "../contracts/registry.ts";

/** What the ticks before have done. */
export interface TickState {
  readonly tables: Readonly<Record<string, TableTicks>>;
  readonly sources: Readonly<Record<string, SourceTicks>>;
}

export interface TableTicks {
  readonly compactionSeconds?: number | undefined;
  readonly snapshotSeconds?: number | undefined;
  readonly vacuumSeconds?: number | undefined;
}

export interface SourceTicks {
  readonly lookSeconds?: number | undefined;
}

export interface TickTable {
  readonly table: string;
  readonly entry: TableEntry;
  readonly facts: TickFacts;
}

/** What a tick sees of a table. */
export interface TickFacts {
  /**
   * Objects of the change log came, or columns were deployed, that the last compaction did not see; or there was none; or the
   * horizon of an idle table is behind.
   */
  readonly hasNews: boolean;
  /** When the newest snapshot was exported. */
  readonly snapshotSeconds: number | undefined;
  /** Objects that wait. */
  readonly waiting: number;
  /** The last vacuum had no time for everything. */
  readonly isVacuumLeft: boolean;
}

export interface TickSource {
  readonly entry: SourceEntry;
  readonly tables: readonly TickTable[];
}

export interface TickPlan {
  /** Tables to be compacted. */
  readonly compactions: readonly string[];
  /** Tables that were due, and had nothing to do. */
  readonly idle: readonly string[];
  readonly snapshots: readonly DueSnapshot[];
  readonly vacuums: readonly string[];
  readonly looks: readonly SourceEntry[];
  readonly feeds: readonly DueFeed[];
  readonly state: TickState;
}

export interface DueSnapshot {
  readonly table: string;
  readonly first: boolean;
}

export interface DueFeed {
  readonly table: string;
  readonly streamFunction: string;
}

const LOOK_SECONDS = 3600;
const VACUUM_SECONDS = 24 * 3600;
/** Longer than a function lives: the pass before has ended. */
const VACUUM_PASS_SECONDS = 16 * 60;

export interface TickNow {
  readonly nowSeconds: number;
  /** Snapshots that run already. */
  readonly runningSnapshots: number;
  /** The fuzz of an export's cut: a table that was added is exported once it is served for as long. */
  readonly fuzzSeconds: number;
}

export function planTick(sources: readonly TickSource[], state: TickState, now: TickNow): TickPlan {
  const { nowSeconds } = now;
  const isDue = (last: number | undefined, every: number | undefined): boolean =>
    every !== undefined && (last === undefined || nowSeconds >= last + every - EARLY_SECONDS);
  const tables = sources.flatMap((source) => source.tables);
  const ticksOf = ({ table }: TickTable): TableTicks => state.tables[table] ?? {};
  const compact = tables.filter((one) =>
    isDue(ticksOf(one).compactionSeconds, one.entry.compactEverySeconds),
  );
  const vacuums = tables.filter((one) => {
    const every = one.facts.isVacuumLeft ? VACUUM_PASS_SECONDS : VACUUM_SECONDS; // breakage: unfinished-vacuums-go-on
    return isDue(ticksOf(one).vacuumSeconds, every);
  });
  const looks = sources.filter((source) => {
    const { lookSeconds } = state.sources[source.entry.source] ?? {};
    return isDue(lookSeconds, LOOK_SECONDS) || isNewSince(source, lookSeconds);
  });
  const due = dueSnapshots(sources, now, isDue, ticksOf);
  const exported = due.flatMap(({ tables: along }) => along);
  const [started, idle] = [
    compact.filter(({ facts }) => facts.hasNews),
    compact.filter(({ facts }) => !facts.hasNews),
  ];
  const names = (some: readonly TickTable[]): readonly string[] => some.map(({ table }) => table);
  const at = (one: TickTable, some: readonly { readonly table: string }[], before: number | undefined) =>
    some.some(({ table }) => table === one.table) ? nowSeconds : before;
  return {
    compactions: names(started),
    idle: names(idle),
    snapshots: due.map(({ tables: _, ...snapshot }) => snapshot),
    vacuums: names(vacuums),
    looks: looks.map(({ entry }) => entry),
    feeds: sources.flatMap(({ entry, tables: own }) =>
      own
        .filter(({ facts }) => facts.waiting > 0)
        .map(({ table }) => ({ table, streamFunction: entry.streamFunction })),
    ),
    state: {
      tables: Object.fromEntries(
        tables.map((one) => {
          const before = ticksOf(one);
          const after: TableTicks = {
            compactionSeconds: at(one, compact, before.compactionSeconds),
            snapshotSeconds: at(one, exported, before.snapshotSeconds),
            vacuumSeconds: at(one, vacuums, before.vacuumSeconds),
          };
          return [one.table, after];
        }),
      ),
      sources: Object.fromEntries(
        sources.map((source) => {
          const { source: name } = source.entry;
          const lookSeconds = looks.includes(source) ? nowSeconds : state.sources[name]?.lookSeconds;
          return [name, { lookSeconds }];
        }),
      ),
    },
  };
}

/** Whether a table was added since the last look, or is not served yet: what it lacks is only told after a look. */
function isNewSince({ tables }: TickSource, lookSeconds = 0): boolean {
  // breakage: added-tables-are-looked-at
  return tables.some(({ entry }) => (entry.served.at(-1)?.fromSeconds ?? 0) > lookSeconds);
}

interface Due extends DueSnapshot {
  /** Those that the export is for. */
  readonly tables: readonly TickTable[];
}

/** One for each source, since an export is for all of its tables that are due; those that were never tried come first. */
function dueSnapshots(
  sources: readonly TickSource[],
  { nowSeconds, runningSnapshots, fuzzSeconds }: TickNow,
  isDue: (last: number | undefined, every: number | undefined) => boolean,
  ticksOf: (table: TickTable) => TableTicks,
): readonly Due[] {
  const due = sources.flatMap(({ tables }) => {
    const firsts = tables.filter((one) => {
      const { firstSnapshotEverySeconds, served } = one.entry;
      const isServed = nowSeconds >= (served.at(-1)?.fromSeconds ?? 0) + fuzzSeconds;
      const isAwaited = one.facts.snapshotSeconds === undefined && isServed;
      return isAwaited && isDue(ticksOf(one).snapshotSeconds, firstSnapshotEverySeconds);
    });
    if (firsts.length > 0) return [{ tables: firsts, first: true }];
    const next = tables.filter((one) => {
      const { snapshotSeconds } = one.facts;
      const last = Math.max(snapshotSeconds ?? 0, ticksOf(one).snapshotSeconds ?? 0);
      return snapshotSeconds !== undefined && isDue(last, one.entry.snapshotEverySeconds);
    });
    return next.length === 0 ? [] : [{ tables: next, first: false }];
  });
  const lastTry = ({ tables }: Pick<Due, "tables">): number =>
    Math.min(...tables.map((one) => ticksOf(one).snapshotSeconds ?? 0));
  const room = Math.max(0, SNAPSHOTS_AT_ONCE - runningSnapshots);
  return due
    .toSorted((a, b) => lastTry(a) - lastTry(b))
    .slice(0, room)
    .map(({ first, tables }) => ({ table: tables[0]?.table ?? "", first, tables }));
}
