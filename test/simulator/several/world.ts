/**
 * A source table, the lake tables that one function fills from its stream, and all that works on them on AWS, in virtual time:
 * instances of the stream function, ticks, looks, snapshots, compactions and replays. Each of them is the product's own code over
 * ports that wait for the simulation at each call.
 */
import {
  registerLake,
  registerSource,
  registerTable,
  removeTable,
} from "../../../src/aws/register/register.ts";
import { readSourceEntry } from "../../../src/aws/registry.ts";
import { failedBatchesFolder } from "../../../src/core/format/lake-path.ts";
import type { Manifest } from "../../../src/core/format/manifest.ts";
import type { Random } from "../../support/random.ts";
import { LAKE_ENTRY, sourceEntry, tableEntry } from "../../support/registry.ts";
import { Actor, type Fate, InjectedFailure } from "../actors.ts";
import { Counts } from "../counts.ts";
import { LakeStore } from "../lake-store.ts";
import { ModelEngine } from "../model-engine.ts";
import { type ModelRecord, ModelTable } from "../model-table.ts";
import { type Commit, MARGIN_SECONDS } from "../rule.ts";
import { Wrong } from "../world.ts";
import type { Instance } from "./instance.ts";
import { type LakeTable, lakeTables, SOURCE } from "./lake-table.ts";
import type { SeveralSettings } from "./settings.ts";
import { MAPPING, recordOf, SOURCE_ARN } from "./source-stream.ts";
import { type End, endKind, type Started, type TakenExport, type Work } from "./work.ts";

/** What the runtime makes of a table's first deployment, independently of the code under test. */
const SERVED_AFTER_SECONDS = 240;

/** Views are not in this world: none is there to be brought up to date. */
export const CATALOG = { database: "lake", table: async (): Promise<undefined> => undefined } as const;

export class SeveralWorld {
  readonly settings: SeveralSettings;
  readonly counts: Counts = new Counts();
  readonly table: ModelTable;
  readonly store: LakeStore;
  readonly engine: ModelEngine;
  readonly tables: readonly LakeTable[];
  readonly works: Work[] = [];
  /** Those of the stream function. */
  readonly instances: Instance[] = [];
  readonly started: Started[] = [];
  /** How many records of each shard are done, by their shard. */
  readonly given: Map<string, number> = new Map();
  /** How often the batch at that place has failed. */
  readonly tries: Map<string, number> = new Map();
  nowSeconds: number;
  readonly #runs: Map<string, Work> = new Map();
  #numbers = 0;
  #wrong: Wrong | undefined;

  constructor(settings: SeveralSettings) {
    this.settings = settings;
    this.nowSeconds = settings.startSeconds;
    this.table = new ModelTable(1, settings.shards, this.nowSeconds);
    this.store = new LakeStore(
      () => this.nowSeconds * 1000,
      (path, content) => this.#written(path, content),
    );
    this.engine = new ModelEngine(this.store);
    this.tables = lakeTables(settings.tables);
  }

  /** The first deployment: its tables are there before the source is read. */
  async begin(): Promise<void> {
    const context = this.#registerContext();
    await registerLake(context, LAKE_ENTRY);
    for (const table of this.tables.slice(0, this.settings.tablesAtFirst)) await this.deploy(table);
    const entry = sourceEntry(SOURCE, { sourceTableArn: SOURCE_ARN, eventSourceMapping: MAPPING });
    await registerSource(context, entry, "source-1");
  }

  get deployed(): readonly LakeTable[] {
    return this.tables.filter(({ configuration }) => configuration !== undefined);
  }

  get idleInstances(): readonly Instance[] {
    return this.instances.filter((instance) => instance.actor === undefined);
  }

  /** How long the oldest record that is not done waits. */
  unreadSeconds(): number {
    const oldest = this.table.streams.flatMap(({ shards }) =>
      shards.map(({ id, records }) => records[this.given.get(id) ?? 0]?.realSeconds ?? this.nowSeconds),
    );
    return this.nowSeconds - Math.min(this.nowSeconds, ...oldest);
  }

