/**
 * A source table and a folder lake with several lake tables of it, in virtual time. One `run` at a time follows them, as one process:
 * it reads the stream once, and each table has its own position. Snapshots and compactions work next to it.
 */
import type { Manifest } from "../../../src/core/format/manifest.ts";
import type { ObjectStore } from "../../../src/core/ports/object-store.ts";
import type { Timing } from "../../../src/sdk/timing.ts";
import { lineText } from "../../support/line-text.ts";
import type { Random } from "../../support/random.ts";
import { Actor, type Fate, gatedStore, InjectedFailure } from "../actors.ts";
import { Counts } from "../counts.ts";
import { LakeStore } from "../lake-store.ts";
import { ModelEngine } from "../model-engine.ts";
import { modelWriter, type ObjectWriter } from "../model-sink.ts";
import { isJunk, type ModelChange, type ModelRecord, ModelTable } from "../model-table.ts";
import { type LakeTable, lakeTables } from "../several/lake-table.ts";
import type { TakenExport } from "../several/work.ts";
import { commitOf } from "../several/world.ts";
import { Wrong } from "../world.ts";
import type { OneRunSettings } from "./settings.ts";

/** A process: a run, a snapshot or a compaction. */
export interface OneRunWork {
  readonly kind: string;
  readonly actor: Actor;
  /** What people stop it by. */
  readonly stop: AbortController;
  /** The tables that it works on. */
  readonly tables: readonly LakeTable[];
}

/** What a commit is made of. */
interface Made {
  readonly table: LakeTable;
  /** The objects in its log when it began. */
  readonly logAtStart: number;
  readonly taken: Scan | undefined;
}

export type Scan = Omit<TakenExport, "execution">;

/** What is wrong with the folder of a table. */
export const FOLDER_FAULTS = ["no room", "no room for quarantine"] as const;
export type FolderFault = (typeof FOLDER_FAULTS)[number];

/** Between the sequence numbers of two changes there is room for unreadable records. */
export const SEQUENCE_STEP = 10;

export class OneRunWorld {
  readonly settings: OneRunSettings;
  readonly counts: Counts = new Counts();
  readonly table: ModelTable;
  readonly store: LakeStore;
  readonly engine: ModelEngine;
  readonly tables: readonly LakeTable[];
  /** Those that people have the run follow. */
  readonly wanted: Set<LakeTable> = new Set();
  readonly works: OneRunWork[] = [];
  readonly faults: Map<LakeTable, FolderFault> = new Map();
  /** The sequence numbers of each table's log. */
  readonly delivered: ReadonlyMap<LakeTable, Set<number>>;
  /** How many records of a shard were looked at, by table and shard. */
  readonly checked: Map<string, number> = new Map();
  nowMs: number;
  readonly #writers: ReadonlyMap<LakeTable, ObjectWriter>;
  readonly #made: Map<string, Made> = new Map();
  readonly #junk: Map<ModelRecord, number> = new Map();
  #junkSinceChange = 0;
  #chance = 1;
  #numbers = 0;
  #wrong: Wrong | undefined;

