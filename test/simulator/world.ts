/**
 * A table, its stream, a lake and the processes that work on it, in virtual time. A step does one thing, and has a random source
 * of its own, so that leaving steps out of a history does not change the others.
 */
import { UNDERWAY_SECONDS } from "../../src/core/compaction/compaction-policy.ts";
import { positionPath } from "../../src/core/format/lake-path.ts";
import type { Manifest } from "../../src/core/format/manifest.ts";
import type { DeliveredRow } from "../../src/core/ports/change-sink.ts";
import { parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { openTable } from "../../src/core/table/open-table.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import type { DuckdbSession } from "../../src/embedded/duckdb/duckdb-session.ts";
import { lineText } from "../support/line-text.ts";
import type { Random } from "../support/random.ts";
import { Actor, type Fate } from "./actors.ts";
import { Counts } from "./counts.ts";
import { EvolutionWatch } from "./evolution-watch.ts";
import { EvolvingEngine } from "./evolving-engine.ts";
import { evolvingFile, evolvingValue, STAGES } from "./evolving-item.ts";
import { LakeStore } from "./lake-store.ts";
import { ModelEngine, type WorldEngine } from "./model-engine.ts";
import { Buffer, modelWriter, type ObjectWriter } from "./model-sink.ts";
import { NEXT_BATCH } from "./model-source.ts";
import { type ModelChange, type ModelRecord, ModelTable } from "./model-table.ts";
import { BEFORE_ALL_COMMITS, type Commit, MARGIN_SECONDS } from "./rule.ts";
import type { Settings } from "./settings.ts";

export const TABLE = "model";

/** A broken promise. */
export class Wrong extends Error {
  /** The promise that was broken. */
  readonly promise: string;

  constructor(promise: string, message: string) {
    super(`${promise}: ${message}`);
    this.promise = promise;
  }
}

export interface Process {
  readonly kind: string;
  readonly actor: Actor;
  /** The number of objects in the log when it began. */
  readonly logAtStart: number;
  /** The items of a snapshot. */
  readonly seeded?: ReadonlyMap<number, string>;
  readonly exportTimeSeconds?: number;
  /** When it began its current work. */
  sinceSeconds: number;
  /** It keeps others from delivering. */
  locks?: boolean;
  /** Its commit brings types that do not hold the values of before. */
  replaces?: boolean;
  /** Called when it has ended. */
  onEnd?: (error: unknown) => void;
}

/** An export that has not been taken in yet. */
export interface Export {
  readonly exportTimeSeconds: number;
}

/** The longest that one piece of work takes, which Lambda, Step Functions or a lease enforces. */
const LIFETIME_SECONDS = 3000;

export class World {
  readonly settings: Settings;
  readonly counts: Counts = new Counts();
  readonly table: ModelTable;
  readonly store: LakeStore;
  readonly engine: WorldEngine;
  readonly buffer: Buffer;
  /** What must hold of the table's schemas, where they change by themselves. */
  readonly evolution: EvolutionWatch | undefined;
  /** How far the items have changed. */
  stage = 0;
  readonly writer: ObjectWriter;
  /** The schemas that processes may still use. */
  readonly schemas: Schema[];
  readonly laterSchema: Schema;
  /** The changes in the change log, by object. */
  readonly log: ModelChange[][] = [];
  readonly commits: Commit[] = [];
  readonly processes: Process[] = [];
  readonly runs: Map<string, Process> = new Map();
  /** Runs that were committed. */
  readonly committed: Set<string> = new Set();
  readonly exports: Export[] = [];
  /** Batches that were given up, which can be replayed. */
  readonly stranded: (readonly ModelRecord[])[] = [];
  /** How many records of each shard were sent to invocations. */
  readonly given: Map<string, number> = new Map();
  /** Every commit since then must exist. */
  keptSinceSeconds = 0;
  exportedAtSeconds: number | undefined;
  /** When a position in the stream was saved for the first time. */
  firstPositionSeconds: number | undefined;
  /** The changes that the stream had lost by then, unread. */
  lostBeforeReading: readonly ModelChange[] = [];
  nowSeconds: number;
  readonly #delivered: Set<ModelChange> = new Set();
  readonly #newestOfKey: Map<number, number> = new Map();
  #wrong: Wrong | undefined;
  #runs = 0;

  constructor(settings: Settings, session?: DuckdbSession) {
    this.settings = settings;
    this.nowSeconds = settings.startSeconds;
    this.table = new ModelTable(settings.firstSequence, settings.shards, this.nowSeconds);
    this.store = new LakeStore(
      () => this.nowSeconds * 1000,
      (path, content) => this.#written(path, content),
    );
    const first =
      settings.evolve === undefined
        ? modelSchema(settings.partitionBy, settings.declaresLater ? "undeclared" : "declared")
        : parseSchema(evolvingFile(TABLE, settings), "the model's schema");
    if (settings.evolve === undefined) this.engine = new ModelEngine(this.store);
    else {
      if (session === undefined) throw new Error("a history that evolves needs an engine");
      this.engine = new EvolvingEngine(this.store, session);
      this.evolution = new EvolutionWatch(first, this.counts);
    }
    this.schemas = [first];
    this.laterSchema = settings.evolve === undefined ? modelSchema(settings.partitionBy, "declared") : first;
    const names = settings.deployment === "embedded" ? "telling" : "opaque";
    this.writer = modelWriter(this.store, this.laterSchema, names);
    this.buffer = new Buffer(this.writer, this.onObject);
  }

  /** Frees what its engine holds. */
  async end(): Promise<void> {
    if (this.engine instanceof EvolvingEngine) await this.engine.drop();
  }

  /** The value of the next change. */
  nextValue(): string {
    const number = this.table.changes.length;
    return this.evolution === undefined ? `v${number}` : evolvingValue(number, this.stage);
  }

  /** From now on items are written in newer forms, too. */
  age(): boolean {
    if (this.evolution === undefined || this.stage === STAGES - 1) return false;
    this.stage++;
    return true;
  }

  async begin(): Promise<void> {
    await writeSchema(this.store, this.schemas[0] as Schema);
  }

  /** Whether a snapshot that may change the types of columns keeps others from delivering. */
  get isLocked(): boolean {
    return this.processes.some(({ locks }) => locks === true);
  }

  /** The newest commit. */
  get commit(): Commit {
    return this.commits.at(-1) ?? BEFORE_ALL_COMMITS;
  }

  isDelivered(change: ModelChange): boolean {
    return this.#delivered.has(change);
  }

  async currentSchema(): Promise<Schema> {
    return (await openTable(this.store, TABLE))?.schema ?? (this.schemas[0] as Schema);
  }

  /** Throws the broken promise that was found during another call. */
  throwWrong(): void {
    if (this.#wrong !== undefined) throw this.#wrong;
  }

  /** Advances the time. Overdue processes are stopped, and overdue buffers written, each when it is due. */
  async advance(seconds: number): Promise<void> {
    const untilSeconds = this.nowSeconds + seconds;
    for (;;) {
      const bufferDue = (this.buffer.sinceSeconds ?? Number.POSITIVE_INFINITY) + this.settings.bufferSeconds;
      if (bufferDue > untilSeconds) break;
      this.nowSeconds = Math.max(this.nowSeconds, bufferDue);
      this.stopOverdue();
      await this.buffer.flush(Number.POSITIVE_INFINITY);
    }
    this.nowSeconds = untilSeconds;
    this.stopOverdue();
    if (this.settings.deployment === "embedded")
      this.counts.add("records trimmed", this.table.trim(untilSeconds));
  }

  stopOverdue(): void {
    for (const process of [...this.processes]) {
      const isBusy = !process.actor.waitsOnlyFor(NEXT_BATCH);
      if (isBusy && this.nowSeconds - process.sinceSeconds > LIFETIME_SECONDS) this.kill(process, "timeouts");
    }
  }

  kill(process: Process, why: string): void {
    this.counts.add(why);
    process.actor.kill();
    this.#ended(process, new Error("it was killed"));
  }

  async start(process: Process, work: () => Promise<unknown>): Promise<void> {
    this.processes.push(process);
    this.counts.add(`started: ${process.kind.split(" ")[0]}`);
    await process.actor.start(work);
    this.#look(process);
  }

  newProcess(
    kind: string,
    more: Partial<Pick<Process, "seeded" | "exportTimeSeconds" | "onEnd">> = {},
  ): Process {
    const actor = new Actor(`${kind} ${++this.#runs}`);
    return { kind, actor, logAtStart: this.log.length, sinceSeconds: this.nowSeconds, ...more };
  }

  /** The name of a run identifies its process. */
  newRunOf(process: Process): () => string {
    return () => {
      const run = `${process.kind.replaceAll(/[^a-z]/g, "-")}-${++this.#runs}`;
      this.runs.set(run, process);
      return run;
    };
  }

  async go(process: Process, fate: Fate): Promise<void> {
    const { actor } = process;
    const call = actor.waitsFor ?? "";
    if (call === NEXT_BATCH) process.sinceSeconds = this.nowSeconds;
    if (fate !== "done") this.counts.add(fateCount(fate, call));
    await actor.go(fate);
    this.#look(process);
    this.throwWrong();
  }

  /** Lets it continue until it has ended or waits for its next batch. */
  async run(process: Process): Promise<void> {
    for (let calls = 0; this.processes.includes(process); calls++) {
      if (calls > 0 && process.actor.waitsOnlyFor(NEXT_BATCH)) return;
      if (calls > 10_000) throw new Wrong("an end", `${process.actor.name} does not come to one`);
      await this.go(process, "done");
    }
  }

  /** A fold found nothing to do, without a commit in between: everything in the log at its start had been folded before. */
  foldedAlready(process: Process): void {
    const { commit } = this;
    if (commit.sequence === 0 || process.logAtStart <= commit.folded) return;
    this.counts.add("folds that found nothing");
    this.commits[this.commits.length - 1] = {
      ...commit,
      folded: Math.min(process.logAtStart, commit.foldedMost),
    };
  }

  /** A run that reports a commit has committed. */
  requireCommitted(run: string | undefined): void {
    if (run !== undefined && !this.committed.has(run))
      this.#wrong ??= new Wrong("what is said to be committed", `${run} is not`);
  }

  someWaiting(random: Random): Process | undefined {
    return this.processes.length === 0 ? undefined : random.choice(this.processes);
  }

  #look(process: Process): void {
    const { outcome, dead } = process.actor;
    if (outcome !== undefined) this.#ended(process, outcome.error);
    else if (dead) this.#ended(process, new Error("it died"));
  }

  #ended(process: Process, error: unknown): void {
    const at = this.processes.indexOf(process);
    if (at === -1) return;
    this.processes.splice(at, 1);
    const kind = errorKind(error, process.kind === "apply");
    if (kind === "unexpected") {
      const stack = error instanceof Error ? error.stack : String(error);
      this.#wrong ??= new Wrong("no other error", `${process.actor.name}: ${stack}`);
    } else if (error !== undefined) this.counts.add(`ended by: ${kind}`);
    process.onEnd?.(error);
  }

  /** From now on an object of the change log can be listed. */
  readonly onObject = (rows: readonly DeliveredRow[]): void => {
    const changes = rows.map(({ line }) => {
      const { _version: version } = JSON.parse(lineText(line)) as { readonly _version: string };
      return this.table.changeOf(Number(version)) as ModelChange;
    });
    this.counts.add("objects of the change log");
    this.counts.add("delivered changes", changes.length);
    for (const change of changes) this.#countDelivered(change);
    this.log.push(changes);
  };

  #countDelivered(change: ModelChange): void {
    const { horizonSeconds, floorSeconds } = this.commit;
    if (this.#delivered.has(change)) this.counts.add("delivered again");
    else if (this.nowSeconds - change.realSeconds > 3600) this.counts.add("delivered hours late");
    if (change.timeSeconds < horizonSeconds && change.timeSeconds >= floorSeconds)
      this.counts.add("delivered behind the horizon");
    const newest = this.#newestOfKey.get(change.key) ?? 0;
    if (newest > change.sequence) this.counts.add("delivered after a newer one of its key");
    this.#newestOfKey.set(change.key, Math.max(newest, change.sequence));
    this.#delivered.add(change);
  }

  #written(path: string, content: Uint8Array): void {
    if (path === positionPath(TABLE) && this.firstPositionSeconds === undefined) {
      this.firstPositionSeconds = this.nowSeconds;
      this.lostBeforeReading = this.table.changes.filter(
        (change) => !this.isDelivered(change) && this.table.isLost(change),
      );
    }
    if (!path.startsWith(`${TABLE}/manifest/`)) return;
    const manifest = JSON.parse(new TextDecoder().decode(content));
    const process = this.runs.get(manifest.run);
    const before = this.commit;
    const { sequence, kind, committedAtSeconds, floorSeconds, horizonSeconds, segments } = manifest;
    this.counts.add(`commits: ${kind}`);
    this.committed.add(manifest.run);
    if (sequence !== before.sequence + 1 || process === undefined)
      this.#wrong ??= new Wrong("one commit after the other", `${path} is of ${manifest.run}`);
    const commit: Commit = { ...before, sequence, kind, committedAtSeconds, floorSeconds, horizonSeconds };
    this.commits.push(this.#withRows(commit, before, process as Process));
    for (const { run, part } of segments)
      if (this.store.paths(`${TABLE}/segments/${run}/${part}/`).length === 0)
        this.#wrong ??= new Wrong("segments before their commit", `${run}/${part} is not there`);
    if (this.evolution !== undefined) this.#evolved(manifest, process);
    else if (manifest.schema !== null && !this.schemas.includes(this.laterSchema))
      if (manifest.schema.attributes.V !== undefined) this.schemas.push(this.laterSchema);
  }

  #evolved(manifest: Manifest, process: Process | undefined): void {
    const { schema, fault } = (this.evolution as EvolutionWatch).committed(
      manifest,
      process?.replaces === true,
    );
    if (fault !== undefined) this.#wrong ??= new Wrong("an evolution that loses nothing", fault);
    if (schema === undefined) return;
    // Nobody has written by a schema whose rows are all replaced, and nobody will.
    if (process?.replaces === true) {
      this.schemas.length = 0;
      // Known limit: as of a time before, a change that is delivered later is not shown in columns that had another type then.
      this.keptSinceSeconds = Math.max(this.keptSinceSeconds, this.nowSeconds);
    }
    this.schemas.push(schema);
  }

  #withRows(commit: Commit, before: Commit, process: Process): Commit {
    if (commit.kind === "snapshot") {
      const floorSeconds = (process.exportTimeSeconds as number) - MARGIN_SECONDS;
      if (commit.floorSeconds !== floorSeconds || commit.horizonSeconds !== floorSeconds)
        this.#wrong ??= new Wrong("a snapshot's floor", `${commit.floorSeconds}, not ${floorSeconds}`);
      if (this.firstPositionSeconds !== undefined && before.floorSeconds === 0)
        this.counts.add("first snapshots of a table whose stream is read");
      return { ...commit, seeded: process.seeded as Map<number, string>, folded: 0, foldedMost: 0 };
    }
    if (commit.floorSeconds !== before.floorSeconds || commit.horizonSeconds < before.horizonSeconds)
      this.#wrong ??= new Wrong("times that stay", `floor ${commit.floorSeconds}, ${commit.horizonSeconds}`);
    if (commit.kind !== "minor") return commit;
    const newest = Math.max(-1, ...this.log.flat().map(({ timeSeconds }) => timeSeconds));
    const underway = before.horizonSeconds > 0 ? commit.committedAtSeconds - UNDERWAY_SECONDS : -1;
    if (commit.horizonSeconds > Math.max(before.horizonSeconds, newest + 1, underway))
      this.#wrong ??= new Wrong(
        "no horizon beyond what was delivered",
        `${commit.horizonSeconds} > ${newest}`,
      );
    const folded = Math.max(before.folded, process.logAtStart);
    return { ...commit, folded, foldedMost: this.log.length };
  }
}

