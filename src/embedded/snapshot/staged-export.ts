/**
 * Stages the items of an export. A schema that a sample has suggested is checked against all items on the way: where they suggest
 * another one, they are observed in full and staged anew by that; and so they are where the lake's own schema follows its data.
 */
import { rm } from "node:fs/promises";
import { inferredSchema } from "../../core/infer/infer.ts";
import { addSightings, grownTo, type Sightings, sightingsOf } from "../../core/infer/sightings.ts";
import { snapshotGrowth } from "../../core/infer/snapshot-growth.ts";
import type { SchemaFile } from "../../core/schema/schema.ts";
import { type SplitLimits, splitsFor } from "../../core/schema/staging-splits.ts";
import { fileError } from "../../files/file-error.ts";
import { makeFolder } from "../../files/folder-store.ts";
import { requireFewRejected, type Transcoded } from "../../transcode/transcode.ts";
import { ROWS_PER_FILE_MAX } from "../duckdb/duckdb-engine.ts";
import type { ExportFolder } from "../exports/export-folder.ts";
import { schemaOfObserved } from "../schemas/inference.ts";
import { inferredChoice, type SchemaChoice, type SchemaGuess } from "../schemas/schema-choice.ts";
import { observeExport } from "./observe-export.ts";
import type { StagingPlace } from "./staging-files.ts";
import { stageAll } from "./staging-pool.ts";

export interface StagingWish {
  readonly export: ExportFolder;
  readonly choice: SchemaChoice;
  readonly maskKey: Uint8Array | undefined;
  readonly threads: number;
  readonly onItems: (items: number) => void;
  /** Whether the snapshot may change the types of columns: nothing but its own rows has them. */
  readonly mayRetype: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

export interface Staged extends Transcoded {
  /** What the rows were staged by. */
  readonly choice: SchemaChoice;
  readonly place: StagingPlace;
  /** How many threads wrote files. */
  readonly writers: number;
}

/** The engine writes one part of the base after the other; each split is a file that is open in each thread. */
export const SPLIT_LIMITS: SplitLimits = {
  bucketsAtOnce: 1,
  splitsMax: 256,
  rowsPerSplit: ROWS_PER_FILE_MAX,
};

/** Stages into `folder`, which is made. */
export async function stageExport(wish: StagingWish, folder: string): Promise<Staged> {
  const { choice } = wish;
  if (choice.guess === undefined && choice.evolves !== true) return stage(wish, choice, folder);
  const sightings = sightingsOf(choice.schema);
  const staged = await stage(wish, choice, folder, sightings);
  const settled =
    choice.guess === undefined
      ? await grownChoice(wish, sightings)
      : await settledChoice(wish, choice.guess, sightings);
  // breakage: deciding-value-anywhere
  if (sameColumns(settled.schema.file, choice.schema.file)) return { ...staged, choice: settled };
  await rm(folder, { recursive: true, force: true });
  return stage(wish, settled, folder);
}

/** The schema that all items suggest. What was seen of them tells it, unless it is another one than the sample's. */
async function settledChoice(
  { export: folder, threads, onItems, signal, choice }: StagingWish,
  { sample, table }: SchemaGuess,
  sightings: Sightings,
): Promise<SchemaChoice> {
  const seen = inferredSchema(grownTo(sample, sightings), table);
  if (sameColumns(seen.file, choice.schema.file)) return inferredChoice(seen);
  const { parts } = folder;
  return inferredChoice(
    schemaOfObserved(await observeExport({ parts, key: table.key, threads, onItems, signal }), table),
  );
}

/** The lake's schema with what its data has more, as far as it may follow. */
async function grownChoice({ choice, mayRetype }: StagingWish, sightings: Sightings): Promise<SchemaChoice> {
  const growth = await snapshotGrowth(choice.schema, sightings, mayRetype);
  if (growth === undefined) return choice;
  const { schema, added, retyped, replaces } = growth;
  return {
    schema,
    origin: "lake",
    undecided: [],
    notes: retyped.map((sentence) => `"${schema.table}" follows its data: ${sentence}`),
    effect: { added, replaces },
    evolves: true,
  };
}

/** Whatever their order. */
function sameColumns(one: SchemaFile, other: SchemaFile): boolean {
  const text = ({ attributes }: SchemaFile): string =>
    JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
  return text(one) === text(other);
}

async function stage(
  wish: StagingWish,
  choice: SchemaChoice,
  folder: string,
  sightings?: Sightings,
): Promise<Staged> {
  const { schema } = choice;
  const { itemCount } = wish.export.summary;
  const place = { folder, splits: splitsFor(schema.partitioning, itemCount, SPLIT_LIMITS) };
  await makeFolder(folder).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  const sum = { items: 0, skipped: 0, rejected: [] as Transcoded["rejected"][number][] };
  let rejectedCharacters = 0;
  const writers = await stageAll({
    schema,
    maskKey: wish.maskKey,
    tasks: tasksOf(wish.export, sightings !== undefined),
    place,
    threads: wish.threads,
    signal: wish.signal,
    onDone: (part) => {
      sum.items += part.items;
      sum.skipped += part.skipped;
      sum.rejected.push(...part.rejected);
      if (part.sightings !== undefined && sightings !== undefined) addSightings(sightings, part.sightings);
      rejectedCharacters += part.rejected.reduce((characters, line) => characters + line.raw.length, 0);
      requireFewRejected(sum.rejected.length, rejectedCharacters);
      wish.onItems(sum.items + sum.skipped);
    },
  });
  return { ...sum, choice, place, writers };
}

function tasksOf({ parts }: ExportFolder, sees: boolean) {
  return parts.map(({ file, itemCount, md5 }) => ({ source: file, itemCount, md5, sees }));
}
