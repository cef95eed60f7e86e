/** How far a table's stream has been read and delivered: saved only after the delivery. */
import { z } from "zod";
import { DynalakeError } from "./error.ts";
import { positionPath } from "./lake-path.ts";
import { LAKE_FORMAT, momentFile } from "./manifest.ts";
import type { StreamPosition } from "./ports/change-source.ts";
import type { ObjectStore } from "./ports/object-store.ts";

export interface ReadingState {
  readonly position: StreamPosition;
  readonly savedAtSeconds: number;
  /** When the reader last saw the end of the stream, with everything before it delivered. */
  readonly caughtUpAtSeconds: number | undefined;
  /** The newest `_changed_at` that was delivered. */
  readonly newestChangeSeconds: number | undefined;
}

const stateFile = z.object({
  format: z.number().int(),
  position: z.object({
    streamArn: z.string(),
    shards: z.record(
      z.string(),
      z.object({ parent: z.string().optional(), after: z.string().optional(), finished: z.boolean() }),
    ),
  }),
  savedAtSeconds: momentFile,
  caughtUpAtSeconds: momentFile.optional(),
  newestChangeSeconds: momentFile.optional(),
});

/** The saved state, or undefined where the stream has never been read; throws LAKE_NEWER or LAKE_DAMAGED. */
export async function readReadingState(store: ObjectStore, table: string): Promise<ReadingState | undefined> {
  const path = positionPath(table);
  const content = await store.read(path);
  if (content === undefined) return undefined;
  const damaged = (cause: unknown): DynalakeError =>
    new DynalakeError("LAKE_DAMAGED", `${path} does not tell a position`, { cause });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(content));
  } catch (cause) {
    throw damaged(cause);
  }
  const format = (json as { readonly format?: unknown } | null)?.format;
  if (typeof format === "number" && format > LAKE_FORMAT)
    throw new DynalakeError("LAKE_NEWER", `${path} has format ${format}`);
  const result = stateFile.safeParse(json);
  if (!result.success) throw damaged(result.error);
  const { position, savedAtSeconds, caughtUpAtSeconds, newestChangeSeconds } = result.data;
  return { position: position as StreamPosition, savedAtSeconds, caughtUpAtSeconds, newestChangeSeconds };
}

export async function saveReadingState(
  store: ObjectStore,
  table: string,
  state: ReadingState,
): Promise<void> {
  const text = `${JSON.stringify({ format: LAKE_FORMAT, ...state })}\n`;
  await store.replace(positionPath(table), new TextEncoder().encode(text));
}
