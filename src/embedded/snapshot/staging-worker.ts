/** A worker thread that stages or observes data files one by one, as `staging-pool.ts` hands them out. */
import { parentPort, workerData } from "node:worker_threads";
import { DynalakeError } from "../../core/error.ts";
import type { Inference } from "../../core/infer/inference.ts";
import type { Kinds } from "../../core/infer/split.ts";
import { rowCodec } from "../../core/row/row.ts";
import { lineWriter } from "../../core/row/wire-line.ts";
import { parseStoredSchema } from "../../core/schema/schema.ts";
import type { Transcoded } from "../../transcode/transcode.ts";
import { type StagingTask, stageFile } from "./stage-file.ts";
import { openStagingFiles } from "./staging-files.ts";
import { observeFile, type WorkerAnswer, type WorkerSetup } from "./staging-pool.ts";

type Work = (task: StagingTask) => Promise<Transcoded | Inference | Kinds>;

const run = workOf(workerData as WorkerSetup);

parentPort?.on("message", async (task: StagingTask) => {
  parentPort?.postMessage(await answer(task));
});

function workOf(setup: WorkerSetup): Work {
  if (setup.kind === "observe") return ({ source }) => observeFile(setup, source);
  const { schemaFile, maskKey, place, number } = setup;
  const schema = parseStoredSchema(schemaFile, "the lake's schema");
  const writer = lineWriter(rowCodec(schema, maskKey));
  /** Closed by the end of the thread. */
  const opening = openStagingFiles(place, number, schema);
  // The first task reports the failure.
  opening.catch(() => undefined);
  return async (task) => stageFile(writer, task, (await opening).writer);
}

async function answer(task: StagingTask): Promise<WorkerAnswer> {
  try {
    return { done: await run(task) };
  } catch (error) {
    if (!(error instanceof DynalakeError)) throw error;
    return { failure: { code: error.code, message: error.message, next: error.next } };
  }
}
