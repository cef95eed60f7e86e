/** What was found of values that columns cannot hold: a commit of its own, which writes no rows. */
import { DynalakeError } from "../error.ts";
import type { Manifest } from "../format/manifest.ts";
import type { Schema } from "../schema/schema.ts";
import { columnsToShow } from "../schema/text-name.ts";
import { commitManifest } from "../table/commit-manifest.ts";
import { readCommits } from "../table/commits.ts";
import { afterMisfits, type Misfits } from "./next-manifest.ts";
import type { SchemaCommitContext } from "./schema-commit.ts";

const TRIES = 10;

export interface FoundMisfits {
  /** The attributes whose columns do not hold all of their values. */
  readonly attributes: readonly string[];
  /** Of columns that cannot widen how many digits before the point their values have: they are not counted again. */
  readonly wholeDigits?: ReadonlyMap<string, number>;
}

/**
 * From this commit on, views show such values as text beside the columns, unless the schema lets nothing appear by itself. What was
 * once shown stays. Undefined where nothing changes. Throws CONFLICT if other commits keep coming first.
 */
export async function showMisfits(
  context: SchemaCommitContext,
  schema: Schema,
  { attributes, wholeDigits = new Map() }: FoundMisfits,
): Promise<Manifest | undefined> {
  const { store, newRunId, nowSeconds } = context;
  const { table } = schema;
  let { commits } = context;
  const wanted = shownOf(schema, attributes);
  for (let tries = 0; tries < TRIES; tries++) {
    if (wanted.length === 0 && wholeDigits.size === 0) return undefined;
    commits = await readCommits(store, table, commits);
    const misfits = newMisfits(commits.manifest, wanted, wholeDigits);
    if (misfits === undefined) return undefined;
    const commit = { run: newRunId(), nowSeconds: nowSeconds() };
    const outcome = await commitManifest(store, table, afterMisfits(commits.manifest, misfits, commit));
    if (outcome !== "conflict") return outcome;
  }
  throw new DynalakeError("CONFLICT", `other commits to "${table}" kept coming first`);
}

function shownOf(schema: Schema, attributes: readonly string[]): readonly string[] {
  const hidden = new Set(attributes);
  return columnsToShow(schema)
    .map(({ attribute }) => attribute)
    .filter((attribute) => hidden.has(attribute));
}

/** Undefined where the manifest has all of it. */
function newMisfits(
  { texts, wholeDigits: known = {} }: Manifest,
  wanted: readonly string[],
  counted: ReadonlyMap<string, number>,
): Misfits | undefined {
  const shown = new Set(texts);
  const added = wanted.filter((attribute) => !shown.has(attribute));
  const more = [...counted].filter(([attribute, digits]) => digits > (known[attribute] ?? -1));
  if (added.length === 0 && more.length === 0) return undefined;
  const wholeDigits = { ...known, ...Object.fromEntries(more) };
  return { texts: added, wholeDigits: Object.keys(wholeDigits).length === 0 ? undefined : wholeDigits };
}
