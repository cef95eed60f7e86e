/** An object store whose requests are counted, by what is done and by the kind of the object or folder. */
import type { ObjectStore } from "../../src/core/ports/object-store.ts";

/** How many requests of each kind, as { "list manifest": 1, "read schema": 1 }. */
export type Requests = Readonly<Record<string, number>>;

export class RequestCounter {
  readonly #counts: Map<string, number> = new Map();

  count(operation: keyof ObjectStore, path: string): void {
    const request = `${operation} ${kindOf(path)}`;
    this.#counts.set(request, (this.#counts.get(request) ?? 0) + 1);
  }

  /** What was requested since the last call. */
  take(): Requests {
    const counts = Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
    this.#counts.clear();
    return counts;
  }
}

/** The store with its requests counted. Removing several objects is one request, removing none is none. */
export function countingStore(store: ObjectStore, counter: RequestCounter): ObjectStore {
  return {
    read: (path) => {
      counter.count("read", path);
      return store.read(path);
    },
    list: (prefix) => {
      counter.count("list", prefix);
      return store.list(prefix);
    },
    names: (prefix, after) => {
      counter.count("list", prefix);
      return store.names(prefix, after);
    },
    folders: (prefix) => {
      counter.count("folders", prefix);
      return store.folders(prefix);
    },
    create: (path, content) => {
      counter.count("create", path);
      return store.create(path, content);
    },
    replace: (path, content) => {
      counter.count("replace", path);
      return store.replace(path, content);
    },
    remove: async (paths) => {
      if (paths[0] !== undefined) counter.count("remove", paths[0]);
      await store.remove(paths);
    },
  };
}

/**
 * `t/manifest/000000000001.json` is of the kind "manifest", `t/schema.json` of the kind "schema", the folder of all tables of
 * the kind "tables"; what a deployment keeps outside of the tables has kinds of its own.
 */
function kindOf(path: string): string {
  if (path.startsWith("aws/lambda/")) return "failed batches";
  if (path.startsWith("_registry/")) return "registry";
  if (path.startsWith("_exports/")) return "exports";
  const [, name = ""] = path.split("/");
  return name === "" ? "tables" : name.replace(/\.json$/, "");
}
