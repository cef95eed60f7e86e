/** A small lake in memory, what it must show, and the ports with which a process works on it. */

import assert from "node:assert/strict";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import type { CompactionContext } from "../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { type SeedContext, seed } from "../../src/core/compaction/seed.ts";
import { vacuum } from "../../src/core/compaction/vacuum.ts";
import type { RecordBatch } from "../../src/core/delivery/batch-rows.ts";
import { type DeliveryContext, deliver } from "../../src/core/delivery/deliver.ts";
import type { Manifest } from "../../src/core/format/manifest.ts";
import {
  currentView,
  historyViews,
  segmentsView,
  snapshotsView,
  wireRows,
} from "../../src/core/overlay/lake-view.ts";
import type { ChangeSink } from "../../src/core/ports/change-sink.ts";
import type { ChangeSource } from "../../src/core/ports/change-source.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import type { QueryEngine } from "../../src/core/ports/query-engine.ts";
import type { WireValue } from "../../src/core/row/encoding.ts";
import { rowCodec, toItem } from "../../src/core/row/row.ts";
import { itemLine, lineWriter } from "../../src/core/row/wire-line.ts";
import { type Column, parseSchema, type Schema, type SchemaFile } from "../../src/core/schema/schema.ts";
import { latestManifest, manifestSequences } from "../../src/core/table/commits.ts";
import { keptSnapshots } from "../../src/core/table/kept-snapshots.ts";
import { type OpenTable, openTable, openTableOf } from "../../src/core/table/open-table.ts";
import { type Item, itemText } from "../../src/core/values/attribute-value.ts";
import type { DuckdbSession } from "../../src/embedded/duckdb/duckdb-session.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { type Faults, faultyEngine, faultySink, faultySource, faultyStore } from "./faults.ts";
import { TableEngine } from "./table-engine.ts";

export const TABLE = "t";
export const NOW = 1_800_000_000;

/** The values of the items by key. */
export type State = Readonly<Record<number, string>>;

export interface Change {
  readonly key: number;
  readonly sequence: number;
  /** Undefined after a removal. */
  readonly value: string | undefined;
  readonly timeSeconds: number;
}

/** In some worlds, the attribute N is declared later. */
export function worldSchema(partitionBy = "bucket(2)", later: "later" | "now" = "later"): Schema {
  const attributes = { K: { type: "int" }, V: { type: "string" }, G: { type: "string" } };
  const declared = later === "now" ? { ...attributes, N: { type: "string" } } : attributes;
  return parseSchema({ table: TABLE, key: { hash: "K" }, partitionBy, attributes: declared }, "a test");
}

export function itemOf(key: number, value: string): Item {
  return {
    K: { N: String(key) },
    V: { S: value },
    G: { S: `g${value.at(-1)}` },
    N: { S: `note of ${value}` },
    P: { N: priceOf(value) },
  };
}

/** Whole at first, and later with cents. */
function priceOf(value: string): string {
  return `${value.charCodeAt(1) - 40}${value < "c" ? "" : ".25"}`;
}

/** The same table with prices in a column of this type, whose schema follows the data. */
export function evolvingSchema(price: string, others: Partial<SchemaFile> = {}): Schema {
  const { file } = worldSchema();
  const attributes = { ...file.attributes, P: { type: price } };
  return parseSchema({ ...file, evolve: "all", attributes, ...others }, "a test");
}

export function recordOf({ key, sequence, value, timeSeconds }: Change): unknown {
  return {
    eventName: value === undefined ? "REMOVE" : "MODIFY",
    dynamodb: {
      Keys: { K: { N: String(key) } },
      SequenceNumber: String(sequence),
      ApproximateCreationDateTime: timeSeconds,
      ...(value === undefined ? {} : { NewImage: itemOf(key, value) }),
    },
  };
}

/** The parts of a world that a reader needs. */
export type Readable = Pick<World, "store" | "engine" | "schema">;

/** The ports of one process. */
export interface Ports {
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  readonly sink: ChangeSink;
  readonly newRunId: () => string;
  /** A source as this process reaches it. */
  readonly reached: (source: ChangeSource) => ChangeSource;
}

export class World {
  readonly store: MemoryStore;
  readonly engine: TableEngine;
  readonly schema: Schema;
  nowSeconds: number = NOW;
  readonly #session: DuckdbSession;
  #runs = 0;

