/**
 * When a deployment was last seen reading its source table's stream. A reader of our own knows its place in the stream; where
 * a service reads it, somebody has to look, and this is what the last look leaves for the next one.
 */
import { z } from "zod";
import { DynalakeError } from "./error.ts";
import { streamWatchPath } from "./lake-path.ts";
import { LAKE_FORMAT, momentFile } from "./manifest.ts";
import type { ObjectStore } from "./ports/object-store.ts";

export interface StreamWatch {
  /** The stream that was being read when it was last seen; undefined where there never was one. */
  readonly streamArn: string | undefined;
  /** When it was last seen being read; before the first time, until when nothing can be missing. */
  readonly seenReadingSeconds: number;
  /** When somebody last looked. */
  readonly lookedSeconds: number;
  /** When somebody looked for the first time. */
  readonly sinceSeconds: number;
}

const seconds = momentFile.int();

const watchFile = z.object({
  format: z.number().int(),
  streamArn: z.string().optional(),
  seenReadingSeconds: seconds,
  lookedSeconds: seconds,
  sinceSeconds: seconds,
});

/** What the last look left, or undefined where nobody ever looked; throws LAKE_NEWER or LAKE_DAMAGED. */
export async function readStreamWatch(store: ObjectStore, table: string): Promise<StreamWatch | undefined> {
  const path = streamWatchPath(table);
  const content = await store.read(path);
  if (content === undefined) return undefined;
  let read: z.infer<typeof watchFile>;
  try {
    read = watchFile.parse(JSON.parse(new TextDecoder().decode(content)));
  } catch (cause) {
    throw new DynalakeError("LAKE_DAMAGED", `${path} does not tell when the stream was read`, {
      cause,
      next: "Take a new snapshot, then delete the file: it is written anew.",
    });
  }
  const { format, streamArn, ...times } = read;
  if (format > LAKE_FORMAT) throw new DynalakeError("LAKE_NEWER", `${path} has format ${format}`);
  return { streamArn, ...times };
}

export async function saveStreamWatch(store: ObjectStore, table: string, watch: StreamWatch): Promise<void> {
  const text = `${JSON.stringify({ format: LAKE_FORMAT, ...watch })}\n`;
  await store.replace(streamWatchPath(table), new TextEncoder().encode(text));
}
