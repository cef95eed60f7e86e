/** The files of staged wire rows on this machine: each thread that stages has one for each split of the rows. */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { lineSplit } from "../../core/row/line-split.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { NumberRange } from "../../core/schema/staging-splits.ts";
import { fileError } from "../../files/file-error.ts";
import { writeAll } from "../../files/write-all.ts";
import { SplitWriter } from "../../transcode/split-writer.ts";

export interface StagingPlace {
  readonly folder: string;
  readonly splits: number;
}

/** The files of some splits that so many writers have written, JSON lines. Not synced: an interrupted snapshot starts anew. */
export function stagedFiles(place: StagingPlace, writers: number, splits: NumberRange): readonly string[] {
  const files: string[] = [];
  for (let split = splits.from; split < splits.below; split++)
    for (let writer = 0; writer < writers; writer++) files.push(stagedFile(place, writer, split));
  return files;
}

function stagedFile({ folder }: StagingPlace, writer: number, split: number): string {
  return join(folder, `${writer}-${String(split).padStart(4, "0")}.jsonl`);
}

/** One writer's files, which are there from the beginning. */
export interface StagingFiles {
  readonly writer: SplitWriter;
  close(): Promise<void>;
}

export async function openStagingFiles(
  place: StagingPlace,
  writer: number,
  schema: Schema,
): Promise<StagingFiles> {
  const files: FileHandle[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(files.map((file) => file.close()));
  };
  const named = (split: number): string => stagedFile(place, writer, split);
  for (let split = 0; split < place.splits; split++) {
    const file = await open(named(split), "wx").catch(async (error: unknown) => {
      await close();
      throw fileError(error, named(split));
    });
    files.push(file);
  }
  const write = (split: number, bytes: Uint8Array): Promise<void> =>
    writeAll(files[split] as FileHandle, bytes).catch((error: unknown) => {
      throw fileError(error, named(split));
    });
  return { writer: new SplitWriter(place.splits, lineSplit(schema, place.splits), write), close };
}
