/** What `verify` compares: a source that keeps changing, and a lake that follows it. */
import type { StoredItem } from "../row/stored-item.ts";
import type { AttributeValue, Item } from "../values/attribute-value.ts";
import type { KeySchema } from "../values/key.ts";

export type KeyValues = readonly AttributeValue[];

/** An item as a scan has read it: it becomes an `Item`, or text, only where it is asked for as one. */
export interface ScannedItem {
  /** As `readItem` gives it. */
  item(): Item;
  /** The same as `itemText` of the item. */
  text(): string;
  /** The same as `keyOf` of the item. */
  key(schema: KeySchema): KeyValues | undefined;
}

export interface VerifiedSource {
  /**
   * Reads every item once, many at a time, each as it is at some moment during the scan and not as it was earlier. `take` may
   * be called again before an earlier call has ended.
   */
  scan(take: (items: readonly ScannedItem[]) => Promise<void>): Promise<void>;

  /** The current items of these keys, in the order of the keys; undefined for a key without an item. */
  items(keys: readonly KeyValues[]): Promise<readonly (Item | undefined)[]>;
}

export interface VerifiedLake {
  /** Every row of the current state, many at a time. */
  rows(take: (rows: readonly LakeRow[]) => Promise<void>): Promise<void>;

  /** The rows of the current state with these key hashes. */
  rowsOf(keyHashes: readonly string[]): Promise<readonly LakeRow[]>;
}

export interface LakeRow {
  /** `_key`, as 32 hexadecimal digits. */
  readonly keyHash: string;
  /** Throws if the row cannot be converted to an item. */
  readonly item: StoredItem;
}

/** How far the changes of the source have been delivered. */
export interface Deliveries {
  /** Marks how far the lake is: it shows every change up to the mark, except perhaps those of the last seconds. */
  mark(): Promise<DeliveryMark>;
}

export interface DeliveryMark {
  /** Whether changes are being delivered: what is missing now will arrive. */
  readonly moving: boolean;

  /**
   * For each of these keys that has changed after the mark, the newest change that the source had at the time of the call: the
   * item, or undefined if it was removed or left the table. "unknown" if this cannot be determined.
   */
  changesOf(keyHashes: ReadonlySet<string>): Promise<ReadonlyMap<string, Item | undefined> | "unknown">;
}
