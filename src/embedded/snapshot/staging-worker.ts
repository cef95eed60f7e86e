/** A worker thread that stages data files one by one, as `staging-pool.ts` hands them out. */
import { parentPort, workerData } from "node:worker_threads";
import { DynalakeError } from "../../core/error.ts";
import { rowCodec } from "../../core/row/row.ts";
import { lineWriter } from "../../core/row/wire-line.ts";
import { parseSchema } from "../../core/schema/schema.ts";
import { type StagingTask, stageFile } from "./stage-file.ts";
import { openStagingFiles } from "./staging-files.ts";
import type { WorkerAnswer, WorkerSetup } from "./staging-pool.ts";

const { schemaFile, maskKey, place, number } = workerData as WorkerSetup;
const schema = parseSchema(schemaFile, "the lake's schema");
const writer = lineWriter(rowCodec(schema, maskKey));
/** Closed by the end of the thread. */
const opening = openStagingFiles(place, number, schema);
// The first task reports the failure.
opening.catch(() => undefined);

parentPort?.on("message", async (task: StagingTask) => {
  parentPort?.postMessage(await answer(task));
});

async function answer(task: StagingTask): Promise<WorkerAnswer> {
  try {
    return { transcoded: await stageFile(writer, task, (await opening).writer) };
  } catch (error) {
    if (!(error instanceof DynalakeError)) throw error;
    return { failure: { code: error.code, message: error.message, next: error.next } };
  }
}