  /** A stack adds the table to the source, or updates it. */
  async deploy(table: LakeTable): Promise<void> {
    const isRead = (await readSourceEntry(this.store, SOURCE)) !== undefined;
    if (table.configuration === undefined) {
      table.configuration = `table-${++this.#numbers}`;
      table.configuredSeconds = this.nowSeconds;
      table.isLookedAt = false;
      table.servedFromSeconds = isRead ? this.nowSeconds + SERVED_AFTER_SECONDS : 0;
    }
    const { snapshotEverySeconds } = this.settings;
    const { served: _, ...configuration } = tableEntry(SOURCE, table.name, {
      schema: table.design.file,
      deliveryStream: table.deliveryStream,
      schemaSettleSeconds: 600,
      ...(snapshotEverySeconds === undefined ? {} : { snapshotEverySeconds }),
      firstSnapshotEverySeconds: 900,
    });
    await registerTable(this.#registerContext(), configuration, table.configuration);
  }

  async remove(table: LakeTable): Promise<void> {
    const { configuration, design } = table;
    await removeTable(this.#registerContext(), { schema: design.file, source: SOURCE }, configuration ?? "");
    table.configuration = undefined;
  }

  #registerContext(): Parameters<typeof registerTable>[0] {
    const { store } = this;
    return {
      store,
      bucket: "lake",
      catalog: CATALOG as never,
      nowSeconds: () => this.nowSeconds,
    };
  }

  tableNamed(name: string): LakeTable {
    return this.tables.find((table) => table.name === name) as LakeTable;
  }

  /** Advances the time. What is overdue is stopped, and buffers are written, each when it is due. */
  async advance(seconds: number): Promise<void> {
    const untilSeconds = this.nowSeconds + seconds;
    for (;;) {
      const due = Math.min(
        ...this.tables.map(({ bufferedSinceSeconds = Number.POSITIVE_INFINITY }) => bufferedSinceSeconds),
        ...this.works.map((work) => work.sinceSeconds + work.secondsMax - this.settings.bufferSeconds),
      );
      const atSeconds = due + this.settings.bufferSeconds;
      if (atSeconds > untilSeconds) break;
      this.nowSeconds = Math.max(this.nowSeconds, atSeconds);
      for (const work of [...this.works])
        if (this.nowSeconds >= work.sinceSeconds + work.secondsMax) this.kill(work, "timeouts");
      for (const table of this.tables)
        if (
          this.nowSeconds >=
          (table.bufferedSinceSeconds ?? Number.POSITIVE_INFINITY) + this.settings.bufferSeconds
        )
          this.flush(table, Number.POSITIVE_INFINITY);
    }
    this.nowSeconds = untilSeconds;
  }

  flush(table: LakeTable, rowsMax: number): void {
    table.flush(this.store, (sequence) => this.table.changeOf(sequence), rowsMax);
  }

  newWork(kind: string, more: Partial<Pick<Work, "onEnd" | "secondsMax" | "table" | "taken">> = {}): Work {
    const { onEnd = () => undefined, secondsMax = 900, table, taken } = more;
    return {
      kind,
      actor: new Actor(`${kind} ${++this.#numbers}`),
      sinceSeconds: this.nowSeconds,
      secondsMax,
      table,
      logAtStart: table?.log.length ?? 0,
      taken,
      injected: false,
      onEnd,
    };
  }

  newRunOf(work: Work): () => string {
    return () => {
      const run = `${work.kind.replaceAll(/[^a-z]/g, "-")}-${++this.#numbers}`;
      this.#runs.set(run, work);
      return run;
    };
  }

  async start(work: Work, run: () => Promise<unknown>): Promise<void> {
    this.works.push(work);
    this.counts.add(`started: ${work.kind.split(" ")[0]}`);
    await work.actor.start(run);
    this.#look(work);
  }

  async go(work: Work, fate: Fate): Promise<void> {
    if (fate !== "done") {
      work.injected = true;
      const [what = ""] = (work.actor.waitsFor ?? "").split(" ");
      this.counts.add(`${fate.startsWith("dies") ? "died" : "failed"} ${fate.split("-")[1]}: ${what}`);
    }
    await work.actor.go(fate);
    this.#look(work);
    this.throwWrong();
  }

  /** Lets it continue until it has ended. */
  async run(work: Work): Promise<void> {
    for (let calls = 0; this.works.includes(work); calls++) {
      if (calls > 10_000) throw new Wrong("an end", `${work.actor.name} does not come to one`);
      await this.go(work, "done");
    }
  }

  kill(work: Work, why: string): void {
    this.counts.add(why);
    work.injected = true;
    work.actor.kill();
    this.#ended(work, { error: new InjectedFailure("it was killed"), died: true });
  }

  /** A batch is given up: Lambda puts it aside. */
  putAside(records: readonly ModelRecord[]): void {
    this.counts.add("batches given up");
    const at = new Date(this.nowSeconds * 1000).toISOString().slice(0, 19).replaceAll(":", ".");
    const path = `${failedBatchesFolder(MAPPING)}shardId-1/${at.slice(0, 10).replaceAll("-", "/")}/${at}-${++this.#numbers}`;
    const payload = JSON.stringify({ Records: records.map(recordOf) });
    void this.store.create(path, new TextEncoder().encode(JSON.stringify({ payload })));
  }

  startOthers(started: Started): void {
    const isKnown = this.started.some((other) => JSON.stringify(other) === JSON.stringify(started));
    if (!isKnown) this.started.push(started);
  }

  /** Whether an execution is at work, or one of those that it has started. */
  isAtWork(execution: string): boolean {
    return (
      this.works.some(({ actor, taken }) => actor.name === execution || taken?.execution === execution) ||
      this.started.some((started) => started.kind === "seed" && started.taken.execution === execution)
    );
  }

  wrong(promise: string, message: string): void {
    this.#wrong ??= new Wrong(promise, message);
  }

  /** Throws the broken promise that was found during another call. */
  throwWrong(): void {
    if (this.#wrong !== undefined) throw this.#wrong;
  }

  /** The items of the source as an export shows them. */
  exportedItems(random: Random, fuzzSeconds: number): ReadonlyMap<number, string> {
    const items = new Map<number, string>();
    for (const key of this.table.keys()) {
      const cutSeconds = random.integer(this.nowSeconds - fuzzSeconds, this.nowSeconds);
      const value = this.table.lastBy(key, cutSeconds)?.value;
      if (value !== undefined) items.set(key, value);
    }
    return items;
  }

  #look(work: Work): void {
    const { outcome, dead } = work.actor;
    if (outcome !== undefined) this.#ended(work, { error: outcome.error, died: false });
    else if (dead) this.#ended(work, { error: new InjectedFailure("it died"), died: true });
  }

  #ended(work: Work, end: End): void {
    const at = this.works.indexOf(work);
    if (at === -1) return;
    this.works.splice(at, 1);
    const kind = endKind(end.error);
    if (kind === "unexpected") {
      const stack = end.error instanceof Error ? end.error.stack : String(end.error);
      this.wrong("no other error", `${work.actor.name}: ${stack}`);
    } else if (end.error !== undefined) this.counts.add(`ended by: ${kind}`);
    work.onEnd(end);
  }

