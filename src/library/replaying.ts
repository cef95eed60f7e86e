/** Replaying recordings into an open lake. */
import { DynalakeError } from "../core/error.ts";
import type { RecordingToReplay } from "../embedded/delivery/replay-into.ts";
import { readRecordedFile, readRecording } from "../files/recorded-file.ts";
import type { FolderContext } from "./folder-context.ts";
import { givenFile, givenKey, givenSchema } from "./given.ts";
import { observed } from "./observed.ts";
import type { Recording, ReplayOptions, Watched } from "./options.ts";
import { followedEvents } from "./reported.ts";
import type { ReplayReport } from "./reports.ts";

export function replayRecordings(
  context: FolderContext,
  recordings: Iterable<Recording> | AsyncIterable<Recording>,
  {
    name,
    key,
    schema,
    anySource = false,
    partial = false,
    dryRun = false,
    signal,
    onEvent,
  }: ReplayOptions & Watched,
): Promise<ReplayReport> {
  return context.lifetime.run(signal, async (stop) => {
    if (typeof recordings === "string") {
      throw new DynalakeError("USAGE", "recordings are a list", { next: `Give ["${recordings}"].` });
    }
    const emit = observed(onEvent);
    // All of them are understood before anything is written.
    const read = await readAll(context.cwd, recordings, stop);
    const { foreseeReplay, replayInto } = await import("../embedded/delivery/replay-into.ts");
    const carryOut = dryRun ? foreseeReplay : replayInto; // breakage: dry-replay-delivers-nothing
    return context.withEngine(stop, async (lake) => {
      const { table, totals } = await carryOut(read, {
        lake,
        lakeName: context.name,
        name,
        given: givenSchema(context.cwd, schema),
        key: givenKey(key),
        maskKey: context.options.maskKey,
        anySource,
        partial,
        signal: stop,
        onProgress: (ofTable, { recording, done, total }) =>
          emit({ kind: "progress", table: ofTable, step: "replaying", done, total, recording }),
        onColumns: (ofTable, columns) => emit({ kind: "columns-added", table: ofTable, columns }),
        onFollowed: (ofTable, followed) => followedEvents(ofTable, followed).forEach(emit),
      });
      const { oldestChangeSeconds: _, ...counts } = totals;
      return { table, ...counts };
    });
  });
}

async function readAll(
  cwd: string,
  recordings: Iterable<Recording> | AsyncIterable<Recording>,
  signal: AbortSignal,
): Promise<readonly RecordingToReplay[]> {
  const read: RecordingToReplay[] = [];
  for await (const recording of recordings) {
    signal.throwIfAborted();
    read.push(await readOne(cwd, recording));
  }
  return read;
}

async function readOne(cwd: string, recording: Recording): Promise<RecordingToReplay> {
  if (typeof recording === "string") {
    const file = givenFile(cwd, recording);
    return { recording: await readRecordedFile(file), path: file.path };
  }
  const { name, content } = recording;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { recording: readRecording(name, bytes), path: undefined };
}
