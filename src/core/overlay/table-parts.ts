/**
 * Into which parts the rows of a lake table are written. Buckets of the key hold a key for ever, so that each bucket has its
 * own deltas. A key's value of a partition column can change, so there the deltas are one part of all keys, and a major
 * compaction rewrites every part that holds or gets a key of theirs.
 */
import { DynalakeError } from "../error.ts";
import type { Manifest } from "../format/manifest.ts";
import { integer, literal, quoted } from "../ports/dialect.ts";
import type { Cut, QueryEngine } from "../ports/query-engine.ts";
import { bucketLabel, bucketLabelOf, type Partitioning } from "../schema/partitioning.ts";
import type { Schema } from "../schema/schema.ts";

type ValuePartitioning = Exclude<Partitioning, { kind: "bucket" }>;

/** The part of the deltas of a table that is cut by the values of a column. */
export const ALL_KEYS = "all";

/** More parts than this make every query slow; the values of the column are too many. */
const PARTS_MAX = 1000;

/** The column by whose values the table is cut, or undefined where it is cut into buckets of the key. */
export function valuePartitioning(schema: Schema): ValuePartitioning | undefined {
  return schema.partitioning?.kind === "bucket" ? undefined : schema.partitioning;
}

/** How a new delta is cut. */
export function deltaCut(engine: QueryEngine, schema: Schema, manifest: Pick<Manifest, "buckets">): Cut {
  if (valuePartitioning(schema) !== undefined) return { parts: [{ part: ALL_KEYS }] };
  return bucketCut(engine, manifest.buckets);
}

/** How base rows are cut, which are given as a SELECT of a segment's columns. */
export async function baseCut(
  engine: QueryEngine,
  schema: Schema,
  rows: string,
  buckets: number,
): Promise<Cut> {
  const partitioning = valuePartitioning(schema);
  if (partitioning === undefined) return bucketCut(engine, buckets);
  const label = partLabel(engine, partitioning);
  return labelCut(engine, label, `SELECT DISTINCT ${label} AS part FROM (${rows}) LIMIT ${PARTS_MAX + 1}`);
}

export interface TouchingRows {
  readonly base: string;
  readonly deltas: string;
  /** Parts that are written in any case. */
  readonly also: readonly string[];
}

/** The parts of the base that hold a key of the deltas, or get one. */
export async function touchedCut(
  engine: QueryEngine,
  partitioning: ValuePartitioning,
  { base, deltas, also }: TouchingRows,
): Promise<Cut> {
  const label = partLabel(engine, partitioning);
  const held = `SELECT ${label} AS part FROM ${base} WHERE _key IN (SELECT _key FROM ${deltas})`;
  const given = `SELECT ${label} AS part FROM ${deltas} WHERE _op <> 'REMOVE'`;
  return labelCut(
    engine,
    label,
    // breakage: moved-keys-leave-their-part
    `SELECT DISTINCT part FROM (${held} UNION ALL ${given}) LIMIT ${PARTS_MAX + 1}`,
    also,
  );
}

/** Every bucket of the key; the one bucket of a small table needs no condition. */
function bucketCut(engine: QueryEngine, count: number): Cut {
  if (count === 1) return { parts: [{ part: bucketLabel(0) }] };
  const bucket = engine.dialect.bucketOfTyped("_key", count);
  const parts = Array.from({ length: count }, (_, index) => ({
    part: bucketLabel(index),
    where: `${bucket} = ${integer(index)}`,
  }));
  return { parts, partOf: bucketLabelOf(bucket) };
}

async function labelCut(
  engine: QueryEngine,
  label: string,
  statement: string,
  also: readonly string[] = [],
): Promise<Cut> {
  const found = (await engine.rows(statement)).map((row) => String(row.part));
  const labels = [...new Set([...found, ...also])].sort();
  requireFewParts(labels.length);
  return { parts: labels.map((part) => ({ part, where: `${label} = ${literal(part)}` })), partOf: label };
}

/** The expression of a row's part: letters, digits, _ and - only. Rows without a value have a part of their own. */
function partLabel(engine: QueryEngine, partitioning: ValuePartitioning): string {
  return `coalesce(${engine.dialect.partLabel(partitioning.kind, quoted(partitioning.column))}, 'none')`;
}

export function requireFewParts(parts: number): void {
  if (parts <= PARTS_MAX) return;
  throw new DynalakeError(
    "SCHEMA_INVALID",
    `partitionBy would cut the table into more than ${PARTS_MAX} parts`,
    { next: "Choose a coarser partitionBy, such as month(column), or bucket(n)." },
  );
}
