/**
 * What the manifests of the retention window name. There can be tens of thousands of them, each with thousands of segments: a
 * vacuum that has no time for all keeps what it has read as plain data, and the next one goes on behind it.
 */
import { batchesOf } from "../batches-of.ts";
import type { Manifest } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { manifestSequences, readManifest } from "../table/commits.ts";
import type { NamedFiles } from "../table/unfinished-vacuum.ts";

const READ_AT_ONCE_MAX = 32;

export class RetentionWindow {
  readonly #store: ObjectStore;
  readonly #table: string;
  readonly #startSeconds: number;
  readonly #known: NamedFiles | undefined;
  /** The parts of each run. Manifests name mostly the same from one to the next. */
  readonly #parts: Map<string, Set<string>> = new Map();
  readonly #keptRuns: Set<string> = new Set();
  #throughSequence = 0;

  /** `known`: what was read before, of this table. */
  constructor(store: ObjectStore, table: string, startSeconds: number, known?: NamedFiles) {
    this.#store = store;
    this.#table = table;
    this.#startSeconds = startSeconds;
    this.#known = known;
  }

  /**
   * Yields the numbers of the manifests before it, in pages. A manifest is needed until its successor is older than the window: at any
   * time in the window it was the newest.
   */
  async *read(): AsyncGenerator<readonly number[]> {
    const all = await manifestSequences(this.#store, this.#table);
    this.#goOn(all);
    const sequences = all.filter((sequence) => sequence > this.#throughSequence);
    let before: Manifest | undefined;
    // Behind manifests that stay nothing goes, although it may have expired meanwhile: what holds at a time is found by their numbers.
    let hasBegun = this.#throughSequence > 0; // breakage: nothing-goes-behind-kept-manifests
    // The newest of many is read first: a lake of a newer format is left alone, before anything is removed.
    if (sequences.length > READ_AT_ONCE_MAX) await this.#manifests(sequences.slice(-1)); // breakage: newest-manifest-read-first
    for (const batch of batchesOf(sequences, READ_AT_ONCE_MAX)) {
      const expired: number[] = [];
      for (const manifest of await this.#manifests(batch)) {
        if (before !== undefined) {
          hasBegun ||= manifest.committedAtSeconds > this.#startSeconds; // breakage: commit-current-until-successor
          if (hasBegun) this.#add(before);
          else expired.push(before.sequence);
        }
        before = manifest;
      }
      const isLast = batch.at(-1) === sequences.at(-1);
      if (isLast && before !== undefined) this.#add(before);
      yield expired;
    }
  }

  /** Adds what was committed since the last reading. */
  async readNewer(): Promise<void> {
    const sequences = await manifestSequences(this.#store, this.#table);
    const newer = sequences.filter((sequence) => sequence > this.#throughSequence);
    for (const manifest of await this.#manifests(newer)) this.#add(manifest);
  }

  names(run: string, part: string): boolean {
    return this.#parts.get(run)?.has(part) === true;
  }

  keeps(run: string): boolean {
    return this.#keptRuns.has(run);
  }

  /** As far as it was read; undefined if all manifests so far have expired. */
  named(): NamedFiles | undefined {
    if (this.#throughSequence === 0) return undefined;
    return {
      throughSequence: this.#throughSequence,
      parts: Object.fromEntries([...this.#parts].map(([run, parts]) => [run, [...parts]])),
      keptRuns: [...this.#keptRuns],
    };
  }

  /** A manifest that is not there any more was one of other times, or another vacuum has shortened the window: all is read then. */
  #goOn(sequences: readonly number[]): void {
    const known = this.#known;
    if (known === undefined || !sequences.includes(known.throughSequence)) return; // breakage: names-of-other-manifests-count-for-nothing
    this.#throughSequence = known.throughSequence;
    for (const [run, parts] of Object.entries(known.parts)) this.#parts.set(run, new Set(parts));
    for (const run of known.keptRuns) this.#keptRuns.add(run);
  }

  /** One that another vacuum has removed meanwhile is left out. */
  async #manifests(sequences: readonly number[]): Promise<readonly Manifest[]> {
    const read = sequences.map((sequence) => readManifest(this.#store, this.#table, sequence));
    return (await Promise.all(read)).filter((manifest) => manifest !== undefined);
  }

  #add({ segments, sequence, snapshots }: Manifest): void {
    this.#throughSequence = sequence;
    for (const { run, part } of segments) {
      const parts = this.#parts.get(run);
      if (parts === undefined) this.#parts.set(run, new Set([part]));
      else parts.add(part);
    }
    for (const { run } of snapshots) this.#keptRuns.add(run); // breakage: kept-snapshots-named
  }
}
