/**
 * The plan of a major compaction: parts of the base are rewritten with the keys of the deltas that they can take whole, and all
 * other keys stay in one delta.
 */
import { batchesOf } from "../batches-of.ts";
import { DynalakeError } from "../error.ts";
import { baseSegments, deltaSegments, type Segment } from "../format/manifest.ts";
import { segmentRows } from "../overlay/segment-rows.ts";
import {
  cutInto,
  DELTA_CUT,
  type DeltaKeys,
  deltaKeys,
  type RowPlace,
  rowPlace,
} from "../overlay/table-parts.ts";
import type { QueryEngine, Stage } from "../ports/query-engine.ts";
import { DELTA_ORDER } from "../sql/compaction.ts";
import { foldedBaseRows, overtakenKeys, remainingDeltaRows, type TakenKeys } from "../sql/fold.ts";
import { sortColumns } from "../sql/typed-columns.ts";
import type { OpenTable } from "../table/open-table.ts";
import type { PlanningContext } from "./compaction-context.ts";
import { type CompactionScope, isMajorDue, partsToRewrite } from "./compaction-policy.ts";
import type { Plan, PlannedMajor } from "./plan.ts";

/** Undefined if no part asks for it, and the deltas are few. */
export async function planMajor(
  context: PlanningContext,
  opened: OpenTable,
  scope: CompactionScope,
): Promise<Plan | undefined> {
  const { engine, policy } = context;
  const { manifest, schema } = opened;
  if (!isMajorDue(manifest, policy, scope)) return undefined;
  const place = rowPlace(engine, schema, manifest);
  const base = engine.segments(schema, baseSegments(manifest));
  const deltas = segmentRows(engine, schema, manifest, deltaSegments(manifest));
  const keys = await keysByParts(context, opened, place, { base, deltas });
  const parts = partsToRewrite(manifest, policy, scope, keys.ofParts);
  if (parts === undefined) return undefined;
  const segments = baseSegments(manifest);
  const fold: Fold = {
    run: context.newRunId(),
    place,
    parts,
    rewritten: segments.filter(({ part }) => parts.includes(part)),
    others: engine.segments(
      schema,
      segments.filter(({ part }) => !parts.includes(part)),
    ),
    deltas,
    othersGetKeys: keysOfOthers(keys, parts) > 0,
  };
  const stages = [...(await baseStages(context, opened, fold)), ...deltaStages(context, opened, fold)];
  return {
    run: fold.run,
    fromSequence: manifest.sequence,
    stages,
    change: plannedMajor(fold, keys),
  };
}

/**
 * How many keys of the deltas each part holds or gets. Throws ENGINE_FAILED if the deltas cannot have so many keys: they would be
 * dropped without having been read.
 */
async function keysByParts(
  { engine }: PlanningContext,
  { manifest }: OpenTable,
  place: RowPlace,
  relations: { readonly base: string; readonly deltas: string },
): Promise<DeltaKeys> {
  const rows = deltaSegments(manifest).map((segment) => segment.rows);
  if (rows.length === 0) return { all: 0, ofParts: new Map() };
  const keys = await deltaKeys(engine, place, relations);
  const most = rows.reduce((sum, own) => sum + own, 0);
  // breakage: delta-keys-balance
  if (keys.all >= Math.max(...rows) && keys.all <= most) return keys;
  throw new DynalakeError(
    "ENGINE_FAILED",
    `deltas of ${most} rows cannot have ${keys.all} keys: nothing was planned`,
  );
}

/** What is folded where. */
interface Fold {
  readonly run: string;
  readonly place: RowPlace;
  /** The parts that are rewritten, */
  readonly parts: readonly string[];
  /** their base, */
  readonly rewritten: readonly Segment[];
  /** and that of all other parts, with a segment's columns. */
  readonly others: string;
  /** All deltas, with a segment's columns. */
  readonly deltas: string;
  /** Other parts hold or get keys of the deltas, too. */
  readonly othersGetKeys: boolean;
}

function keysOfOthers({ ofParts }: DeltaKeys, parts: readonly string[]): number {
  return [...ofParts].reduce((sum, [part, keys]) => (parts.includes(part) ? sum : sum + keys), 0);
}

function plannedMajor({ place, parts }: Fold, keys: DeltaKeys): PlannedMajor {
  return {
    kind: "major",
    parts: parts.map((part) => ({ part, keys: keys.ofParts.get(part) ?? 0 })),
    keysLeft: keysLeft(place, parts, keys),
  };
}

