/** One side of a comparison: digests in memory, and what each item's line needs for a second look on shelves outside of it. */
import { RangeDigests, type RangeGroup, rangeOf, shelfOf } from "./verify-digest.ts";

/** Room outside of memory, for as long as one comparison takes. */
export interface Scratch {
  /** Appends text to what has this name. */
  append(name: string, text: string): Promise<void>;
  /** All that was appended under this name, in pieces; nothing where there is none. */
  read(name: string): AsyncIterable<string>;
}

/** What is kept of an item. */
export interface ShelvedItem {
  readonly keyHash: string;
  readonly itemHash: string;
  /** The key as DynamoDB JSON; empty where it is not known. */
  readonly keyText: string;
}

/** Characters of lines that wait for their shelf. All shelves of both sides hold some tens of megabytes at most. */
const UNWRITTEN_CHARACTERS_MAX = 32 * 1024;
const HASH_DIGITS = 32;

export class ItemShelves {
  readonly digests: RangeDigests = new RangeDigests();
  readonly #scratch: Scratch;
  readonly #side: string;
  readonly #unwritten: Map<number, string> = new Map();

  constructor(scratch: Scratch, side: string) {
    this.#scratch = scratch;
    this.#side = side;
  }

  /** Takes items in. JSON text has no line feed, so that each item is one line. */
  async put(items: readonly ShelvedItem[]): Promise<void> {
    const full = new Set<number>();
    for (const { keyHash, itemHash, keyText } of items) {
      const range = rangeOf(keyHash);
      const shelf = shelfOf(range);
      this.digests.add(range, itemHash);
      const unwritten = `${this.#unwritten.get(shelf) ?? ""}${keyHash}${itemHash}${keyText}\n`;
      this.#unwritten.set(shelf, unwritten);
      if (unwritten.length >= UNWRITTEN_CHARACTERS_MAX) full.add(shelf);
    }
    for (const shelf of full) await this.#flush(shelf);
  }

  /** The items of these ranges, each as often as it was put. */
  async *items(group: RangeGroup): AsyncGenerator<ShelvedItem> {
    await this.#flush(group.shelf);
    let rest = "";
    for await (const piece of this.#scratch.read(this.#name(group.shelf))) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (group.ranges.has(rangeOf(line))) yield shelvedItem(line);
      }
    }
  }

  async #flush(shelf: number): Promise<void> {
    const unwritten = this.#unwritten.get(shelf);
    // Before the wait: what is put meanwhile begins a new batch.
    this.#unwritten.delete(shelf);
    if (unwritten !== undefined) await this.#scratch.append(this.#name(shelf), unwritten);
  }

  #name(shelf: number): string {
    return `${this.#side}-${shelf}`;
  }
}

function shelvedItem(line: string): ShelvedItem {
  return {
    keyHash: line.slice(0, HASH_DIGITS),
    itemHash: line.slice(HASH_DIGITS, 2 * HASH_DIGITS),
    keyText: line.slice(2 * HASH_DIGITS),
  };
}
