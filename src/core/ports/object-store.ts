/**
 * Where the small objects of a lake are stored (manifests, checkpoints, schemas, quarantine), and its large ones listed and
 * removed. Paths are relative to the lake, use "/" as separator, and never leave it.
 */
import { DynalakeError } from "../error.ts";

export interface ObjectStore {
  /**
   * The whole object, or undefined if there is none. Fails with INTERNAL on a path that leaves the lake, and with STORE_FAILED for
   * an object of more than `READ_BYTES_MAX` bytes, before it is read.
   */
  read(path: string): Promise<Uint8Array | undefined>;

  /**
   * The objects whose path starts with `prefix` (a folder, ending in "/"), in the order of their paths. Objects that are
   * still being written are never listed. A folder that does not exist is empty. Fails with STORE_FAILED for more than `LISTED_MAX`
   * objects, where a service lists them page by page.
   */
  list(prefix: string): Promise<readonly StoredObject[]>;

  /**
   * Only the paths of what `list` gives, those after `after`, which is not one of them itself: sizes and times are not asked for, and
   * folders before it are not read. Fails as `list` does.
   */
  names(prefix: string, after?: string): Promise<readonly string[]>;

  /** The names of the folders directly in `prefix`, sorted. A folder that does not exist has none. */
  folders(prefix: string): Promise<readonly string[]>;

  /**
   * Creates the object, whole and durable, or leaves an existing one alone. Of several racing calls exactly one returns
   * "created". After a failure the object is either absent or whole: the caller has to check.
   */
  create(path: string, content: Uint8Array): Promise<"created" | "exists">;

  /** Creates or replaces the object, whole and durable. A reader sees the old content or the new, never a mixture. */
  replace(path: string, content: Uint8Array): Promise<void>;

  /** Removes the objects. A missing object is not an error. Not atomic across several paths. */
  remove(paths: readonly string[]): Promise<void>;
}

/** Only small objects are read whole: schemas, manifests, the lists of an export. */
export const READ_BYTES_MAX: number = 256 * 1024 * 1024;

/** A listing is held in memory. */
export const LISTED_MAX: number = 2_000_000;

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

/** The path, unchanged; fails with INTERNAL if it leaves the store. Every adapter calls this first. */
export function pathInside(path: string): string {
  const parts = path.split("/");
  const leaves = path.startsWith("/") || parts.includes("..") || parts.includes(".");
  // breakage: paths-stay-in-lake
  if (leaves || path.includes("\\") || path.includes("\0"))
    throw new DynalakeError("INTERNAL", "the path leaves the lake");
  return path;
}
