import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VERSION_DIGITS } from "../../src/core/change/change.ts";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import type { CompactionContext } from "../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { SKEW_SECONDS } from "../../src/core/format/manifest.ts";
import { currentView } from "../../src/core/overlay/lake-view.ts";
import { overlaidChange, type RuledChange, stateOf } from "../../src/core/overlay/overlay-rule.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { itemLine, itemWireColumns, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { emptyWireRows } from "../../src/core/sql/typed-columns.ts";
import { openTable, openTableOf } from "../../src/core/table/open-table.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import type { Item } from "../../src/core/values/attribute-value.ts";
import { FILE_LIMITS, parquetSink } from "../../src/embedded/delivery/parquet-sink.ts";
import { wireFiles } from "../../src/embedded/duckdb/wire-files.ts";
import type { LakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import type { Random } from "./random.ts";

/**
 * A model of a table, its stream and its deliveries, next to a real lake that receives the same: clocks that run backwards,
 * changes delivered twice, hours late or in another order, snapshots with a fuzzy cut, and compactions in between. `expected`
 * applies the rule of the overlay to the changes alone.
 */

interface ModelChange {
  readonly key: number;
  readonly sequence: number;
  readonly timeSeconds: number;
  readonly operation: "INSERT" | "MODIFY" | "REMOVE";
  readonly value: string | undefined;
}

interface ModelObject {
  readonly id: number;
  readonly changes: readonly ModelChange[];
}

export type Rows = ReadonlyMap<number, string>;

const CLOCK_SKEW_SECONDS = SKEW_SECONDS / 2;

/**
 * The model's table, partitioned by `partitionBy`. G changes with the value, so that items move between parts. V may be
 * declared or not.
 */
export function modelSchema(partitionBy: string, v: "declared" | "undeclared" = "declared"): Schema {
  const declared = { K: { type: "bigint" }, G: { type: "string" } };
  const attributes = v === "declared" ? { ...declared, V: { type: "string" } } : declared;
  return parseSchema({ table: "model", key: { hash: "K" }, partitionBy, attributes }, "the model's schema");
}

function itemOf(key: number, value: string): Item {
  return {
    K: { N: String(key) },
    V: { S: value },
    G: { S: `group '${value.length + Number(value.slice(-1))}'` },
  };
}

export class ModelWorld {
  readonly #lake: LakeFolder;
  /** The table's schema, and earlier ones, with which processes that began earlier still write. */
  #schema: Schema;
  readonly #schemas: Schema[];
  readonly #later: Schema | undefined;
  readonly #random: Random;
  readonly #keys: number;
  #nowSeconds = 1_700_000_000;
  #sequence = 0;
  #run = 0;
  readonly truth: Map<number, string> = new Map();
  readonly #stream: { readonly change: ModelChange; readonly realSeconds: number }[] = [];
  readonly #inFlight: { readonly dueSeconds: number; readonly change: ModelChange }[] = [];
  readonly #stranded: ModelChange[] = [];
  readonly #objects: ModelObject[] = [];
  #floorSeconds = 0;
  #horizonSeconds = 0;
  #seeded: Map<number, string> = new Map();
  #folded = new Set<number>();

  /** `later`: a schema with more columns, which the table gets at some point. */
  constructor(lake: LakeFolder, schema: Schema, random: Random, later?: Schema) {
    this.#lake = lake;
    this.#schema = schema;
    this.#schemas = [schema];
    this.#later = later;
    this.#random = random;
    this.#keys = random.choice([3, 8, 30]);
  }

  get nowSeconds(): number {
    return this.#nowSeconds;
  }

  /** Does one random thing, and returns its name for the report of a failure. */
  async step(): Promise<string> {
    this.#nowSeconds += this.#random.choice([0, 1, 1, 5, 60, 600]);
    if (this.#later !== undefined && this.#schemas.length === 1 && this.#random.next() < 0.03)
      return this.#declare(this.#later);
    const dice = this.#random.next();
    if (dice < 0.5) return this.#write();
    if (dice < 0.78) return this.#deliver();
    if (dice < 0.9) return this.#compactMinor();
    if (dice < 0.94) return this.#compactMajor();
    if (dice < 0.96) return this.#deliverStranded();
    return this.#snapshot();
  }

  /** Delivers and folds everything that has been written. */
  async settle(): Promise<void> {
    await this.#deliverObject([...this.#inFlight.map(({ change }) => change), ...this.#stranded]);
    this.#inFlight.length = 0;
    this.#stranded.length = 0;
    this.#nowSeconds += 5;
    await this.#compactMinor();
  }

  /** What the view must show by the rule: the overlaid change of each key, or else its row of the snapshot. */
  expected(): Rows {
    const times = {
      floorSeconds: this.#floorSeconds,
      horizonSeconds: this.#horizonSeconds,
      skewSeconds: SKEW_SECONDS,
    };
    const rows = new Map(this.#seeded);
    for (let key = 0; key < this.#keys; key++) {
      const log = this.#objects.map(({ id, changes }) => ({
        id,
        own: changes.filter((change) => change.key === key),
      }));
      const folded = log
        .filter(({ id }) => this.#folded.has(id))
        .flatMap(({ own }) => own)
        .filter(({ timeSeconds }) => timeSeconds < this.#horizonSeconds);
      const delta = stateOf(folded.map(ruled), times);
      const logged = log.flatMap(({ own }) => own).map(ruled);
      const overlaid = overlaidChange(delta === undefined ? [] : [delta], logged, times);
      if (overlaid === undefined) continue;
      if (overlaid.value === undefined) rows.delete(key);
      else rows.set(key, overlaid.value);
    }
    return rows;
  }

  /** What the view shows. */
  async shown(): Promise<Rows> {
    const table = await openTableOf(this.#lake.store, this.#schema);
    const view = await currentView(this.#lake.engine, table, undefined);
    const isDeclared = this.#schema.columns.some(({ attribute }) => attribute === "V");
    const value = isDeclared ? "v" : "json_extract_string(_unmapped, '$.V.S') AS v";
    const rows = await this.#lake.engine.rows(`SELECT k, ${value} FROM (${view.sql})`);
    const shown = new Map(rows.map((row) => [Number(row.k), String(row.v)]));
    if (shown.size !== rows.length) throw new Error("a key stands twice in the view");
    return shown;
  }

  #write(): string {
    const key = this.#random.integer(0, this.#keys - 1);
    this.#sequence += this.#random.choice([1, 1, 7]);
    const sequence = this.#sequence;
    const timeSeconds = this.#nowSeconds + this.#random.integer(-CLOCK_SKEW_SECONDS, CLOCK_SKEW_SECONDS);
    const existed = this.truth.has(key);
    const removes = existed && this.#random.next() < 0.35;
    const value = removes ? undefined : `v${sequence}`;
    if (value === undefined) this.truth.delete(key);
    else this.truth.set(key, value);
    const operation = removes ? "REMOVE" : existed ? "MODIFY" : "INSERT";
    const change: ModelChange = { key, sequence, timeSeconds, operation, value };
    this.#stream.push({ change, realSeconds: this.#nowSeconds });
    if (this.#random.next() < 0.04) this.#stranded.push(change);
    else this.#send(change);
    return `${operation} of ${key} as ${sequence} at ${timeSeconds}`;
  }

  /** Schedules the delivery: soon or hours late, and sometimes twice. */
  #send(change: ModelChange): void {
    const random = this.#random;
    const delay =
      random.next() < 0.3 ? random.choice([1, 2, 5, 30, 30, 600, 7200, 20_000]) : random.integer(1, 20);
    this.#inFlight.push({ dueSeconds: this.#nowSeconds + delay, change });
    if (random.next() < 0.2) {
      this.#inFlight.push({ dueSeconds: this.#nowSeconds + delay + random.integer(0, 9000), change });
    }
  }

  async #deliver(): Promise<string> {
    const due = this.#inFlight
      .filter(({ dueSeconds }) => dueSeconds <= this.#nowSeconds)
      .map(({ change }) => change);
    const rest = this.#inFlight.filter(({ dueSeconds }) => dueSeconds > this.#nowSeconds);
    this.#inFlight.splice(0, this.#inFlight.length, ...rest);
    due.sort(() => this.#random.next() - 0.5);
    await this.#deliverObject(due);
    return `delivery of ${due.length}`;
  }

  async #deliverStranded(): Promise<string> {
    const [change] = this.#stranded.splice(
      this.#random.integer(0, Math.max(0, this.#stranded.length - 1)),
      1,
    );
    await this.#deliverObject(change === undefined ? [] : [change]);
    return "delivery of a change that had failed";
  }

  async #deliverObject(changes: readonly ModelChange[]): Promise<void> {
    if (changes.length === 0) return;
    // An object is in the partition of its oldest record, which may be an hour earlier.
    const schema = this.#random.choice(this.#schemas);
    const arrivedAtSeconds = this.#nowSeconds - (this.#random.next() < 0.1 ? 3600 : 0);
    const delivery = await deliver(
      {
        store: this.#lake.store,
        sink: parquetSink(this.#lake.root, schema, this.#lake.session),
        writer: lineWriter(rowCodec(schema)),
        rowBytesMax: FILE_LIMITS.recordBytesMax,
      },
      { records: changes.map(recordOf), source: "the model", arrivedAtSeconds },
    );
    if (delivery.rows !== changes.length) throw new Error("a change was not delivered");
    this.#objects.push({ id: this.#objects.length, changes });
  }

  async #declare(schema: Schema): Promise<string> {
    const context = {
      store: this.#lake.store,
      newRunId: () => this.#newRunId(),
      nowSeconds: () => this.#nowSeconds,
    };
    if ((await openTable(context.store, schema.table))?.schema === undefined)
      await writeSchema(context.store, this.#schema);
    await changeSchema(context, schema, "the model");
    this.#schema = schema;
    this.#schemas.push(schema);
    return "a column was declared";
  }

  async #compactMinor(): Promise<string> {
    const settleSeconds = this.#random.choice([0, 30, 60, 600, 3600]);
    const result = await compactMinor(this.#compaction(settleSeconds));
    if (result !== undefined) {
      this.#horizonSeconds = result.manifest.horizonSeconds;
      this.#folded = new Set(this.#objects.map(({ id }) => id));
    }
    return `minor compaction to ${this.#horizonSeconds}`;
  }

  async #compactMajor(): Promise<string> {
    await compactMajor(this.#compaction(0), this.#random.choice(["grown", "all"]));
    return "major compaction";
  }

  #compaction(settleSeconds: number): CompactionContext {
    return {
      store: this.#lake.store,
      engine: this.#lake.engine,
      schema: this.#random.choice(this.#schemas),
      policy: { ...DEFAULT_POLICY, settleSeconds, deltasMax: 3, majorRowsMin: 2 },
      newRunId: () => this.#newRunId(),
      nowSeconds: () => this.#nowSeconds,
    };
  }

  /** Each key as it was at some moment in the last half minute. */
  async #snapshot(): Promise<string> {
    const state = new Map<number, string>();
    for (let key = 0; key < this.#keys; key++) {
      const cutSeconds = this.#nowSeconds - this.#random.integer(0, 30);
      const last = this.#stream
        .filter(({ change, realSeconds }) => change.key === key && realSeconds <= cutSeconds)
        .at(-1);
      if (last?.change.value !== undefined) state.set(key, last.change.value);
    }
    const run = this.#newRunId();
    const schema = this.#random.choice(this.#schemas);
    const manifest = await seed({
      store: this.#lake.store,
      engine: this.#lake.engine,
      schema,
      run,
      staged: await this.#staged(run, schema, state),
      items: state.size,
      exportTimeSeconds: this.#nowSeconds,
      cutSeconds: this.#nowSeconds,
      deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
      snapshotsKept: 1,
      nowSeconds: () => this.#nowSeconds,
    });
    this.#seeded = state;
    this.#floorSeconds = manifest.floorSeconds;
    this.#horizonSeconds = manifest.horizonSeconds;
    this.#folded = new Set(this.#objects.map(({ id }) => id));
    return `snapshot of ${state.size} items`;
  }

  async #staged(run: string, schema: Schema, state: ReadonlyMap<number, string>): Promise<string> {
    const columns = itemWireColumns(schema);
    if (state.size === 0) return emptyWireRows(this.#lake.engine.dialect, columns);
    const writer = lineWriter(rowCodec(schema));
    const lines = [...state].map(([key, value]) => itemLine(writer, itemOf(key, value)));
    const file = join(this.#lake.root, `${run}.jsonl`);
    await writeFile(file, lines.join(""));
    return wireFiles(columns, [file]);
  }

  #newRunId(): string {
    this.#run++;
    return `run-${String(this.#run).padStart(6, "0")}`;
  }
}

function ruled({
  sequence,
  timeSeconds,
  operation,
  value,
}: ModelChange): RuledChange & Pick<ModelChange, "value"> {
  const version = String(sequence).padStart(VERSION_DIGITS, "0");
  return { version, changedAtSeconds: timeSeconds, operation, value };
}

function recordOf(change: ModelChange): unknown {
  const Keys = { K: { N: String(change.key) } };
  return {
    eventName: change.operation,
    dynamodb: {
      Keys,
      SequenceNumber: String(change.sequence),
      ApproximateCreationDateTime: change.timeSeconds,
      ...(change.value === undefined ? {} : { NewImage: itemOf(change.key, change.value) }),
    },
  };
}
