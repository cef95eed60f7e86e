/** An object store for one operation: once its signal is aborted, each request rejects with the signal's reason. */
import type { ObjectStore } from "../core/ports/object-store.ts";

export function abortableStore(store: ObjectStore, signal: AbortSignal): ObjectStore {
  const unlessAborted = async <T>(request: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    return request();
  };
  return {
    read: (path) => unlessAborted(() => store.read(path)),
    list: (prefix) => unlessAborted(() => store.list(prefix)),
    names: (prefix, after) => unlessAborted(() => store.names(prefix, after)),
    folders: (prefix) => unlessAborted(() => store.folders(prefix)),
    create: (path, content) => unlessAborted(() => store.create(path, content)),
    replace: (path, content) => unlessAborted(() => store.replace(path, content)),
    remove: (paths) => unlessAborted(() => store.remove(paths)),
  };
}
