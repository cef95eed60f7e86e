/** Stages data files of an export on this thread, and reads back what was staged. */
import { mkdir, readFile } from "node:fs/promises";
import type { LineWriter } from "../../src/core/row/wire-line.ts";
import { type StagingTask, stageFile } from "../../src/embedded/snapshot/stage-file.ts";
import {
  openStagingFiles,
  type StagingPlace,
  stagedFiles,
} from "../../src/embedded/snapshot/staging-files.ts";
import type { Transcoded } from "../../src/transcode/transcode.ts";

export async function stageInto(
  place: StagingPlace,
  writer: LineWriter,
  tasks: readonly StagingTask[],
): Promise<readonly Transcoded[]> {
  await mkdir(place.folder, { recursive: true });
  const files = await openStagingFiles(place, 0, writer.codec.schema);
  try {
    const done: Transcoded[] = [];
    for (const task of tasks) done.push(await stageFile(writer, task, files.writer));
    return done;
  } finally {
    await files.close();
  }
}

/** The staged text of each split. */
export async function stagedTexts(place: StagingPlace, writers: number): Promise<readonly string[]> {
  const texts: string[] = [];
  for (let split = 0; split < place.splits; split++) {
    const files = stagedFiles(place, writers, { from: split, below: split + 1 });
    texts.push((await Promise.all(files.map((file) => readFile(file, "utf8")))).join(""));
  }
  return texts;
}
