import type { AthenaEngine } from "../../src/aws/athena-engine.ts";
import type { SourceEntry, TableEntry } from "../../src/aws/contracts/registry.ts";
import { openDeployedTable } from "../../src/aws/lake-schema.ts";
import { publishViews } from "../../src/aws/publish-views.ts";
import { registerGlueTables } from "../../src/aws/register/register.ts";
import { collectSegments } from "../../src/aws/segments-table.ts";
import type { LakeContext, StepContext } from "../../src/aws/steps/step-context.ts";
import { sourceEntryPath, tableEntryPath } from "../../src/core/format/deployment-path.ts";
import { lakeFileBytes } from "../../src/core/format/lake-file.ts";
import { segmentOfPath, stageFolder } from "../../src/core/format/lake-path.ts";
import { nameOfPlace } from "../../src/core/format/segment-name.ts";
import type { SnapshotsKept } from "../../src/core/format/snapshots-kept.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import type { Stage } from "../../src/core/ports/query-engine.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import type { NumberRange } from "../../src/core/schema/staging-splits.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import type { Item } from "../../src/core/values/attribute-value.ts";
import type { DuckdbSession } from "../../src/embedded/duckdb/duckdb-session.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { ExportService, SOURCE_TABLE_ARN, stepClients } from "./export-service.ts";
import { Faults, faultyStore } from "./faults.ts";
import { faultyCatalog, MemoryCatalog } from "./memory-catalog.ts";
import { BUCKET, StatementsEngine } from "./statements-engine.ts";
import {
  type Change,
  deliverAll,
  FILLED,
  FILLED_CHANGES,
  filledWorld,
  NOW,
  type State,
  TABLE,
  type World,
  worldSchema,
} from "./world.ts";

/** A lake on AWS, in memory: a bucket, a catalog, statements and exports, and the steps that use them. */

/** The source's name in the registry. */
export const SOURCE = "source";

const SOURCE_ENTRY: SourceEntry = {
  stack: "Lake",
  source: SOURCE,
  sourceTableArn: SOURCE_TABLE_ARN,
  eventSourceMapping: "mapping",
  streamFunction: "stream",
  sourceFunction: "source",
  snapshotPartFunction: "snapshot-part",
  configuration: "one",
};

export class Deployment {
  readonly store: MemoryStore = new MemoryStore();
  readonly catalog: MemoryCatalog = new MemoryCatalog();
  readonly engine: StatementsEngine;
  exports: ExportService = new ExportService(this.store, {});
  /** The deployed schema; that of the lake may be older. */
  schema: Schema = worldSchema();
  nowSeconds: number = NOW + 10;
  /** What the deployment asks snapshots to keep. */
  snapshotsKept: SnapshotsKept | undefined;
  readonly #session: DuckdbSession;
  #runs = 0;
  #executions = 0;

  constructor(session: DuckdbSession) {
    this.#session = session;
    this.engine = new StatementsEngine(this.store, this.catalog, session);
    this.#register();
    this.store.nowMs = () => this.nowSeconds * 1000;
    this.catalog.nowSeconds = () => this.nowSeconds;
  }

  /** Takes over the lake of an earlier deployment: its segments are registered and its views published. */
  static async of(world: World, session: DuckdbSession): Promise<Deployment> {
    const deployment = new Deployment(session);
    for (const [path, object] of world.store.objects) deployment.store.objects.set(path, object);
    for (const path of world.store.paths(`${TABLE}/segments/`)) {
      const { run, part } = segmentOfPath(path) as { readonly run: string; readonly part: string };
      const location = `s3://${BUCKET}/${path.slice(0, path.lastIndexOf("/") + 1)}`;
      deployment.catalog.partitions.set(nameOfPlace({ run, part }), location);
    }
    await publishViews(await deployment.steps());
    return deployment;
  }

  /** The table as it is deployed. */
  get entry(): TableEntry {
    return {
      stack: "Lake",
      source: SOURCE,
      schema: this.schema.file,
      deliveryStream: "stream",
      retentionHours: 168,
      // Compactions of tests leave nothing alone, and say so.
      bufferSeconds: 65,
      schemaSettleSeconds: 1800,
      firstSnapshotEverySeconds: 86_400,
      snapshotsKept: this.snapshotsKept,
      served: [{ configuration: "one", fromSeconds: 0 }],
    };
  }

