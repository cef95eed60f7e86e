/** Small files of a lake table that hold what is so now: each is replaced as a whole. */
import type { z } from "zod";
import { DynalakeError } from "../error.ts";
import { LAKE_FORMAT } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";

export interface StateFile<T> {
  readonly type: z.ZodType<T>;
  /** What it tells, for people. */
  readonly tells: string;
  /** What to do where it cannot be read. */
  readonly next?: string;
}

/** What the file holds, or undefined where there is none; throws LAKE_NEWER or LAKE_DAMAGED, naming `path`. */
export async function readState<T>(
  store: ObjectStore,
  path: string,
  { type, tells, next }: StateFile<T>,
): Promise<T | undefined> {
  const content = await store.read(path);
  if (content === undefined) return undefined;
  const damaged = (cause: unknown): DynalakeError =>
    new DynalakeError("LAKE_DAMAGED", `${path} does not tell ${tells}`, {
      cause,
      ...(next === undefined ? {} : { next }),
    });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(content));
  } catch (cause) {
    throw damaged(cause);
  }
  const format = (json as { readonly format?: unknown } | null)?.format;
  if (typeof format === "number" && format > LAKE_FORMAT)
    throw new DynalakeError("LAKE_NEWER", `${path} has format ${format}`);
  const result = type.safeParse(json);
  if (result.success) return result.data;
  throw damaged(result.error);
}

export async function saveState(store: ObjectStore, path: string, state: object): Promise<void> {
  const text = `${JSON.stringify({ format: LAKE_FORMAT, ...state })}\n`;
  await store.replace(path, new TextEncoder().encode(text));
}
