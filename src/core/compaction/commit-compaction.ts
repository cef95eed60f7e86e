/** The commit of a compaction: it counts only right after the manifest that it was planned from. */
import { DynalakeError } from "../error.ts";
import type { Manifest, Segment } from "../format/manifest.ts";
import { commitManifest } from "../table/commit-manifest.ts";
import { manifestNumbered } from "../table/commits.ts";
import { afterMajor, afterMinor, type Commit } from "./next-manifest.ts";
import type { Plan, PlannedMajor, PlannedMinor } from "./plan.ts";
import type { CommitContext } from "./plan-context.ts";
import { rowsFault } from "./row-balance.ts";

/** The manifest, or why there is none: nothing was changed. */
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
  const next = nextManifest(from, change, { run, nowSeconds: context.nowSeconds(), staged });
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
