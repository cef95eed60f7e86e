/** An object store in memory, fast enough for a simulation of many steps. Objects that only an engine reads hold rows. */
import { type ObjectStore, pathInside, type StoredObject } from "../../src/core/ports/object-store.ts";
import type { SqlRow } from "./sql-evaluation.ts";

interface Kept {
  readonly content: Uint8Array;
  readonly rows: readonly SqlRow[] | undefined;
  readonly modifiedMs: number;
}

const NOTHING = new Uint8Array(0);

export class LakeStore implements ObjectStore {
  readonly #objects: Map<string, Kept> = new Map();
  /** The same paths, sorted. */
  readonly #paths: string[] = [];
  readonly #nowMs: () => number;
  readonly #onWritten: (path: string, content: Uint8Array) => void;
  /** Counts the writes that change the answers of queries. */
  version = 0;

  constructor(nowMs: () => number, onWritten: (path: string, content: Uint8Array) => void) {
    this.#nowMs = nowMs;
    this.#onWritten = onWritten;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.#objects.get(pathInside(path))?.content;
  }

  async list(prefix: string): Promise<readonly StoredObject[]> {
    pathInside(prefix);
    return this.paths(prefix).map((path) => {
      const { content, rows, modifiedMs } = this.#objects.get(path) as Kept;
      return { path, bytes: rows?.length ?? content.length, modifiedMs };
    });
  }

  async names(prefix: string, after = ""): Promise<readonly string[]> {
    return this.paths(pathInside(prefix)).filter((path) => path > after);
  }

  async folders(prefix: string): Promise<readonly string[]> {
    pathInside(prefix);
    const names = new Set<string>();
    for (const path of this.paths(prefix)) {
      const end = path.indexOf("/", prefix.length);
      if (end !== -1) names.add(path.slice(prefix.length, end));
    }
    return [...names];
  }

  async create(path: string, content: Uint8Array): Promise<"created" | "exists"> {
    if (this.#objects.has(pathInside(path))) return "exists";
    this.#put(path, content, undefined);
    this.#onWritten(path, content);
    return "created";
  }

  async replace(path: string, content: Uint8Array): Promise<void> {
    const { version } = this;
    this.#put(pathInside(path), content, undefined);
    // Only small files, never data, are replaced.
    this.version = version;
    this.#onWritten(path, content);
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      if (!this.#objects.delete(pathInside(path))) continue;
      this.#paths.splice(this.#place(path), 1);
      this.version++;
    }
  }

  text(path: string): string | undefined {
    const object = this.#objects.get(path);
    return object && new TextDecoder().decode(object.content);
  }

  putRows(path: string, rows: readonly SqlRow[]): void {
    this.#put(path, NOTHING, rows);
  }

  /** The rows of an object; undefined if it does not exist. */
  rows(path: string): readonly SqlRow[] | undefined {
    return this.#objects.get(path)?.rows;
  }

  paths(prefix = ""): readonly string[] {
    const from = this.#place(prefix);
    let below = from;
    while (below < this.#paths.length && (this.#paths[below] as string).startsWith(prefix)) below++;
    return this.#paths.slice(from, below);
  }

  #put(path: string, content: Uint8Array, rows: readonly SqlRow[] | undefined): void {
    if (!this.#objects.has(path)) this.#paths.splice(this.#place(path), 0, path);
    this.#objects.set(path, { content, rows, modifiedMs: this.#nowMs() });
    this.version++;
  }

  /** The index of the path, or where it would be inserted. */
  #place(path: string): number {
    let low = 0;
    let high = this.#paths.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#paths[middle] as string) < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
