/** `dynalake run`: follows the streams of a lake's tables, seconds behind, and compacts on a schedule. */
import { counted } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import type { FollowReport, LakeEvent } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder } from "../context/opened.ts";
import type { Terminal } from "../context/terminal.ts";
import { addedSentence, widenedSentence } from "../reports/columns-report.ts";
import { gapSentence } from "../reports/gap-report.ts";
import { reportFolderSnapshot, showSnapshotProgress } from "../reports/snapshot-report.ts";

export interface RunOptions {
  readonly lake: string;
  readonly table?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly name?: string;
  readonly schema?: string;
  readonly compactEvery: number;
  readonly compact: boolean;
  readonly once?: boolean;
  readonly threads: number;
}

export async function runCommand(context: CommandContext, options: RunOptions): Promise<ExitCode> {
  const { table: source, endpoint, region, name, schema, once, threads } = options;
  const notes = new RunNotes(context.terminal, options.lake);
  const report = await withFolder(
    context,
    options.lake,
    (lake) =>
      lake.follow({
        ...defined({ source, name, schema, once }),
        compactEverySeconds: options.compact && options.compactEvery,
        signal: context.interrupted,
        onEvent: (event) => notes.take(event),
      }),
    { ...defined({ endpoint, region }), threads },
  );
  await notes.end();
  return ended(context.terminal, report);
}

function ended(terminal: Terminal, { changes, notFollowed, quarantined, gaps }: FollowReport): ExitCode {
  terminal.settle();
  terminal.note(`Stopped after ${counted(changes, "change")}; the next run resumes here`);
  if (notFollowed.length > 0) return EXIT.failed;
  return quarantined > 0 || gaps > 0 ? EXIT.incomplete : EXIT.done;
}

/** Says what happens. */
class RunNotes {
  readonly #terminal: Terminal;
  readonly #lake: string;
  #changes = 0;
  /** What is being printed: events do not wait for the reader. */
  #printing: Promise<unknown> = Promise.resolve();

  constructor(terminal: Terminal, lake: string) {
    this.#terminal = terminal;
    this.#lake = lake;
  }

  take(event: LakeEvent): void {
    const terminal = this.#terminal;
    switch (event.kind) {
      case "progress":
        showSnapshotProgress(terminal, event);
        return;
      case "delivered": {
        this.#changes += event.changes;
        const caughtUp = event.caughtUp ? ", caught up" : "";
        terminal.progress(`${event.table}: ${counted(this.#changes, "change")} delivered${caughtUp}`);
        return;
      }
      case "snapshot-taken": {
        const options = { lake: this.#lake };
        this.#printing = this.#printing.then(() => reportFolderSnapshot({ terminal }, event.report, options));
        return;
      }
      default:
        terminal.note(noteOf(event));
    }
  }

  async end(): Promise<void> {
    await this.#printing;
  }
}

type NotedEvent = Exclude<LakeEvent, { readonly kind: "progress" | "delivered" | "snapshot-taken" }>;

function noteOf(event: NotedEvent): string {
  const { table } = event;
  switch (event.kind) {
    case "opened": {
      const from = event.resumed ? "from where the last run left it" : "from its beginning";
      return `${table}: following the stream ${from}`;
    }
    case "quarantined": {
      const { records, reasons } = event;
      return `${table}: ${counted(records, "record")} put into quarantine: ${reasons.join(", ")}`;
    }
    case "gap":
      return gapSentence(table, event.gap);
    case "not-followed": {
      const { code, message, next } = event.error;
      return `${table}: NOT FOLLOWED, tried again in a minute: ${code}: ${message}\n  -> ${next}`;
    }
    case "columns-added":
      return addedSentence(table, event.columns);
    case "types-widened":
      return widenedSentence(table, event.columns);
    case "compacted":
      return `${table}: ${event.compaction} compaction wrote ${counted(event.rows, "row")}`;
    case "compaction-failed": {
      const { code, message } = event.error;
      return `${table}: a compaction failed and is tried again: ${code}: ${message}`;
    }
    case "snapshot-begun":
      return `The lake does not have "${table}" yet: taking its first snapshot`;
  }
}
