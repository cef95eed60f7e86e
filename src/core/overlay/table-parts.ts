/**
 * Into which parts the base of a lake table is cut: by buckets of the key, which hold a key for ever, or by the values of a
 * column, which can change. A delta is of all keys and belongs to no part.
 */
import { DynalakeError } from "../error.ts";
import type { Manifest, Segment } from "../format/manifest.ts";
import { ALL_KEYS } from "../format/segment-name.ts";
import { integer, literal, quoted } from "../ports/dialect.ts";
import type { Cut, QueryEngine } from "../ports/query-engine.ts";
import {
  bucketLabel,
  bucketLabelOf,
  bucketOfHash,
  bucketOfLabel,
  bucketStart,
  type Partitioning,
} from "../schema/partitioning.ts";
import type { Schema } from "../schema/schema.ts";

type ValuePartitioning = Exclude<Partitioning, { kind: "bucket" }>;

/** How a delta is cut: not at all. */
export const DELTA_CUT: Cut = { parts: [{ part: ALL_KEYS }] };

/** The part of rows without a value. */
export const NO_VALUE = "none";

/** More parts than this make every query slow; the values of the column are too many. */
const PARTS_MAX = 1000;

/** The column by whose values the table is cut, or undefined where it is cut into buckets of the key. */
export function valuePartitioning(schema: Schema): ValuePartitioning | undefined {
  return schema.partitioning?.kind === "bucket" ? undefined : schema.partitioning;
}

/** To which part a row belongs. */
export interface RowPlace {
  /** The expression of the part's label, over a segment's columns. */
  readonly label: string;
  /** A key can leave its part, since a row's value decides. */
  readonly moves: boolean;
  /** The condition that a row belongs to one of these parts. */
  readonly isIn: (parts: readonly string[]) => string;
  /** Conditions that cut the rows of a part into so many even ranges of keys. Absent where keys do not decide. */
  readonly rangesOf?: (part: string, count: number) => readonly string[];
}

/** Where the rows of the base belong. */
export function rowPlace(
  { dialect }: Pick<QueryEngine, "dialect">,
  schema: Schema,
  { buckets }: Pick<Manifest, "buckets">,
): RowPlace {
  const partitioning = valuePartitioning(schema);
  if (partitioning !== undefined) {
    // Letters, digits, _ and - only.
    const value = dialect.partLabel(partitioning.kind, quoted(partitioning.column));
    const label = `coalesce(${value}, ${literal(NO_VALUE)})`;
    return { label, moves: true, isIn: (parts) => `${label} IN (${parts.map(literal).join(", ")})` };
  }
  const label = bucketLabelOf(dialect.bucketOfTyped("_key", buckets));
  return {
    label,
    moves: false,
    isIn: (parts) => keysOfBuckets(dialect, buckets, parts),
    // A range of a bucket is a bucket of as many times more.
    rangesOf: (part, count) => {
      const first = bucketOfLabel(part) * count;
      return Array.from(
        { length: count },
        (_, i) => keysBetween(dialect, first + i, first + i + 1, buckets * count), // breakage: ranges-of-a-part-meet
      );
    },
  };
}

/** Buckets as ranges of the key's hash, which engines compare without computing anything, and look for in statistics of files. */
function keysOfBuckets(dialect: QueryEngine["dialect"], count: number, parts: readonly string[]): string {
  const wanted = new Set(parts);
  const ranges: string[] = [];
  for (let index = 0; index < count; index++) {
    if (!wanted.has(bucketLabel(index))) continue;
    const from = index;
    while (index + 1 < count && wanted.has(bucketLabel(index + 1))) index++;
    ranges.push(keysBetween(dialect, from, index + 1, count));
  }
  return ranges.length === 0 ? "false" : `(${ranges.join(" OR ")})`;
}

/** The condition of the keys in some of `count` buckets, those from the first one on and before the other. */
function keysBetween(
  { keyTyped }: QueryEngine["dialect"],
  from: number,
  below: number,
  count: number,
): string {
  const until = bucketStart(below, count);
  const isBelow = until === undefined ? "" : ` AND _key < ${keyTyped(literal(until))}`;
  return `_key >= ${keyTyped(literal(bucketStart(from, count) as string))}${isBelow}`;
}

