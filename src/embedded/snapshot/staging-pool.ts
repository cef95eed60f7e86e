/** Stages or observes the data files of an export: those of a large one on worker threads, of a small one right here. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { DynalakeError, type ErrorCode } from "../../core/error.ts";
import type { Inference } from "../../core/infer/inference.ts";
import type { Kinds } from "../../core/infer/split.ts";
import { rowCodec } from "../../core/row/row.ts";
import { lineWriter } from "../../core/row/wire-line.ts";
import type { Schema, SchemaFile } from "../../core/schema/schema.ts";
import type { KeySchema } from "../../core/values/key.ts";
import type { Transcoded } from "../../transcode/transcode.ts";
import { type Observation, observeKinds, observeTable } from "../exports/observation.ts";
import { ALL_LINES, observePart } from "../exports/observe-part.ts";
import { type StagingTask, stageFile } from "./stage-file.ts";
import { openStagingFiles, type StagingPlace } from "./staging-files.ts";

/** What a worker does with each file: stage its rows, or observe its items. */
export type WorkerSetup =
  | {
      readonly kind: "stage";
      readonly schemaFile: SchemaFile;
      readonly maskKey: Uint8Array | undefined;
      readonly place: StagingPlace;
      /** Which of the writers it is. */
      readonly number: number;
    }
  | ObservingSetup;

/** With `splitBy` items are observed by the kinds that this attribute tells apart. */
interface ObservingSetup {
  readonly kind: "observe";
  readonly key: KeySchema;
  readonly splitBy?: string | undefined;
}

export type WorkerAnswer =
  | { readonly done: Transcoded | Inference | Kinds }
  | { readonly failure: { readonly code: ErrorCode; readonly message: string; readonly next: string } };

export interface StagingJob {
  readonly schema: Schema;
  readonly maskKey: Uint8Array | undefined;
  readonly tasks: readonly StagingTask[];
  readonly place: StagingPlace;
  readonly threads: number;
  readonly onDone: (transcoded: Transcoded) => void;
  readonly signal?: AbortSignal;
}

/** Fewer items than this are not worth the start of a thread. */
const ITEMS_PER_THREAD_MIN = 20_000;

/** Runs all tasks; returns how many writers shared them. The first failure ends the rest, and so does an aborted signal, with its reason. */
export async function stageAll(job: StagingJob): Promise<number> {
  const { schema, maskKey, place } = job;
  const setup = (number: number): WorkerSetup => ({
    kind: "stage",
    schemaFile: schema.file,
    maskKey,
    place,
    number,
  });
  const threads = await onThreads(job, setup, (done) => job.onDone(done as Transcoded));
  if (threads > 0) return threads;
  await stageHere(job);
  return 1;
}

export interface ObservingJob<T> {
  readonly key: KeySchema;
  readonly tasks: readonly StagingTask[];
  readonly threads: number;
  readonly onDone: (observed: T) => void;
  readonly signal: AbortSignal;
}

/** Observes the items of all files. Fails as `stageAll` does. */
export function observeAll(job: ObservingJob<Inference>): Promise<void> {
  return observeFiles(job, { kind: "observe", key: job.key });
}

/** The same by the kinds that the attribute tells apart. */
export function observeAllKinds(job: ObservingJob<Kinds>, splitBy: string): Promise<void> {
  return observeFiles(job, { kind: "observe", key: job.key, splitBy });
}

async function observeFiles<T extends Inference | Kinds>(
  job: ObservingJob<T>,
  setup: ObservingSetup,
): Promise<void> {
  const threads = await onThreads(
    job,
    () => setup,
    (done) => job.onDone(done as T),
  );
  if (threads > 0) return;
  for (const { source } of job.tasks) job.onDone((await observeFile(setup, source, job.signal)) as T);
}

/** What a worker does, or the only thread. */
export async function observeFile(
  { key, splitBy }: ObservingSetup,
  file: string,
  signal?: AbortSignal,
): Promise<Inference | Kinds> {
  const { found, see }: Observation<Inference | Kinds> =
    splitBy === undefined ? observeTable(key) : observeKinds(key, splitBy);
  await observePart(see, file, ALL_LINES, signal);
  return found;
}

/** Runs the tasks on worker threads; returns how many there were: 0 where nothing was done, since they are not worth it. */
async function onThreads(
  job: Pick<StagingJob, "tasks" | "threads" | "signal">,
  setupOf: (number: number) => WorkerSetup,
  onDone: (done: Transcoded | Inference | Kinds) => void,
): Promise<number> {
  const items = job.tasks.reduce((sum, task) => sum + task.itemCount, 0);
  const threads = Math.min(job.threads, job.tasks.length, Math.floor(items / ITEMS_PER_THREAD_MIN));
  const script = workerScript();
  if (threads === 0 || script === undefined) return 0;
  const workers = Array.from(
    { length: threads },
    (_, number) => new Worker(script, { workerData: setupOf(number) }),
  );
  const terminate = (): Promise<unknown> => Promise.all(workers.map((worker) => worker.terminate()));
  job.signal?.addEventListener("abort", terminate, { once: true });
  const left = [...job.tasks];
  try {
    await Promise.all(workers.map((worker) => work(worker, left, onDone)));
  } catch (error) {
    job.signal?.throwIfAborted();
    throw error;
  } finally {
    job.signal?.removeEventListener("abort", terminate);
    await terminate();
  }
  return threads;
}

async function stageHere({ schema, maskKey, tasks, place, onDone, signal }: StagingJob): Promise<void> {
  const writer = lineWriter(rowCodec(schema, maskKey));
  const files = await openStagingFiles(place, 0, schema);
  try {
    for (const task of tasks) onDone(await stageFile(writer, task, files.writer, signal));
  } finally {
    await files.close();
  }
}

async function work(
  worker: Worker,
  left: StagingTask[],
  onDone: (done: Transcoded | Inference | Kinds) => void,
): Promise<void> {
  for (let task = left.shift(); task !== undefined; task = left.shift()) {
    const answer = await ask(worker, task);
    if ("failure" in answer) {
      left.length = 0;
      throw new DynalakeError(answer.failure.code, answer.failure.message, { next: answer.failure.next });
    }
    onDone(answer.done);
  }
}

function ask(worker: Worker, task: StagingTask): Promise<WorkerAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (settled: () => void): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      settled();
    };
    const onMessage = (answer: WorkerAnswer): void => settle(() => resolve(answer));
    const onError = (error: unknown): void => settle(() => reject(error));
    const onExit = (): void => settle(() => reject(new Error("a staging thread ended")));
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(task);
  });
}

/** The built worker beside the built command line; undefined when the sources run unbuilt. */
function workerScript(): string | undefined {
  for (const place of ["../staging-worker.js", "./staging-worker.js"]) {
    const script = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(script)) return script;
  }
  return undefined;
}
