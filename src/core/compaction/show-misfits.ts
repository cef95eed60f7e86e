/** Values that columns cannot hold are shown as text beside them: a commit of its own, which writes no rows. */
import { DynalakeError } from "../error.ts";
import type { Manifest } from "../format/manifest.ts";
import type { Drift } from "../overlay/drift-finding.ts";
import type { Schema } from "../schema/schema.ts";
import { mayHaveText } from "../schema/text-name.ts";
import { commitManifest } from "../table/commit-manifest.ts";
import { readCommits } from "../table/commits.ts";
import { afterMisfits } from "./next-manifest.ts";
import type { SchemaCommitContext } from "./schema-commit.ts";

const TRIES = 10;

/**
 * From this commit on, views show these values, unless the schema lets nothing appear by itself. What was once shown stays.
 * Undefined where nothing changes. Throws CONFLICT if other commits keep coming first.
 */
export async function showMisfits(
  context: SchemaCommitContext,
  schema: Schema,
  drift: readonly Drift[],
): Promise<Manifest | undefined> {
  const { store, newRunId, nowSeconds } = context;
  const { table } = schema;
  // breakage: nothing-appears-under-none
  if (schema.evolve === "none") return undefined;
  const hidden = new Set(drift.map(({ attribute }) => attribute));
  const wanted = schema.columns.filter((column) => hidden.has(column.attribute) && mayHaveText(column));
  let { commits } = context;
  for (let tries = 0; tries < TRIES; tries++) {
    if (wanted.length === 0) return undefined;
    commits = await readCommits(store, table, commits);
    const shown = new Set(commits.manifest.texts);
    const added = wanted.map(({ attribute }) => attribute).filter((attribute) => !shown.has(attribute));
    if (added.length === 0) return undefined;
    const commit = { run: newRunId(), nowSeconds: nowSeconds() };
    const outcome = await commitManifest(store, table, afterMisfits(commits.manifest, added, commit));
    if (outcome !== "conflict") return outcome;
  }
  throw new DynalakeError("CONFLICT", `other commits to "${table}" kept coming first`);
}