/** How rows are cut into these parts of the base. */
export function cutInto({ label, isIn }: RowPlace, parts: readonly string[]): Cut {
  return { parts: parts.map((part) => ({ part, where: isIn([part]) })), partOf: label };
}

/** How base rows are cut, which are given as a SELECT of a segment's columns. */
export async function baseCut(
  engine: QueryEngine,
  schema: Schema,
  rows: string,
  buckets: number,
): Promise<Cut> {
  const place = rowPlace(engine, schema, { buckets });
  if (!place.moves) {
    // The one bucket of a small table needs no condition.
    if (buckets === 1) return { parts: [{ part: bucketLabel(0) }] };
    return cutInto(
      place,
      Array.from({ length: buckets }, (_, index) => bucketLabel(index)),
    );
  }
  const found = await engine.rows(
    `SELECT DISTINCT ${place.label} AS part FROM (${rows}) LIMIT ${integer(PARTS_MAX + 1)}`,
  );
  const labels = found.map(({ part }) => String(part)).sort();
  requireFewParts(labels.length);
  return cutInto(place, labels);
}

/** Those of the base's segments that can hold a key: with buckets its hash tells, where a column decides any part can. */
export function segmentsOfKeys(
  schema: Schema,
  { buckets }: Pick<Manifest, "buckets">,
  base: readonly Segment[],
  keyHashes: readonly string[],
): readonly Segment[] {
  if (valuePartitioning(schema) !== undefined) return base; // breakage: keys-move-between-values
  const parts = new Set(keyHashes.map((hash) => bucketLabel(bucketOfHash(hash, buckets))));
  return base.filter(({ part }) => parts.has(part));
}

interface FoldedRelations {
  /** The whole base, */
  readonly base: string;
  /** and the deltas, both with a segment's columns. */
  readonly deltas: string;
}

/** How many keys the deltas have. */
export interface DeltaKeys {
  readonly all: number;
  /** How many of them each part of the base holds or gets. A key that moves counts in both, and a removal where the key is held. */
  readonly ofParts: ReadonlyMap<string, number>;
}

/** What the deltas are, by parts. */
export async function deltaKeys(
  { rows }: Pick<QueryEngine, "rows">,
  { label, moves }: RowPlace,
  { base, deltas }: FoldedRelations,
): Promise<DeltaKeys> {
  const given = `SELECT ${label} AS part, _key FROM ${deltas}${moves ? " WHERE _op <> 'REMOVE'" : ""}`;
  const held = `SELECT ${label} AS part, _key FROM ${base} WHERE _key IN (SELECT _key FROM ${deltas})`;
  const all = `SELECT CAST(NULL AS varchar) AS part, _key FROM ${deltas}`;
  // breakage: moved-keys-leave-their-part
  const places = moves ? `${held} UNION ALL ${given} UNION ALL ${all}` : given;
  const counted = await rows(
    `SELECT part, count(DISTINCT _key) AS keys FROM (${places}) GROUP BY part LIMIT ${integer(PARTS_MAX + 2)}`,
  );
  const ofParts = counted
    .filter(({ part }) => part !== null)
    .map(({ part, keys }): [string, number] => [String(part), Number(keys)])
    .sort(([one], [other]) => (one < other ? -1 : 1));
  requireFewParts(ofParts.length);
  const total = counted.find(({ part }) => part === null)?.keys ?? 0;
  const sum = ofParts.reduce((keys, [, own]) => keys + own, 0);
  return { all: moves ? Number(total) : sum, ofParts: new Map(ofParts) };
}

export function requireFewParts(parts: number): void {
  if (parts <= PARTS_MAX) return;
  throw new DynalakeError(
    "SCHEMA_INVALID",
    `partitionBy would cut the table into more than ${PARTS_MAX} parts`,
    { next: "Choose a coarser partitionBy, such as month(column), or bucket(n)." },
  );
}