  constructor(settings: OneRunSettings) {
    this.settings = settings;
    this.nowMs = settings.startSeconds * 1000;
    this.table = new ModelTable(settings.firstSequence, settings.shards, this.nowSeconds);
    this.store = new LakeStore(
      () => this.nowMs,
      (path, content) => this.#written(path, content),
    );
    this.engine = new ModelEngine(this.store);
    this.tables = lakeTables(settings.tables);
    this.delivered = new Map(this.tables.map((table) => [table, new Set()]));
    this.#writers = new Map(
      this.tables.map((table) => [table, modelWriter(this.store, table.schema, "telling")]),
    );
  }

  get nowSeconds(): number {
    return Math.floor(this.nowMs / 1000);
  }

  get recordsPerAnswer(): number {
    return this.settings.recordsPerAnswer;
  }

  get run(): OneRunWork | undefined {
    return this.works.find(({ kind }) => kind === "run");
  }

  readonly sequenceOf = (record: ModelRecord): number =>
    isJunk(record) ? (this.#junk.get(record) as number) : record.sequence;

  write(change: Parameters<ModelTable["write"]>[0], step: number): ModelChange {
    this.#junkSinceChange = 0;
    return this.table.write(change, step);
  }

  /** A record that is no change; false where there is no number left for one. */
  writeJunk(key: number): boolean {
    if (this.#junkSinceChange === SEQUENCE_STEP - 1) return false;
    const last = this.table.changes.at(-1)?.sequence ?? this.settings.firstSequence;
    const records = this.table.records.length;
    this.table.writeJunk(key, this.nowSeconds);
    const record = this.table.records[records];
    if (record !== undefined) this.#junk.set(record, last + ++this.#junkSinceChange);
    return true;
  }

  /** The time and the waits of a process. */
  timingOf(actor: Actor): Timing {
    return {
      nowMs: () => this.nowMs,
      sleep: (ms, signal) => actor.sleep(this.nowMs + Math.max(0, ms), signal),
      random: () => {
        this.#chance = (this.#chance * 16807) % 2147483647;
        return this.#chance / 2147483647;
      },
    };
  }

  advance(seconds: number): void {
    this.#moveTo(this.nowMs + seconds * 1000);
  }

  #moveTo(ms: number): void {
    if (ms <= this.nowMs) return;
    const isLong = ms - this.nowMs > 10_000;
    this.nowMs = ms;
    if (isLong) this.counts.add("records trimmed", this.table.trim(this.nowSeconds));
  }

  /** The store of a process. In a folder without room nothing is written. */
  storeOf(actor: Actor): ObjectStore {
    const gated = gatedStore(this.store, actor);
    return {
      ...gated,
      create: async (path, content) => {
        this.requireRoom(path);
        return gated.create(path, content);
      },
      replace: async (path, content) => {
        this.requireRoom(path);
        return gated.replace(path, content);
      },
    };
  }

  requireRoom(path: string): void {
    for (const [{ name }, fault] of this.faults) {
      const folder = fault === "no room" ? `${name}/` : `${name}/quarantine/`;
      if (path.startsWith(folder)) throw new InjectedFailure(`there is no room for ${path}`);
    }
  }

  /** Writes an object of a table's change log. */
  async deliver(
    table: LakeTable,
    rows: Parameters<ObjectWriter["write"]>[0],
    atSeconds: number,
  ): Promise<void> {
    if (rows.length === 0) return;
    await this.#writers.get(table)?.write(rows, atSeconds);
    const changes = rows.map(({ line }) => {
      const { _version } = JSON.parse(lineText(line)) as { readonly _version: string };
      return this.table.changeOf(Number(_version)) as ModelChange;
    });
    table.log.push(changes.map((change) => table.seen(change)));
    for (const { sequence } of changes) {
      if (this.delivered.get(table)?.has(sequence)) this.counts.add("delivered again");
      this.delivered.get(table)?.add(sequence);
    }
  }

  newName(what: string): string {
    return `${what.replaceAll(/[^a-z]/g, "-")}-${++this.#numbers}`;
  }

  /** The name of a run, by which its commit is known. */
  newRun(what: string, made: Made): string {
    const run = this.newName(what);
    this.#made.set(run, made);
    return run;
  }

  newWork(kind: string, tables: readonly LakeTable[]): OneRunWork {
    return { kind, actor: new Actor(this.newName(kind)), stop: new AbortController(), tables };
  }

  async start(work: OneRunWork, run: () => Promise<unknown>): Promise<void> {
    this.works.push(work);
    this.counts.add(`started: ${work.kind}`);
    await work.actor.start(run);
    this.#look(work);
    this.throwWrong();
  }

  /** Lets it go on: past its next call, or to the end of a sleep, before which nothing else is to do. */
  async go(work: OneRunWork, random: Random, fate: Fate): Promise<void> {
    const { actor } = work;
    const { waitsFor, wakesAtMs = Number.POSITIVE_INFINITY } = actor;
    const isDue = wakesAtMs <= this.nowMs && random.next() < 0.5;
    if (waitsFor !== undefined && !isDue) {
      if (fate !== "done")
        this.counts.add(`${fate.startsWith("dies") ? "died" : "failed"}: ${waitsFor.split(" ")[0]}`);
      await actor.go(fate);
    } else {
      if (wakesAtMs === Number.POSITIVE_INFINITY)
        throw new Wrong("an end", `${actor.name} waits for nothing`);
      this.#moveTo(wakesAtMs);
      await actor.wake();
    }
    this.#look(work);
    this.throwWrong();
  }

  /** Lets it go on until it has ended. */
  async finish(work: OneRunWork, random: Random): Promise<void> {
    for (let moves = 0; this.works.includes(work); moves++) {
      if (moves > 20_000) throw new Wrong("an end", `${work.actor.name} does not come to one`);
      await this.go(work, random, "done");
    }
  }

  /** People stop it: it ends by itself. */
  async stop(work: OneRunWork): Promise<void> {
    work.stop.abort();
    await new Promise((resolve) => setImmediate(resolve));
    this.#look(work);
  }

  kill(work: OneRunWork): void {
    work.actor.kill();
    this.#look(work);
  }

  throwWrong(): void {
    if (this.#wrong !== undefined) throw this.#wrong;
  }

  #look(work: OneRunWork): void {
    const { dead, outcome } = work.actor;
    const at = this.works.indexOf(work);
    if (at === -1 || (outcome === undefined && !dead)) return;
    this.works.splice(at, 1);
    const error = outcome?.error;
    const kind = endKind(error);
    if (kind === "unexpected") {
      const stack = error instanceof Error ? error.stack : String(error);
      this.#wrong ??= new Wrong("no other error", `${work.actor.name}: ${stack}`);
    } else this.counts.add(`ended by: ${dead ? "death" : kind}`);
  }

  #written(path: string, content: Uint8Array): void {
    const [, name] = /^([a-z]+)\/manifest\//.exec(path) ?? [];
    if (name === undefined) return;
    const manifest: Manifest = JSON.parse(new TextDecoder().decode(content));
    const made = this.#made.get(manifest.run);
    this.counts.add(`commits: ${manifest.kind}`);
    if (made?.table.name !== name || manifest.sequence !== made.table.commit.sequence + 1)
      this.#wrong ??= new Wrong("one commit after the other", `${path} is of ${manifest.run}`);
    else made.table.commits.push(commitOf(made.table, manifest, made));
  }
}

/** What the source may fail with for a while, and others who commit first. */
const EXPECTED = [
  "CONFLICT",
  "DELIVERY_FAILED",
  "SOURCE_FAILED",
  "STREAM_UNUSABLE",
  "THROTTLED",
  "UNREACHABLE",
];

function endKind(error: unknown): string {
  if (error === undefined) return "success";
  if (error instanceof InjectedFailure) return "a failed call";
  const code = String((error as { readonly code?: unknown }).code);
  return EXPECTED.includes(code) ? code : "unexpected";
}
