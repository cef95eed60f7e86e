/** One side of a comparison: digests in memory, and what each item's line needs for a second look on shelves outside of it. */
import { RangeDigests, type RangeGroup, rangeOf, shelfOf } from "./verify-digest.ts";

/** Room outside of memory, for as long as one comparison takes. */
export interface Scratch {
  /** Appends UTF-8 text to what has this name. The bytes are the scratch's from then on. */
  append(name: string, text: Uint8Array): Promise<void>;
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

/** Of lines that wait for their shelf. All shelves of both sides hold 16 MB. */
const UNWRITTEN_BYTES = 32 * 1024;
const HASH_DIGITS = 32;
const encoder = new TextEncoder();

export class ItemShelves {
  readonly digests: RangeDigests = new RangeDigests();
  readonly #scratch: Scratch;
  readonly #side: string;
  readonly #unwritten: Map<number, UnwrittenLines> = new Map();

  constructor(scratch: Scratch, side: string) {
    this.#scratch = scratch;
    this.#side = side;
  }

  /** Takes items in. JSON text has no line feed, so that each item is one line. */
  async put(items: readonly ShelvedItem[]): Promise<void> {
    const full: (readonly [shelf: number, text: Uint8Array])[] = [];
    for (const { keyHash, itemHash, keyText } of items) {
      const range = rangeOf(keyHash);
      const shelf = shelfOf(range);
      this.digests.add(range, itemHash);
      const line = `${keyHash}${itemHash}${keyText}\n`;
      const lines = this.#unwritten.get(shelf) ?? new UnwrittenLines();
      this.#unwritten.set(shelf, lines);
      if (lines.add(line)) continue;
      full.push([shelf, lines.taken()]);
      if (!lines.add(line)) full.push([shelf, encoder.encode(line)]);
    }
    for (const [shelf, text] of full) await this.#scratch.append(this.#name(shelf), text);
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
    const text = this.#unwritten.get(shelf)?.taken();
    if (text !== undefined && text.length > 0) await this.#scratch.append(this.#name(shelf), text);
  }

  #name(shelf: number): string {
    return `${this.#side}-${shelf}`;
  }
}

/** In bytes: as many strings as there are lines would keep the garbage collector busy. */
class UnwrittenLines {
  #bytes: Uint8Array = new Uint8Array(UNWRITTEN_BYTES);
  #length = 0;

  /** False where there may not be enough room. */
  add(line: string): boolean {
    // A character takes at most three bytes.
    if (this.#length + line.length * 3 > this.#bytes.length) return false;
    this.#length += encoder.encodeInto(line, this.#bytes.subarray(this.#length)).written;
    return true;
  }

  /** What was added since the last call. */
  taken(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(UNWRITTEN_BYTES);
    this.#length = 0;
    return taken;
  }
}

function shelvedItem(line: string): ShelvedItem {
  return {
    keyHash: line.slice(0, HASH_DIGITS),
    itemHash: line.slice(HASH_DIGITS, 2 * HASH_DIGITS),
    keyText: line.slice(2 * HASH_DIGITS),
  };
}
