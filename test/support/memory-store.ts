/** An object store in memory that fails, or dies with its process, as a test requests. */
import { type ObjectStore, pathInside, type StoredObject } from "../../src/core/ports/object-store.ts";

export type StoreOperation = keyof ObjectStore;

/** "before": the operation is not done. "after": it is done, and its answer is lost. */
export type Moment = "before" | "after";

interface Fault {
  readonly operation: StoreOperation;
  readonly path: RegExp;
  readonly moment: Moment;
  readonly meet: () => Promise<void> | void;
}

/** The answer of every operation once the process has died: none. */
export class Died extends Error {}

export class MemoryStore implements ObjectStore {
  readonly objects: Map<string, { readonly content: Uint8Array; readonly modifiedMs: number }> = new Map();
  /** Every operation so far, as "create t/manifest/000000000001.json". */
  readonly calls: string[] = [];
  nowMs: () => number = () => Date.now();
  #faults: Fault[] = [];
  #death: { readonly call: number; readonly moment: Moment } | undefined;
  #dead = false;

  /** Lets the next operation of this kind on a matching path fail. */
  failOnce(
    operation: StoreOperation,
    path: RegExp,
    moment: Moment,
    error: Error = new Error("no answer"),
  ): void {
    this.meetOnce(operation, path, moment, () => {
      throw error;
    });
  }

  /** Runs something right before or after the next operation of this kind on a matching path. */
  meetOnce(operation: StoreOperation, path: RegExp, moment: Moment, meet: Fault["meet"]): void {
    this.#faults.push({ operation, path, moment, meet });
  }

  /** Lets the process die at this operation, counting from 0 from now on. */
  dieAt(call: number, moment: Moment): void {
    this.#death = { call: this.calls.length + call, moment };
  }

  /** The store as the next process finds it. */
  revive(): void {
    this.#dead = false;
    this.#death = undefined;
    this.#faults = [];
  }

  get dead(): boolean {
    return this.#dead;
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return this.#operate("read", path, () => this.objects.get(path)?.content.slice());
  }

  list(prefix: string): Promise<readonly StoredObject[]> {
    return this.#operate("list", prefix, () =>
      [...this.objects]
        .filter(([path]) => path.startsWith(prefix))
        .map(([path, { content, modifiedMs }]) => ({ path, bytes: content.length, modifiedMs }))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
    );
  }

  names(prefix: string, after = ""): Promise<readonly string[]> {
    return this.#operate("names", prefix, () => this.paths(prefix).filter((path) => path > after));
  }

  folders(prefix: string): Promise<readonly string[]> {
    return this.#operate("folders", prefix, () => {
      const below = [...this.objects.keys()].filter((path) => path.startsWith(prefix));
      const names = below.map((path) => path.slice(prefix.length).split("/"));
      return [...new Set(names.filter((parts) => parts.length > 1).map(([name = ""]) => name))].sort();
    });
  }

  create(path: string, content: Uint8Array): Promise<"created" | "exists"> {
    return this.#operate("create", path, () => {
      if (this.objects.has(path)) return "exists";
      this.#put(path, content);
      return "created";
    });
  }

  replace(path: string, content: Uint8Array): Promise<void> {
    return this.#operate("replace", path, () => this.#put(path, content));
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.#operate("remove", path, () => void this.objects.delete(path));
  }

  /** The paths of all objects, sorted. */
  paths(prefix = ""): readonly string[] {
    return [...this.objects.keys()].filter((path) => path.startsWith(prefix)).sort();
  }

  /** Writes an object, which is neither counted nor fails. */
  plant(path: string, text: string, modifiedMs: number = this.nowMs()): void {
    this.objects.set(path, { content: new TextEncoder().encode(text), modifiedMs });
  }

  text(path: string): string | undefined {
    const object = this.objects.get(path);
    return object && new TextDecoder().decode(object.content);
  }

  #put(path: string, content: Uint8Array): void {
    this.objects.set(path, { content: content.slice(), modifiedMs: this.nowMs() });
  }

  async #operate<T>(operation: StoreOperation, path: string, run: () => T): Promise<T> {
    pathInside(path);
    await Promise.resolve();
    if (this.#dead) throw new Died("the process is dead");
    const call = this.calls.push(`${operation} ${path}`) - 1;
    await this.#meet(operation, path, "before", call);
    const answer = run();
    await this.#meet(operation, path, "after", call);
    return answer;
  }

  async #meet(operation: StoreOperation, path: string, moment: Moment, call: number): Promise<void> {
    if (this.#death?.call === call && this.#death.moment === moment) {
      this.#dead = true;
      throw new Died(`died ${moment} ${operation} ${path}`);
    }
    const at = this.#faults.findIndex(
      (fault) => fault.operation === operation && fault.moment === moment && fault.path.test(path),
    );
    if (at === -1) return;
    const [fault] = this.#faults.splice(at, 1);
    await fault?.meet();
  }
}
