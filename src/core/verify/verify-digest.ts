/**
 * Digests of a table's items, one for each range of the key's hash: two sides whose digests of a range are the same have
 * the same items there, so that only the other ranges are compared item by item.
 */

/** A range is what the first 16 bits of `_key` say. */
const RANGE_DIGITS = 4;
export const RANGES: number = 16 ** RANGE_DIGITS;

/** The range in which a key's hash lies. */
export function rangeOf(keyHash: string): number {
  return Number.parseInt(keyHash.slice(0, RANGE_DIGITS), 16);
}

const WORDS = 4;

/** Number of items and sum of their hashes, modulo 2^128: whatever the order in which items come, the digest is the same. */
export class RangeDigests {
  readonly #counts: Float64Array = new Float64Array(RANGES);
  readonly #sums: Uint32Array = new Uint32Array(RANGES * WORDS);
  #items = 0;

  get items(): number {
    return this.#items;
  }

  add(range: number, itemHash: string): void {
    this.#items++;
    this.#counts[range] = this.count(range) + 1;
    let carry = 0;
    for (let word = WORDS - 1; word >= 0; word--) {
      const at = range * WORDS + word;
      const sum =
        (this.#sums[at] as number) + Number.parseInt(itemHash.slice(word * 8, word * 8 + 8), 16) + carry;
      this.#sums[at] = sum;
      carry = sum > 0xffff_ffff ? 1 : 0; // breakage: digest-carries
    }
  }

  count(range: number): number {
    return this.#counts[range] as number;
  }

  equals(other: RangeDigests, range: number): boolean {
    if (this.count(range) !== other.count(range)) return false;
    for (let at = range * WORDS; at < (range + 1) * WORDS; at++) {
      if (this.#sums[at] !== other.#sums[at]) return false;
    }
    return true;
  }
}

export interface ComparedRanges {
  /** Ranges in which a side has an item. */
  readonly used: number;
  readonly differing: readonly number[];
}

export function compareRanges(one: RangeDigests, other: RangeDigests): ComparedRanges {
  let used = 0;
  const differing: number[] = [];
  for (let range = 0; range < RANGES; range++) {
    if (one.count(range) + other.count(range) > 0) used++;
    if (!one.equals(other, range)) differing.push(range);
  }
  return { used, differing };
}

/** Ranges that are compared item by item at once. */
export interface RangeGroup {
  readonly shelf: number;
  readonly ranges: ReadonlySet<number>;
}

/** Items are kept on shelves by the first byte of their key's hash. */
const RANGES_PER_SHELF = 256;

export function shelfOf(range: number): number {
  return Math.floor(range / RANGES_PER_SHELF);
}

/** The ranges in groups, each of one shelf and of at most `itemsMax` items, or of one range alone that has more. */
export function rangeGroups(
  ranges: readonly number[],
  itemsOf: (range: number) => number,
  itemsMax: number,
): readonly RangeGroup[] {
  const groups: { readonly shelf: number; readonly ranges: Set<number> }[] = [];
  let items = 0;
  for (const range of ranges) {
    const last = groups.at(-1);
    if (last === undefined || last.shelf !== shelfOf(range) || items + itemsOf(range) > itemsMax) {
      groups.push({ shelf: shelfOf(range), ranges: new Set([range]) });
      items = itemsOf(range);
    } else {
      last.ranges.add(range);
      items += itemsOf(range);
    }
  }
  return groups;
}