function keysLeft({ moves }: RowPlace, parts: readonly string[], keys: DeltaKeys): PlannedMajor["keysLeft"] {
  const max = keysOfOthers(keys, parts);
  if (max > 0 && parts.length === 0) return { min: keys.all, max: keys.all };
  // A key that moves counts in two parts, and in those that it only passed through.
  return { min: moves ? 0 : max, max };
}

/** As many parts at once as the engine writes with one statement: each reads no base but its own. */
async function baseStages(
  context: PlanningContext,
  { manifest, schema }: OpenTable,
  fold: Fold,
): Promise<readonly Stage[]> {
  const { engine } = context;
  const { run, place, parts, rewritten } = fold;
  if (parts.length === 0) return [];
  const isOvertaken = await hasNewerRows(context, fold.deltas, engine.segments(schema, rewritten));
  return batchesOf(parts, engine.partsAtOnceMax).map((group) => {
    const own = rewritten.filter(({ part }) => group.includes(part));
    const base = segmentRows(engine, schema, manifest, own);
    const belongs = place.isIn(group);
    const newer = isOvertaken ? engine.segments(schema, place.moves ? rewritten : own) : undefined;
    const folded = (taken: TakenKeys, rows: Parameters<typeof foldedBaseRows>[3]): string =>
      foldedBaseRows(engine.dialect, schema, taken, rows);
    const ofKeys = (condition: string): TakenKeys => ({ deltas: where(fold.deltas, condition), newer });
    const pieces = keyRanges(engine, place, own).map((range) =>
      // breakage: ranges-take-their-own-keys
      folded(ofKeys(range), { base: where(base, range), belongs: undefined }),
    );
    return {
      ...{ run, kind: "base", sortBy: sortColumns(schema), cut: cutOf(place, group) },
      rows: place.moves
        ? folded(takenOfMoving(fold, newer), { base, belongs })
        : folded(ofKeys(belongs), { base, belongs: undefined }),
      ...(pieces.length === 0 ? {} : { pieces }),
    };
  });
}

function where(relation: string, condition: string): string {
  return `(SELECT * FROM ${relation} WHERE ${condition})`;
}

/**
 * The ranges of keys into whose files a part is cut, or none where it stays one file. They are those of the files that it has, each
 * perhaps in half: an engine reads a file for each range that it holds keys of.
 */
function keyRanges(
  { rowsPerFileMax }: Pick<QueryEngine, "rowsPerFileMax">,
  { rangesOf }: RowPlace,
  own: readonly Segment[],
): readonly string[] {
  const [segment, ...others] = own;
  if (rangesOf === undefined || segment === undefined || others.length > 0) return [];
  const { files = 1, part, rows } = segment;
  const count = rows > 2 * files * rowsPerFileMax ? 2 * files : files;
  return count === 1 ? [] : rangesOf(part, count);
}

function cutOf(place: RowPlace, group: readonly string[]): Stage["cut"] {
  const [part] = group;
  return group.length === 1 && part !== undefined ? { parts: [{ part }] } : cutInto(place, group);
}

/** A key is taken if every part that holds it or gets it is rewritten. */
function takenOfMoving(fold: Fold, newer: string | undefined): TakenKeys {
  const { deltas, place, parts, others, othersGetKeys } = fold;
  if (!othersGetKeys) return { deltas, newer };
  return { deltas, where: `(_op = 'REMOVE' OR ${place.isIn(parts)})`, others, newer };
}

/** Never by the rule; a change that an earlier compaction did not find, since its object came in an old partition, can do it. */
async function hasNewerRows({ engine }: PlanningContext, deltas: string, base: string): Promise<boolean> {
  const [row] = await engine.rows(overtakenKeys(deltas, base));
  return Number(row?.keys) > 0;
}

/** One delta of the keys that are not taken, if there are any. */
function deltaStages(
  { engine: { dialect } }: PlanningContext,
  { schema }: OpenTable,
  fold: Fold,
): readonly Stage[] {
  const { run, place, parts, deltas, othersGetKeys } = fold;
  if (!othersGetKeys) return [];
  const isMerge = parts.length === 0;
  // Where keys stay in their parts, the condition that tells them apart needs no look at the base.
  const left = isMerge || place.moves ? deltas : `(SELECT * FROM ${deltas} WHERE NOT ${place.isIn(parts)})`;
  const taken = isMerge || !place.moves ? undefined : takenOfMoving(fold, undefined);
  const rows = remainingDeltaRows(dialect, schema, left, taken);
  return [{ run, kind: "delta", rows, sortBy: DELTA_ORDER, cut: DELTA_CUT }];
}
