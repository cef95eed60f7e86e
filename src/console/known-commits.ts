/** The commits of a table, each read once: a manifest never changes. */
import type { ObjectStore } from "../core/ports/object-store.ts";
import { manifestSequences, readManifest } from "../core/table/commits.ts";
import { type CommitSegments, commitSegments } from "./commit-layers.ts";

/** A commit a minute for a day, and some. */
const COMMITS_MAX = 1_500;

export class KnownCommits {
  readonly #store: ObjectStore;
  readonly #table: string;
  #known: ReadonlyMap<number, CommitSegments> = new Map();

  constructor(store: ObjectStore, table: string) {
    this.#store = store;
    this.#table = table;
  }

  /** The commits since a time, and the one that held then, oldest first. */
  async since(fromSeconds: number): Promise<readonly CommitSegments[]> {
    const sequences = (await manifestSequences(this.#store, this.#table)).slice(-COMMITS_MAX);
    const commits: CommitSegments[] = [];
    for (const sequence of sequences.toReversed()) {
      const commit = this.#known.get(sequence) ?? (await this.#read(sequence));
      if (commit === undefined) break;
      commits.unshift(commit);
      if (commit.atSeconds < fromSeconds) break;
    }
    this.#known = new Map(commits.map((commit) => [commit.number, commit]));
    return commits;
  }

  async #read(sequence: number): Promise<CommitSegments | undefined> {
    const manifest = await readManifest(this.#store, this.#table, sequence);
    return manifest && commitSegments(manifest);
  }
}
