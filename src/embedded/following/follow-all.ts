/** Several streams followed at the same time: one that cannot be read is reported and retried, while the others continue. */
import { DynalakeError, type ErrorCode } from "../../core/error.ts";
import { systemTiming, type Timing } from "../../sdk/timing.ts";

export interface FollowAll<Table> {
  readonly tables: readonly Table[];
  /** Follows one table until it is stopped or, once, to the end. */
  readonly follow: (table: Table) => Promise<void>;
  readonly once: boolean;
  readonly stop: AbortSignal;
  readonly onFailure: (table: Table, error: DynalakeError) => void;
  readonly timing?: Timing;
}

/** What one source fails with, and another one may not. */
const OF_ONE_SOURCE: ReadonlySet<ErrorCode> = new Set([
  "TABLE_NOT_FOUND",
  "STREAM_UNUSABLE",
  "CREDENTIALS",
  "UNREACHABLE",
  "THROTTLED",
  "SOURCE_FAILED",
]);
const AGAIN_AFTER_MS = 60_000;

/**
 * Follows all tables, one promise each. Of those one fails where it is the last whose source could be read, or where it failed
 * for a reason that is none of a source; once, each whose source fails.
 */
export function followAll<Table>(all: FollowAll<Table>): readonly Promise<void>[] {
  const followed = new Set(all.tables);
  return all.tables.map((table) => followOne(all, table, followed));
}

async function followOne<Table>(all: FollowAll<Table>, table: Table, followed: Set<Table>): Promise<void> {
  for (;;) {
    try {
      return await all.follow(table);
    } catch (error) {
      followed.delete(table);
      const isOfSource = error instanceof DynalakeError && OF_ONE_SOURCE.has(error.code);
      if (!isOfSource || all.once || followed.size === 0) throw error;
      all.onFailure(table, error);
    }
    await (all.timing ?? systemTiming).sleep(AGAIN_AFTER_MS, all.stop);
    if (all.stop.aborted) return;
    followed.add(table);
  }
}

/** Waits for all, then fails as the first of them did that failed. */
export async function allEnded(following: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(following);
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
