/** Following the streams of an open lake. */
import { defined } from "../core/defined.ts";
import type { RunEvent } from "../embedded/following/follow-lake.ts";
import type { LakeEvent } from "./event.ts";
import type { FolderContext } from "./folder-context.ts";
import { givenKept, givenSchema, requireNumber } from "./given.ts";
import { observed } from "./observed.ts";
import type { FollowOptions, Watched } from "./options.ts";
import { compactionRun, followedEvents, gapOf, snapshotReport } from "./reported.ts";
import type { FollowReport } from "./reports.ts";
import { snapshotThreads, takingEvent } from "./snapshotting.ts";

const COMPACT_EVERY_SECONDS = 60;
/** Compactions run beside deliveries, which must not wait for a processor. */
const COMPACTION_THREADS_MAX = 2;

export function followStreams(
  context: FolderContext,
  options: FollowOptions & Watched,
): Promise<FollowReport> {
  const { source, name, schema, once = false, snapshotEverySeconds, signal, onEvent } = options;
  const { compactEverySeconds = COMPACT_EVERY_SECONDS } = options;
  return context.lifetime.run(signal, async (stop) => {
    if (compactEverySeconds !== false)
      requireNumber("compactEverySeconds", compactEverySeconds, { min: 0.001 });
    requireNumber("snapshotEverySeconds", snapshotEverySeconds, { min: 1 });
    const keep = givenKept(options.keep);
    const tally = new Tally(observed(onEvent));
    const { folder, name: lakeName, cwd, config } = context;
    const { maskKey, memoryMegabytes, threads } = context.options;
    const { DEFAULT_LIMITS } = await import("../embedded/folder/lake-folder.ts");
    const { followTables } = await import("../embedded/following/follow-tables.ts");
    const reachedEnd = await followTables({
      folder,
      lakeName,
      source,
      name,
      given: givenSchema(cwd, schema),
      config,
      maskKey,
      limits: {
        ...DEFAULT_LIMITS,
        ...defined({ memoryMegabytes }),
        threads: Math.min(threads ?? COMPACTION_THREADS_MAX, COMPACTION_THREADS_MAX),
      },
      threads: snapshotThreads(context.options),
      compactEverySeconds: compactEverySeconds === false ? undefined : compactEverySeconds,
      snapshotEverySeconds,
      keep,
      once,
      signal: stop,
      onEvent: (table, event) => tally.take(table, event),
      onColumns: (table, columns) => tally.emit({ kind: "columns-added", table, columns }),
      snapshot: {
        onBegin: (table) => tally.emit({ kind: "snapshot-begun", table }),
        onProgress: (progress) => tally.emit(takingEvent(progress)),
        onTaken: (taken) => {
          const report = snapshotReport(taken);
          tally.emit({ kind: "snapshot-taken", table: report.table, report });
        },
      },
    });
    return tally.report(reachedEnd);
  });
}

/** Passes events on, and counts them. */
class Tally {
  readonly emit: (event: LakeEvent) => void;
  #changes = 0;
  #quarantined = 0;
  #gaps = 0;
  readonly #notFollowed: Set<string> = new Set();

  constructor(emit: (event: LakeEvent) => void) {
    this.emit = emit;
  }

  take(table: string, event: RunEvent): void {
    switch (event.kind) {
      case "opened":
        this.#notFollowed.delete(table);
        this.emit({ kind: "opened", table, resumed: event.resumed });
        return;
      case "delivered":
        this.#delivered(table, event);
        return;
      case "gap":
        this.#gaps++;
        this.emit({ kind: "gap", table, gap: gapOf(event.gap) });
        return;
      case "not-followed":
        this.#notFollowed.add(table);
        this.emit({ kind: "not-followed", table, error: event.error });
        return;
      case "compacted": {
        const { kind: compaction, rows, segments, manifest } = compactionRun(event.result);
        this.emit({ kind: "compacted", table, compaction, rows, segments, manifest });
        return;
      }
      case "followed":
        for (const each of followedEvents(table, event.followed)) this.emit(each);
        return;
      case "schema-edited":
        this.emit({ kind: "schema-edited", table, ...event.edit });
        return;
      case "compaction-failed":
      case "snapshot-failed":
        this.emit({ kind: event.kind, table, error: event.error });
    }
  }

  report(reachedEnd: boolean): FollowReport {
    return {
      changes: this.#changes,
      quarantined: this.#quarantined,
      gaps: this.#gaps,
      notFollowed: [...this.#notFollowed],
      reachedEnd,
    };
  }

  #delivered(table: string, { delivery, caughtUp }: Extract<RunEvent, { readonly kind: "delivered" }>): void {
    const { rows, quarantined } = delivery;
    this.#changes += rows;
    this.#quarantined += quarantined.length;
    this.emit({ kind: "delivered", table, changes: rows, caughtUp });
    if (quarantined.length === 0) return;
    const reasons = [...new Set(quarantined.map(({ reason }) => reason))];
    this.emit({ kind: "quarantined", table, records: quarantined.length, reasons });
  }
}
