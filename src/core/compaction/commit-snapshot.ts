/**
 * The commit of a snapshot. A commit that came in between does no harm, since a snapshot replaces base and deltas whatever they
 * were; only a snapshot of a later time is not replaced.
 */
import { DynalakeError } from "../error.ts";
import { hourOf } from "../format/lake-path.ts";
import type { Manifest, Segment } from "../format/manifest.ts";
import { schemaOf } from "../schema/schema-change.ts";
import { type ChangeListing, listChanges } from "../table/change-listing.ts";
import { commitManifest } from "../table/commit-manifest.ts";
import { type Commits, readCommits } from "../table/commits.ts";
import { writeSnapshotList } from "../table/kept-snapshots.ts";
import { readWrittenSchema } from "../table/schema-file.ts";
import { withListed } from "./listed-snapshots.ts";
import { afterSnapshot } from "./next-manifest.ts";
import type { PlannedSnapshot } from "./plan.ts";
import type { CommitContext } from "./plan-context.ts";
import { type SnapshotSchema, schemaAfterSnapshot } from "./snapshot-schema.ts";

const TRIES = 10;

/** The manifest, or why there is none: nothing was changed. */
export async function commitSnapshot(
  context: CommitContext,
  run: string,
  change: PlannedSnapshot,
  staged: readonly Segment[],
): Promise<Manifest | DynalakeError> {
  const { store, schema } = context;
  const { table } = schema;
  let commits: Commits = context.commits;
  for (let tries = 0; tries < TRIES; tries++) {
    // Others may have committed while the rows were written, and while this was tried.
    commits = await readCommits(store, table, commits);
    const { manifest } = commits;
    // An earlier try has committed it, and its answer was lost.
    if (manifest.snapshots.some((snapshot) => snapshot.run === run)) return manifest;
    // breakage: newest-snapshot-stays
    if (manifest.snapshots.some((snapshot) => snapshot.exportTimeSeconds > change.exportTimeSeconds)) {
      return new DynalakeError("CONFLICT", `"${table}" already has a snapshot of a later time`, {
        next: "No data was changed. Take a new snapshot, or use a lake of its own for the older export.",
      });
    }
    const nowSeconds = context.nowSeconds();
    const changes = listChanges(store, table);
    const objects = await changes.since(hourOf(nowSeconds - change.deliveryDelaySeconds));
    const schemas = await schemasOf(context, manifest, change, changes);
    const after = schemaAfterSnapshot(manifest, schemas, staged);
    if (after === undefined)
      return new DynalakeError("CONFLICT", `the schema of "${table}" was changed during the snapshot`);
    const next = afterSnapshot(manifest, { ...change, ...after, objects }, { run, nowSeconds, staged });
    const listed = withListed(next, manifest, schemas);
    for (const list of listed.lists) await writeSnapshotList(store, table, list); // breakage: snapshots-listed-before-their-commit
    const outcome = await commitManifest(store, table, listed.manifest);
    if (outcome !== "conflict") return outcome;
  }
  return new DynalakeError("CONFLICT", `other commits to "${table}" kept coming first`);
}

async function schemasOf(
  { store, schema }: CommitContext,
  manifest: Manifest,
  change: PlannedSnapshot,
  changes: ChangeListing,
): Promise<SnapshotSchema> {
  const written = schemaOf(change.schema, schema);
  const own = manifest.schema === null ? await readWrittenSchema(store, schema.table) : undefined;
  const replaces = change.replacesSchema && (await changes.days()).length === 0;
  return { written, current: schemaOf(manifest.schema, own ?? written), replaces };
}