  #written(path: string, content: Uint8Array): void {
    const [, name] = /^([a-z]+)\/manifest\//.exec(path) ?? [];
    if (name === undefined) return;
    const manifest: Manifest = JSON.parse(new TextDecoder().decode(content));
    const table = this.tableNamed(name);
    const work = this.#runs.get(manifest.run) as Work;
    this.counts.add(`commits: ${manifest.kind}`);
    if (manifest.sequence !== table.commit.sequence + 1 || work.table !== table)
      this.wrong("one commit after the other", `${path} is of ${manifest.run}`);
    table.commits.push(commitOf(table, manifest, work));
  }
}

/** What the rule needs of a commit that was made by this work. */
export function commitOf(
  table: LakeTable,
  manifest: Manifest,
  work: Pick<Work, "logAtStart"> & { readonly taken: Omit<TakenExport, "execution"> | undefined },
): Commit {
  const before = table.commit;
  const { sequence, kind, committedAtSeconds, floorSeconds, horizonSeconds } = manifest;
  const commit = { ...before, sequence, kind, committedAtSeconds, floorSeconds, horizonSeconds };
  if (kind === "minor") {
    const folded = Math.max(before.folded, work.logAtStart);
    return { ...commit, folded, foldedMost: table.log.length };
  }
  if (work.taken === undefined) return commit;
  const { exportTimeSeconds, items } = work.taken;
  if (floorSeconds !== exportTimeSeconds - MARGIN_SECONDS)
    throw new Wrong("a snapshot's floor", String(floorSeconds));
  const seeded = new Map([...items].filter(([, value]) => table.design.has(value)));
  return { ...commit, seeded, folded: 0, foldedMost: 0 };
}
