/** Where the console's facts come from: a lake in a folder or a deployed one. Nothing here writes, and only `ask` runs statements. */
import type { Dialect } from "../core/ports/dialect.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import type { TableStatus } from "../library/reports.ts";
import type { DaySeries, Relation } from "./api.ts";
import type { Ask } from "./item-history.ts";

export interface ConsoleSource {
  /** How long an overview stays good, in milliseconds. */
  readonly freshMs: number;
  /** How many statuses may be read side by side. */
  readonly statusesAtOnce: number;
  /** Those that have data, in the order of their names. */
  tables(): Promise<readonly ConsoleTable[]>;
  /** The lake table of that name, or the only one of that source. Rejects with LAKE_NOT_FOUND and USAGE. */
  table(name: string): Promise<ConsoleTable>;
  relations(): Promise<readonly Relation[]>;
  /** Figures of the last 24 hours by table; a table that has none is left out. */
  series(tables: readonly ConsoleTable[], nowSeconds: number): Promise<ReadonlyMap<string, DaySeries>>;
  /** How the engine of `ask` writes SQL. */
  readonly dialect: Dialect;
  /** Statements of the console's own. They are stopped with the signal. */
  ask(signal: AbortSignal): Ask;
}

export interface ConsoleTable {
  readonly opened: OpenTable;
  readonly store: ObjectStore;
  status(): Promise<ConsoleStatus>;
}

export interface ConsoleStatus {
  readonly status: Omit<TableStatus, "rows">;
  /** Counted, or about as many as the base has. */
  readonly rows: number;
  readonly areRowsCounted: boolean;
  readonly behindSeconds: number | undefined;
}
