/**
 * Splits of the rows that a snapshot stages: a statement that writes some parts of the base reads their splits only, so that
 * its cost follows its own rows. With buckets, splits are even ranges of the key's hash, as buckets are; with a column of
 * values, rows of one value are in one split.
 */
import { bucketsFor, type Partitioning } from "./partitioning.ts";

/** Rows of a split where the values of a column decide: many values may need a statement each. */
const ROWS_PER_VALUE_SPLIT = 10_000;

export interface SplitLimits {
  /** Buckets that one statement writes at most. */
  readonly bucketsAtOnce: number;
  /** Each split is written beside the others. */
  readonly splitsMax: number;
  /** With buckets, a split has no more rows than this, as far as there may be so many splits. Default: as many as a bucket. */
  readonly rowsPerSplit?: number;
}

/** How many splits up to so many items get. */
export function splitsFor(
  partitioning: Partitioning | undefined,
  itemsMax: number,
  { bucketsAtOnce, splitsMax, rowsPerSplit = Number.POSITIVE_INFINITY }: SplitLimits,
): number {
  if (partitioning !== undefined && partitioning.kind !== "bucket") {
    const wanted = Math.ceil(itemsMax / (ROWS_PER_VALUE_SPLIT * bucketsAtOnce));
    return Math.min(splitsMax, Math.max(1, wanted));
  }
  const buckets = partitioning?.count ?? bucketsFor(itemsMax);
  const splitsOfBucket = Math.min(
    Math.ceil(itemsMax / buckets / rowsPerSplit),
    Math.floor(splitsMax / buckets),
  );
  if (splitsOfBucket > 1) return buckets * splitsOfBucket;
  return Math.ceil(buckets / Math.max(bucketsAtOnce, Math.ceil(buckets / splitsMax)));
}

/** The split of a key by the first 32 bits of its hash. */
export function splitOfHash(hash: number, splits: number): number {
  return Math.floor((hash * splits) / HASHES);
}

const HASHES = 2 ** 32;

/** A range of numbers: `below` is the first that is not in it. */
export interface NumberRange {
  readonly from: number;
  readonly below: number;
}

/** Buckets that one statement writes, and the splits that hold all their rows. */
export interface BucketGroup {
  readonly buckets: NumberRange;
  readonly splits: NumberRange;
  /** There is one bucket, and no row of another one is in these splits. */
  readonly isWhole: boolean;
}

/** All buckets, those together that begin in one split. */
export function bucketGroups(buckets: number, splits: number): readonly BucketGroup[] {
  const groups: BucketGroup[] = [];
  for (let from = 0; from < buckets; ) {
    const first = firstSplit(from, buckets, splits);
    let below = from + 1;
    while (below < buckets && firstSplit(below, buckets, splits) === first) below++;
    const isWhole = below === from + 1 && (from * splits) % buckets === 0 && (below * splits) % buckets === 0;
    groups.push({
      buckets: { from, below },
      splits: { from: first, below: Math.ceil((below * splits) / buckets) },
      isWhole,
    });
    from = below;
  }
  return groups;
}

function firstSplit(bucket: number, buckets: number, splits: number): number {
  return Math.floor((bucket * splits) / buckets);
}
