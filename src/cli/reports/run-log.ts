/** The log of `run`, for people or for machines. */
import { counted, grouped } from "../../core/counted.ts";
import type { LakeEvent } from "../../index.ts";
import type { Terminal } from "../context/terminal.ts";
import { type LogLevel, logLine } from "./log-line.ts";
import { runEventText } from "./run-event-text.ts";
import { reportFolderSnapshot, showSnapshotProgress, snapshotProgressText } from "./snapshot-report.ts";

export interface RunLog {
  take(event: LakeEvent): void;
  /** What is no event of the lake. */
  note(level: LogLevel, event: string, message: string): void;
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

class TextLog implements RunLog {
  readonly #options: RunLogOptions;
  #changes = 0;
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
        this.#changes += event.changes;
        const caughtUp = event.caughtUp ? ", caught up" : "";
        const all = counted(this.#changes, "change");
        if (verbose)
          terminal.note(`${event.table}: ${grouped(event.changes)} of ${all} delivered now${caughtUp}`);
        else terminal.progress(`${event.table}: ${all} delivered${caughtUp}`);
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

  constructor(options: RunLogOptions) {
    this.#options = options;
  }

  /** What comes all the time is thinned out, as on a terminal, unless all of it is asked for. */
  take(event: LakeEvent): void {
    const { kind, ...fields } = event;
    this.#write(LEVELS[kind], kind, eventText(event), fields);
  }

  note(level: LogLevel, event: string, message: string): void {
    this.#write(level, event, message, {});
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