  constructor(session: DuckdbSession, schema: Schema, objects: MemoryStore["objects"] = new Map()) {
    this.store = new MemoryStore();
    for (const [path, object] of objects) this.store.objects.set(path, object);
    this.store.nowMs = () => this.nowSeconds * 1000;
    this.engine = new TableEngine(this.store, session);
    this.schema = schema;
    this.#session = session;
  }

  copy(): World {
    const copy = new World(this.#session, this.schema, this.store.objects);
    copy.nowSeconds = this.nowSeconds;
    copy.#runs = this.#runs;
    return copy;
  }

  /** Equal for two copies of a lake if their objects are: the table of a path has the same content in both. */
  fingerprint(): string {
    const texts = this.store.paths().map((path) => `${path} ${this.store.text(path)}`);
    return texts.join("\n").replaceAll(/object[ -]\d+/g, "object");
  }

  /** The ports of a process. Its calls may fail if `faults` are given. */
  ports(faults?: Faults, tellsUndelivered = false): Ports {
    const newRunId = (): string => `run-${++this.#runs}`;
    const sink = this.engine.sink(this.schema);
    if (faults === undefined)
      return { store: this.store, engine: this.engine, sink, newRunId, reached: (source) => source };
    const tear = async ({ run }: { readonly run: string }, part: string): Promise<void> =>
      this.store.plant(`${TABLE}/segments/${run}/${part}/rows.parquet`, "a torn piece");
    return {
      store: faultyStore(this.store, faults),
      engine: faultyEngine(this.engine, faults, tear),
      sink: faultySink(sink, faults, tellsUndelivered),
      newRunId,
      reached: (source) => faultySource(source, faults),
    };
  }
}

export function deliveryContext(
  world: Pick<World, "schema">,
  { store, sink }: Pick<Ports, "store" | "sink">,
): DeliveryContext {
  return { store, sink, writer: lineWriter(rowCodec(world.schema)), rowBytesMax: 1_000_000 };
}

export async function deliverAll(
  world: World,
  changes: readonly Change[],
  ports: Ports = world.ports(),
): Promise<void> {
  await deliver(deliveryContext(world, ports), batchOf(world, changes.map(recordOf)));
}

export function batchOf(world: Pick<World, "nowSeconds">, records: readonly unknown[]): RecordBatch {
  return { records, source: "a test", arrivedAtSeconds: world.nowSeconds };
}

export function compaction(
  world: World,
  { store, engine, newRunId }: Ports = world.ports(),
  policy: Partial<CompactionContext["policy"]> = {},
): CompactionContext {
  return {
    store,
    engine,
    newRunId,
    schema: world.schema,
    policy: { ...DEFAULT_POLICY, settleSeconds: 0, ...policy },
    nowSeconds: () => world.nowSeconds,
  };
}

export function seeding(
  world: World,
  state: State,
  exportTimeSeconds: number,
  { store, engine, newRunId }: Ports = world.ports(),
): SeedContext {
  const writer = lineWriter(rowCodec(world.schema));
  const lines = Object.entries(state).map(
    ([key, value]) => itemLine(writer, itemOf(Number(key), value)) as string,
  );
  return {
    store,
    engine,
    schema: world.schema,
    run: newRunId(),
    staged: world.engine.items(world.schema, lines),
    items: lines.length,
    exportTimeSeconds,
    cutSeconds: exportTimeSeconds,
    deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
    snapshotsKept: 1,
    nowSeconds: () => world.nowSeconds,
  };
}

/** A lake with a snapshot from an hour ago, folded changes, and unfolded ones. */
export async function filledWorld(session: DuckdbSession, schema: Schema): Promise<World> {
  const world = new World(session, schema);
  world.nowSeconds = NOW - 3600;
  await seed(seeding(world, { 1: "a1", 2: "a2", 3: "a3", 4: "a4", 5: "a5" }, world.nowSeconds));
  world.nowSeconds = NOW - 3000;
  await deliverAll(world, FOLDED);
  world.nowSeconds = NOW - 2900;
  assert.notEqual(await compactMinor(compaction(world)), undefined);
  world.nowSeconds = NOW;
  await deliverAll(world, UNFOLDED);
  return world;
}

const FOLDED: readonly Change[] = [
  { key: 1, sequence: 11, value: "b1", timeSeconds: NOW - 3010 },
  { key: 2, sequence: 12, value: undefined, timeSeconds: NOW - 3009 },
  { key: 6, sequence: 13, value: "b6", timeSeconds: NOW - 3008 },
];

const UNFOLDED: readonly Change[] = [
  { key: 1, sequence: 21, value: "c3", timeSeconds: NOW - 30 },
  { key: 3, sequence: 22, value: undefined, timeSeconds: NOW - 29 },
  { key: 7, sequence: 23, value: "c7", timeSeconds: NOW - 28 },
  { key: 7, sequence: 24, value: "d8", timeSeconds: NOW - 28 },
];

export const FILLED: State = { 1: "c3", 4: "a4", 5: "a5", 6: "b6", 7: "d8" };
export const FILLED_CHANGES: readonly Change[] = [...FOLDED, ...UNFOLDED];

async function tableOf(world: Readable): Promise<OpenTable> {
  return (await openTable(world.store, TABLE)) ?? openTableOf(world.store, world.schema);
}

/** What a reader sees: the items, each complete, with the columns of the current schema. */
export async function shown(world: Readable): Promise<State> {
  const table = await tableOf(world);
  const { schema } = table;
  const view = await currentView(world.engine, table, undefined);
  const rows = await world.engine.rows(wireRows(world.engine, schema, view));
  const codec = rowCodec(schema);
  const state: Record<number, string> = {};
  for (const row of rows) {
    const values = schema.columns.map(({ name }) => row[name] as WireValue);
    const item = toItem(codec, { values, unmapped: row._unmapped as string | null });
    const [key, value] = [Number(row.k), String(row.v)];
    if (state[key] !== undefined) throw new Error(`the key ${key} stands twice in the view`);
    assert.equal(itemText(item), itemText(itemOf(key, value)));
    if (schema.columns.some(({ name }) => name === "n")) assert.equal(row.n, `note of ${value}`);
    const price = schema.columns.find(({ attribute }) => attribute === "P");
    if (price !== undefined) expectPrice(row[price.name], price, value);
    state[key] = value;
  }
  return state;
}

/** A type without room behind the point shows nothing of a price with cents, text none of a number, and any other one all of it. */
function expectPrice(shown: unknown, { type }: Column, value: string): void {
  const price = priceOf(value);
  const hasRoom = !price.includes(".") || (type.kind === "decimal" && type.scale >= 2);
  const fits = hasRoom && type.kind !== "string";
  assert.equal(shown === null ? null : Number(shown), fits ? Number(price) : null);
}

/** Every change in the history, once, as "sequence key value". */
export async function history(world: Readable): Promise<ReadonlySet<string>> {
  const [view] = await historyViews(world.engine, await tableOf(world));
  const rows = await world.engine.rows(`SELECT k, v, _op, _version FROM (${view?.sql})`);
  return new Set(rows.map((row) => changeText(Number(row.k), Number(row._version), row.v as string | null)));
}

export function historyOf(changes: readonly Change[]): ReadonlySet<string> {
  return new Set(changes.map(({ key, sequence, value }) => changeText(key, sequence, value ?? null)));
}

function changeText(key: number, sequence: number, value: string | null): string {
  return `${sequence} ${key} ${value ?? "removed"}`;
}

/** The objects of the change log. */
export function changeObjects(world: World): readonly string[] {
  return world.store.paths(`${TABLE}/changes/`);
}

/**
 * What eventually follows every crash: changes are folded, the base is rewritten, and a vacuum removes exactly what is not live.
 * `state` is shown after each of these steps.
 */
export async function expectRepaired(world: World, state: State): Promise<void> {
  world.nowSeconds += 60;
  await compactMinor(compaction(world));
  await compactMajor(compaction(world), "all");
  assert.deepEqual(await shown(world), state);
  world.nowSeconds += 60;
  const manifest = await latestManifest(world.store, TABLE);
  await vacuum(world.store, TABLE, { retentionSeconds: 0, graceSeconds: 0 }, world.nowSeconds);
  const kept = [...world.store.paths(`${TABLE}/segments/`), ...world.store.paths(`${TABLE}/staging/`)];
  assert.deepEqual(kept, namedPaths(manifest));
  const sequences = manifest.sequence === 0 ? [] : [manifest.sequence];
  assert.deepEqual(await manifestSequences(world.store, TABLE), sequences);
  assert.deepEqual(await shown(world), state);
  const table = await tableOf(world);
  const snapshots = snapshotsView(world.engine, table.schema, await keptSnapshots(world.store, table));
  for (const { sql } of [snapshots, segmentsView(world.engine, table)]) await world.engine.rows(sql);
}

function namedPaths(manifest: Manifest): readonly string[] {
  const named = [...manifest.segments, ...manifest.snapshots.flatMap(({ segments }) => segments)];
  const paths = named.map(({ run, part }) => `${TABLE}/segments/${run}/${part}/rows.parquet`);
  return [...new Set(paths)].sort();
}
