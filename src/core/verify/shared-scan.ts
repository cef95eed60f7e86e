/** One scan of a source for several comparisons: each sees every item, and behind it they go on one after the other. */
import { batchesOf } from "../batches-of.ts";
import type { VerifiedSource } from "../ports/verified.ts";

type Scan = VerifiedSource["scan"];
type Take = Parameters<Scan>[0];

/** The source of one comparison, with the scan that it shares. */
export type Sharing = (source: VerifiedSource) => VerifiedSource;

/** So many comparisons keep what they have read of the source, some 10 MB each. */
const COMPARISONS_MAX = 8;

/**
 * Runs comparisons, at most eight of one source with one scan. Gives what they return, source by source. `sourceOf`: the same text for
 * the same source. `isFirst`: of those that share a scan, whose progress is the same. The first failure ends it.
 */
export async function* comparedTogether<T, R>(
  wanted: readonly T[],
  sourceOf: (one: T) => string,
  compare: (one: T, sharing: Sharing, isFirst: boolean) => Promise<R>,
): AsyncGenerator<R> {
  for (const source of new Set(wanted.map(sourceOf))) {
    const ofSource = wanted.filter((one) => sourceOf(one) === source);
    for (const some of batchesOf(ofSource, COMPARISONS_MAX)) {
      const scan = new SharedScan(some.length);
      const running = some.map((one, i) => scan.run((sharing) => compare(one, sharing, i === 0)));
      // Each is waited for in its turn.
      for (const each of running) each.catch(() => undefined);
      for (const each of running) yield await each;
    }
  }
}

class SharedScan {
  /** Comparisons that have neither come to the scan nor ended. */
  #awaited: number;
  #scan: Scan | undefined;
  #begin: () => void = () => undefined;
  readonly #takers: Take[] = [];
  readonly #scanned: Promise<void>;
  /** The end of the last comparison in the line. */
  #last: Promise<void> = Promise.resolve();

  constructor(comparisons: number) {
    this.#awaited = comparisons;
    const begun = new Promise<void>((resolve) => {
      this.#begin = resolve;
    });
    this.#scanned = begun.then(() => this.#scanForAll());
    this.#scanned.catch(() => undefined);
  }

  async run<R>(compare: (sharing: Sharing) => Promise<R>): Promise<R> {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let hasCome = false;
    const sharing: Sharing = (source) => ({
      items: (keys) => source.items(keys),
      scan: async (take) => {
        hasCome = true;
        const before = this.#last;
        this.#last = ended;
        this.#scan ??= (each) => source.scan(each);
        this.#takers.push(take);
        this.#arrived();
        await this.#scanned;
        // Each reads its side of the lake alone.
        await before; // breakage: comparisons-take-turns
      },
    });
    try {
      return await compare(sharing);
    } finally {
      if (!hasCome) this.#arrived(); // breakage: failed-comparisons-hold-up-none
      end();
    }
  }

  #arrived(): void {
    this.#awaited--;
    if (this.#awaited === 0) this.#begin();
  }

  async #scanForAll(): Promise<void> {
    await this.#scan?.(async (items) => {
      for (const take of this.#takers) await take(items);
    });
  }
}
