/** The log of `run`, for people or for machines. */
import { counted, grouped } from "../../core/counted.ts";
import type { DeliveredEvent, LakeEvent } from "../../index.ts";
import type { Terminal } from "../context/terminal.ts";
import { type LogLevel, logLine } from "./log-line.ts";
import { runEventText } from "./run-event-text.ts";
import { reportFolderSnapshot, showSnapshotProgress, snapshotProgressText } from "./snapshot-report.ts";

export interface RunLog {
  take(event: LakeEvent): void;
  /** What is no event of the lake. */
  note(level: LogLevel, event: string, message: string): void;
  /** The run has ended, after so many changes of all tables. */
  stopped(changes: number): void;
  /** Waits until all is written. */
  end(): Promise<void>;
}

export interface RunLogOptions {
  readonly terminal: Terminal;
  /** The lake as the user gave it. */
  readonly lake: string;
  /** Each delivery is a line of its own. */
  readonly verbose: boolean;
  readonly nowMs: () => number;
}

export function runLog(format: "text" | "json", options: RunLogOptions): RunLog {
  return format === "json" ? new JsonLog(options) : new TextLog(options);
}

/** Changes that a run has delivered. */
class DeliveredChanges {
  readonly #byTable = new Map<string, number>();

  /** Those of the table so far. */
  add({ table, changes }: DeliveredEvent): number {
    const own = (this.#byTable.get(table) ?? 0) + changes;
    this.#byTable.set(table, own);
    return own;
  }

  /** The tables that had changes, by name. */
  tables(): readonly (readonly [string, number])[] {
    return [...this.#byTable].filter(([, changes]) => changes > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

function stoppedText(changes: number): string {
  return `Stopped after ${counted(changes, "change")}; the next run resumes here`;
}

class TextLog implements RunLog {
  readonly #options: RunLogOptions;
  readonly #delivered = new DeliveredChanges();
  /** What is being printed: events do not wait for the reader. */
  #printing: Promise<unknown> = Promise.resolve();

  constructor(options: RunLogOptions) {
    this.#options = options;
  }

  take(event: LakeEvent): void {
    const { terminal, lake, verbose } = this.#options;
    switch (event.kind) {
      case "progress":
        showSnapshotProgress(terminal, event);
        return;
      case "delivered": {
        const all = counted(this.#delivered.add(event), "change");
        const caughtUp = event.caughtUp ? ", caught up" : "";
        if (verbose)
          terminal.note(`${event.table}: ${grouped(event.changes)} of ${all} delivered now${caughtUp}`);
        else if (event.changes > 0 || event.caughtUp)
          terminal.progress(`${event.table}: ${all} delivered${caughtUp}`);
        return;
      }
      case "snapshot-taken":
        this.#printing = this.#printing.then(() =>
          reportFolderSnapshot({ terminal }, event.report, { lake }),
        );
        return;
      default:
        terminal.note(runEventText(event));
    }
  }

  note(_level: LogLevel, _event: string, message: string): void {
    this.#options.terminal.settle();
    this.#options.terminal.note(message);
  }

  stopped(changes: number): void {
    const { terminal } = this.#options;
    const tables = this.#delivered.tables();
    if (tables.length > 1)
      for (const [table, own] of tables) terminal.note(`${table}: ${counted(own, "change")} delivered`);
    terminal.note(stoppedText(changes));
  }

  async end(): Promise<void> {
    await this.#printing;
  }
}

const LEVELS: Readonly<Record<LakeEvent["kind"], LogLevel>> = {
  progress: "debug",
  delivered: "debug",
  opened: "info",
  "columns-added": "info",
  "types-widened": "info",
  "schema-edited": "info",
  compacted: "info",
  "snapshot-begun": "info",
  "snapshot-taken": "info",
  quarantined: "warn",
  "compaction-failed": "warn",
  "snapshot-failed": "warn",
  "not-followed": "error",
  gap: "error",
};

class JsonLog implements RunLog {
  readonly #options: RunLogOptions;
  readonly #delivered = new DeliveredChanges();

  constructor(options: RunLogOptions) {
    this.#options = options;
  }

  /** What comes all the time is thinned out, as on a terminal, unless all of it is asked for. */
  take(event: LakeEvent): void {
    const { kind, ...fields } = event;
    if (event.kind === "delivered") this.#delivered.add(event);
    this.#write(LEVELS[kind], kind, eventText(event), fields);
  }

  note(level: LogLevel, event: string, message: string): void {
    this.#write(level, event, message, {});
  }

  stopped(changes: number): void {
    const tables = Object.fromEntries(this.#delivered.tables());
    this.#write("info", "stopped", stoppedText(changes), { changes, tables });
  }

  async end(): Promise<void> {}

  #write(level: LogLevel, event: string, message: string, fields: object): void {
    const { terminal, verbose, nowMs } = this.#options;
    const line = logLine(level, event, message, { nowMs: nowMs(), fields: plainFields(fields) });
    if (level === "debug" && !verbose) terminal.progress(line);
    else terminal.note(line);
  }
}

function eventText(event: LakeEvent): string {
  switch (event.kind) {
    case "progress":
      return snapshotProgressText(event) ?? event.step;
    case "delivered":
      return `${event.table}: ${counted(event.changes, "change")} delivered`;
    case "snapshot-taken":
      return `${event.table}: snapshot of ${counted(event.report.items, "item")} taken`;
    default:
      return runEventText(event);
  }
}

/** An error as its code, message and next step: JSON has nothing of an Error otherwise. */
function plainFields(fields: object): object {
  const { error } = fields as { readonly error?: { code: string; message: string; next: string } };
  if (error === undefined) return fields;
  const { code, message, next } = error;
  return { ...fields, error: { code, message, next } };
}