function fateCount(fate: Fate, call: string): string {
  const [what = ""] = call.split(" ");
  const how = fate.startsWith("dies") ? "died" : "failed";
  return `${how} ${fate.split("-")[1]}: ${isCommitCall(call) ? "commit" : what}`;
}

/** Whether the call creates a manifest. */
export function isCommitCall(call: string | undefined): boolean {
  return call !== undefined && /^create .*\/manifest\//.test(call);
}

export function isDeliveryCall(call: string | undefined): boolean {
  return call !== undefined && /^(deliver|buffer) /.test(call);
}

/** The errors with which a process may end. */
function errorKind(error: unknown, isPeoples: boolean): string {
  if (!(error instanceof Error)) return error === undefined ? "success" : "unexpected";
  if (error.message === "it was killed" || error.message === "it died") return "death";
  if (error.constructor.name === "InjectedFailure") return "a failed call";
  const { code } = error as { readonly code?: unknown };
  if (code === "CONFLICT") return "a conflict";
  // What people ask for may not fit what the data has become meanwhile.
  if (code === "SCHEMA_INVALID" && isPeoples) return "a refused schema";
  return code === "DELIVERY_FAILED" ? "a delivery in part" : "unexpected";
}

/** G changes with the value, so that items move between parts. V may be declared or not. */
function modelSchema(partitionBy: string, v: "declared" | "undeclared"): Schema {
  const declared = { K: { type: "bigint" }, G: { type: "string" } };
  const attributes = v === "declared" ? { ...declared, V: { type: "string" } } : declared;
  return parseSchema({ table: TABLE, key: { hash: "K" }, partitionBy, attributes }, "the model's schema");
}