  #register(): void {
    this.store.objects.set(sourceEntryPath(SOURCE), { content: lakeFileBytes(SOURCE_ENTRY), modifiedMs: 0 });
    const path = tableEntryPath(SOURCE, this.schema.table);
    this.store.objects.set(path, { content: lakeFileBytes(this.entry), modifiedMs: 0 });
  }

  /** The items of the source table, in the form of exports. */
  source(items: State, itemOf?: (key: number, value: string) => Item): void {
    this.exports = this.exports.of(items, itemOf);
  }

  /** Deploys another schema, whose columns go to Glue. */
  deploy(schema: Schema, columnsSinceSeconds: number): void {
    this.schema = schema;
    this.catalog.deploy(BUCKET, schema, columnsSinceSeconds);
    this.#register();
  }

  /** As a stack does it. Throws SCHEMA_INVALID, and changes nothing, where the lake table rules the schema out. */
  async redeploy(schema: Schema): Promise<void> {
    const { catalog, store } = this;
    const context = { bucket: BUCKET, catalog, store, nowSeconds: () => this.nowSeconds };
    await registerGlueTables(context, { schema: schema.file });
    this.schema = schema;
    this.#register();
  }

  copy(): Deployment {
    const copy = new Deployment(this.#session);
    for (const [path, object] of this.store.objects) copy.store.objects.set(path, object);
    for (const [name, table] of this.catalog.tables) copy.catalog.tables.set(name, table);
    for (const [name, seconds] of this.catalog.since) copy.catalog.since.set(name, seconds);
    for (const [id, location] of this.catalog.partitions) copy.catalog.partitions.set(id, location);
    copy.exports = this.exports.copy(copy.store);
    copy.schema = this.schema;
    copy.nowSeconds = this.nowSeconds;
    copy.#runs = this.#runs;
    copy.#executions = this.#executions;
    return copy;
  }

  newExecution(): string {
    return `execution-${++this.#executions}`;
  }

  /** What an invocation of a function works with: the table is as it is by then. */
  async steps(...given: Parameters<Deployment["unopened"]>): Promise<StepContext> {
    const context = this.unopened(...given);
    const opened = await openDeployedTable(context.store, this.schema);
    return { ...context, deployed: this.schema, entry: this.entry, opened };
  }

  /** The same for a function that does not read the table. */
  unopened(
    faults: Faults = new Faults(),
    counted: (store: ObjectStore) => ObjectStore = (store) => store,
  ): LakeContext {
    const store = counted(faultyStore(this.store, faults));
    const catalog = faultyCatalog(this.catalog, faults);
    const rows: AthenaEngine["rows"] = (sql) =>
      faults.call(`rows ${sql.slice(0, 60)}`, () => this.engine.rows(sql));
    const place = { database: "lake", bucket: BUCKET, store, catalog, rows };
    const { dialect, changes, changeLog, segments, snapshots } = this.engine;
    const engine = {
      dialect,
      keysAtOnceMax: 10,
      partsAtOnceMax: 2,
      rowsPerFileMax: Number.POSITIVE_INFINITY,
      changes,
      changeLog,
      snapshots,
      segments,
      rows,
      catalog,
      staged: (schema: Schema, run: string, splits?: NumberRange) => this.engine.staged(schema, run, splits),
      unloads: (schema: Schema, stages: readonly Stage[]) =>
        stages.map((stage, i) => JSON.stringify({ stage, folder: stageFolder(schema.table, stage.run, i) })),
      collect: (schema: Schema, stages: readonly Stage[]) => collectSegments(place, schema.table, stages),
    };
    const { exports: service, nowSeconds } = this;
    const context = {
      bucket: BUCKET,
      clients: stepClients({ service, store: this.store, faults, nowSeconds }),
      close: () => undefined,
      store,
      engine,
      newRunId: () => `aws-${++this.#runs}`,
      nowSeconds: () => this.nowSeconds,
    };
    return context as unknown as LakeContext;
  }

  fingerprint(): string {
    const texts = this.store.paths().map((path) => `${path} ${this.store.text(path)}`);
    const tables = [...this.catalog.tables.values()].map((table) => JSON.stringify(table));
    return [...texts, ...tables, ...this.catalog.partitions.keys()]
      .join("\n")
      .replaceAll(/object[ -]\d+/g, "object");
  }
}

const LATE: Change = { key: 4, sequence: 17, value: undefined, timeSeconds: NOW - 3009 };

/** A lake with a base, deltas, a late change and unfolded changes. It shows `FILLED`. */
export async function filledDeployment(
  session: DuckdbSession,
  schema: Schema = worldSchema(),
): Promise<Deployment> {
  const world = await filledWorld(session, schema);
  await writeSchema(world.store, world.schema);
  await deliverAll(world, [LATE]);
  return Deployment.of(world, session);
}

export const DEPLOYED_CHANGES: readonly Change[] = [...FILLED_CHANGES, LATE];
const { [LATE.key]: _, ...others } = FILLED;
/** What the lake shows once a compaction has folded the late change. */
export const COMPACTED: State = others;
