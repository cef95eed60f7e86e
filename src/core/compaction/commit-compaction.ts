/** The commit of a compaction: it counts only right after the manifest that it was planned from. */
import { DynalakeError } from "../error.ts";
import type { Manifest, Segment } from "../format/manifest.ts";
import { commitManifest } from "../table/commit-manifest.ts";
import { manifestNumbered } from "../table/commits.ts";
import { UNDERWAY_SECONDS } from "./compaction-policy.ts";
import { afterMajor, afterMinor, type Commit } from "./next-manifest.ts";
import type { Plan, PlannedMajor, PlannedMinor } from "./plan.ts";
import type { CommitContext } from "./plan-context.ts";
import { rowsFault } from "./row-balance.ts";

/**
 * A moved horizon and the names of folded objects change nothing that a query shows: they come with the next commit that changes
 * segments. A table that has none for long gets one a day, so that compactions need not search ever more hours.
 */
const IDLE_COMMIT_SECONDS = 24 * 3600;

/** Whether a compaction of a table without changes would move its horizon by a day or more, and commit that. */
export function isHorizonBehind(
  { committedAtSeconds, horizonSeconds }: Pick<Manifest, "committedAtSeconds" | "horizonSeconds">,
  nowSeconds: number,
): boolean {
  if (horizonSeconds === 0) return false;
  // breakage: idle-horizon-is-news
  return Math.max(committedAtSeconds, horizonSeconds + UNDERWAY_SECONDS) + IDLE_COMMIT_SECONDS <= nowSeconds;
}

/** The manifest, which is the one before where nothing would change; or why there is none: nothing was changed. */
export async function commitCompaction(
  context: CommitContext,
  { run, fromSequence }: Pick<Plan, "run" | "fromSequence">,
  change: PlannedMinor | PlannedMajor,
  staged: readonly Segment[],
): Promise<Manifest | DynalakeError> {
  const { store, schema, commits } = context;
  const { table } = schema;
  const from =
    commits.manifest.sequence === fromSequence
      ? commits.manifest
      : await manifestNumbered(store, table, fromSequence);
  const fault = rowsFault(from, change, staged);
  if (fault !== undefined) return new DynalakeError("ENGINE_FAILED", `${fault}: nothing was committed`);
  const nowSeconds = context.nowSeconds();
  // The schema that the staged files were written with, which until now was in schema.json alone.
  const named = { ...from, schema: from.schema ?? schema.file }; // breakage: compactions-name-the-schema
  const next = nextManifest(named, change, { run, nowSeconds, staged });
  const isIdle = staged.length === 0 && next.segments.length === from.segments.length;
  if (isIdle && nowSeconds - from.committedAtSeconds < IDLE_COMMIT_SECONDS) return from; // breakage: commits-change-something
  const outcome = await commitManifest(store, table, next);
  if (outcome !== "conflict") return outcome;
  return new DynalakeError("CONFLICT", `another commit to "${table}" was first (number ${next.sequence})`);
}

function nextManifest(from: Manifest, change: PlannedMinor | PlannedMajor, commit: Commit): Manifest {
  if (change.kind === "minor") return afterMinor(from, change, commit);
  return afterMajor(
    from,
    change.parts.map(({ part }) => part),
    commit,
  );
}
