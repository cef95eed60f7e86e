/**
 * Where a lake's small objects live (manifests, checkpoints, schema, quarantine) and where its large ones are listed and
 * removed. Paths are relative to the lake, separated by "/", and never leave it.
 */
import { DynalakeError } from "../error.ts";

export interface ObjectStore {
  /**
   * The whole object, or undefined if there is none. Fails with INTERNAL on a path that leaves the lake, and with STORE_FAILED for
   * an object of more than `READ_BYTES_MAX` bytes, before it is read.
   */
  read(path: string): Promise<Uint8Array | undefined>;

  /**
   * All objects whose path starts with `prefix` (a folder, ending in "/"), in the order of their paths. Objects that
   * are being written are never listed. A folder that does not exist is empty.
   */
  list(prefix: string): Promise<readonly StoredObject[]>;

  /** The names of the folders directly below `prefix`, in order. A folder that does not exist has none. */
  folders(prefix: string): Promise<readonly string[]>;

  /**
   * Creates the object whole and durable, or leaves the existing one alone. Of several racing calls exactly one answers
   * "created". When the call fails the object is either absent or whole: the caller has to look.
   */
  create(path: string, content: Uint8Array): Promise<"created" | "exists">;

  /** Creates or replaces the object, whole and durable; a reader sees the old or the new content, never a mixture. */
  replace(path: string, content: Uint8Array): Promise<void>;

  /** Removes the objects. One that is not there is no error. Not atomic over several paths. */
  remove(paths: readonly string[]): Promise<void>;
}

/** What is read whole is small: schemas, manifests, the lists of an export. */
export const READ_BYTES_MAX: number = 256 * 1024 * 1024;

/** The failure of a read, by the object's name in messages, that would take more memory than that. */
export function tooLarge(name: string, bytes: number): DynalakeError {
  const sizes = `it has ${bytes} bytes, and at most ${READ_BYTES_MAX} are read`;
  return new DynalakeError("STORE_FAILED", `cannot read ${name}: ${sizes}`);
}

export interface StoredObject {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly modifiedMs: number;
}

/** A path as it is, or INTERNAL where it would leave the store: every adapter asks this first. */
export function pathInside(path: string): string {
  const parts = path.split("/");
  const leaves = path.startsWith("/") || parts.includes("..") || parts.includes(".");
  if (leaves || path.includes("\\") || path.includes("\0"))
    throw new DynalakeError("INTERNAL", "a path leaves the lake");
  return path;
}
