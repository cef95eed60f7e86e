/** What `verify` compares: a source that moves, and a lake that follows it. */
import type { AttributeValue, Item } from "../values/attribute-value.ts";

export type KeyValues = readonly AttributeValue[];

export interface VerifiedSource {
  /**
   * Reads every item once, many at a time, each as it was at a moment of the reading and not as it was before. `take` may be
   * called again before an earlier call has ended. Items have been read by `readItem`.
   */
  scan(take: (items: readonly Item[]) => Promise<void>): Promise<void>;

  /** The items of these keys as they are now, in the order of the keys; undefined where there is none. */
  items(keys: readonly KeyValues[]): Promise<readonly (Item | undefined)[]>;
}

export interface VerifiedLake {
  /** Every row of the current state, many at a time. */
  rows(take: (rows: readonly LakeRow[]) => Promise<void>): Promise<void>;

  /** The rows of the current state that are found by these keys' hashes. */
  rowsOf(keyHashes: readonly string[]): Promise<readonly LakeRow[]>;
}

export interface LakeRow {
  /** `_key`, as 32 hexadecimal digits. */
  readonly keyHash: string;
  /** Undefined where the row cannot be turned into an item. */
  readonly item: Item | undefined;
}

/** How far the changes of the source have come. */
export interface Deliveries {
  /** Notes how far the lake is: it shows every change that is not after the mark, but for those of the last seconds. */
  mark(): Promise<DeliveryMark>;
}

export interface DeliveryMark {
  /** Somebody delivers: what has not come yet will come by itself. */
  readonly moving: boolean;

  /**
   * The newest change after the mark of each of these keys that has one, among all that the source had at the time of the call:
   * the item, or undefined where it was removed or left the table. "unknown" where that cannot be found out.
   */
  changesOf(keyHashes: ReadonlySet<string>): Promise<ReadonlyMap<string, Item | undefined> | "unknown">;
}
