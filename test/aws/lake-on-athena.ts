import { gzipSync } from "node:zlib";
import { CreateTableCommand, PutItemCommand, UpdateContinuousBackupsCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import { firehoseSink } from "../../src/aws/firehose-sink.ts";
import { publishViews } from "../../src/aws/publish-views.ts";
import { removeEmptyPartitions } from "../../src/aws/segments-table.ts";
import { describeExport, readExport, startExport } from "../../src/aws/source-export.ts";
import { commitPlan } from "../../src/core/compaction/commit-plan.ts";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import type { CompactionContext } from "../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { planMinor } from "../../src/core/compaction/minor-plan.ts";
import { planFile } from "../../src/core/compaction/plan.ts";
import { removeStaged } from "../../src/core/compaction/remove-staged.ts";
import { commitSeed, planSeed } from "../../src/core/compaction/seed.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { lakeFileBytes, parseLakeFile } from "../../src/core/format/lake-file.ts";
import { stagingRunFolder } from "../../src/core/format/lake-path.ts";
import { currentView, wireRows } from "../../src/core/overlay/lake-view.ts";
import { rowCodec, toItem } from "../../src/core/row/row.ts";
import { itemLine, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema, type Schema, type SchemaFile } from "../../src/core/schema/schema.ts";
import { latestManifest, manifestNumbered, readCommits } from "../../src/core/table/commits.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { type AttributeValue, type Item, itemText, readItem } from "../../src/core/values/attribute-value.ts";
import { allPartitions } from "../support/all-partitions.ts";
import type { TestLake } from "./support/lake-tables.ts";

/** A lake table's whole life on AWS by its adapters: snapshot, changes, compactions, and the views that people query. */

const FILE: SchemaFile = {
  table: "orders",
  key: { hash: "Order", range: "Line" },
  partitionBy: "bucket(3)",
  attributes: {
    Order: { type: "string" },
    Line: { type: "bigint" },
    User: { type: "string" },
    Total: { type: "decimal(38,9)" },
    Select: { type: "boolean" },
    Weight: { type: "double" },
    Count: { type: "int" },
    Day: { type: "date" },
    At: { type: "timestamp" },
    Blob: { type: "binary" },
    Any: { type: "json" },
    Tags: { type: "array<string>", set: true },
    Details: {
      type: "struct<Publisher:string,Pages:int,Printed:date,Parts:array<struct<Name:string,Raw:binary>>>",
    },
    Prices: { type: "map<string,decimal(20,2)>" },
  },
};

const rich = (line: number): Item =>
  readItem({
    Order: { S: "o'1\"" },
    Line: { N: String(line) },
    User: { S: "“ü” \u{1F4DA}\n\u0000" },
    Total: { N: "12345678901234567890123456789.123456789" },
    Select: { BOOL: line % 2 === 0 },
    Weight: { N: "-1.5e-7" },
    Count: { N: "2147483647" },
    Day: { S: "1582-10-10" },
    At: { S: "2026-11-23T01:02:03.456Z" },
    Blob: { B: "AAH+/w==" },
    Any: { M: { a: { L: [{ NULL: true }, { N: "1.10" }] } } },
    Tags: { SS: ["a", "b'"] },
    Details: {
      M: {
        Publisher: { S: "p" },
        Pages: { N: "7" },
        Printed: { S: "2024-02-29" },
        Parts: { L: [{ M: { Name: { S: "n" }, Raw: { B: "AA==" } } }] },
      },
    },
    Prices: { M: { eur: { N: "1.1" }, usd: { N: "-2" } } },
    Else: { SS: ["kept beside the columns"] },
  });

const item = (order: string, line: number, more: Record<string, AttributeValue> = {}): Item => ({
  Order: { S: order },
  Line: { N: String(line) },
  ...more,
});

interface TestTable {
  readonly lake: TestLake;
  readonly schema: Schema;
  readonly context: CompactionContext;
  /** Delivers a put or a removal of the item. */
  write(sequence: number, changedAtSeconds: number, written: Item, operation?: "REMOVE"): Promise<void>;
  /** Seeds the table with items, in the same two steps as the state machine. */
  seed(items: readonly Item[], exportTimeSeconds: number): Promise<void>;
  /** The items in the engine's view, which must equal those in the published view. */
  items(): Promise<readonly string[]>;
  publishedLines(): Promise<readonly string[]>;
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

async function testTable(lake: TestLake, file: SchemaFile = FILE): Promise<TestTable> {
  const schema = parseSchema(file, "a test");
  const stream = await lake.declare(schema);
  const { store, engine } = lake;
  const sink = firehoseSink({ client: lake.clients.firehose, stream });
  const writer = lineWriter(rowCodec(schema));
  let runs = 0;
  const policy = { ...DEFAULT_POLICY, settleSeconds: 0 };
  const context = { store, engine, schema, nowSeconds, policy, newRunId: () => `run-${++runs}` };
  return {
    lake,
    schema,
    context,
    write: async (sequence, changedAtSeconds, written, operation) => {
      const { Order, Line } = written;
      const dynamodb = {
        Keys: { Order, Line },
        ...(operation === undefined ? { NewImage: written } : {}),
        SequenceNumber: String(sequence),
        ApproximateCreationDateTime: changedAtSeconds,
      };
      const records = [{ eventName: operation ?? "MODIFY", dynamodb }];
      const batch = { records, source: "a test", arrivedAtSeconds: nowSeconds() };
      const { rows } = await deliver({ store, sink, writer, rowBytesMax: 1_000_000 }, batch);
      expect(rows).toBe(1);
    },
    seed: async (items, exportTimeSeconds) => {
      const run = `seed-${++runs}`;
      const lines = items.map((each) => itemLine(writer, each)).join("");
      await store.replace(
        `${stagingRunFolder(schema.table, run)}rows/000000.jsonl.gz`,
        gzipSync(Buffer.from(lines)),
      );
      const times = { exportTimeSeconds, cutSeconds: exportTimeSeconds - 300, deliveryDelaySeconds: 7200 };
      const staged = engine.staged(schema, run);
      const commits = await readCommits(store, schema.table);
      const seeding = { ...context, ...times, run, staged, items: items.length, snapshotsKept: 2 };
      const planned = await planSeed(seeding, commits.manifest);
      const stored = parseLakeFile(planFile, lakeFileBytes(planned), "a test");
      await Promise.all(engine.unloads(schema, stored.stages).map((sql) => engine.statements.run(sql)));
      const segments = await engine.collect(schema, stored.stages);
      expect(await engine.collect(schema, stored.stages)).toEqual(segments);
      await commitSeed({ ...context, commits }, stored, segments);
    },
    items: async () => {
      const view = await currentView(engine, await openTableOf(store, schema), undefined);
      const codec = rowCodec(schema);
      const items: string[] = [];
      const statement = await engine.statements.run(wireRows(engine, schema, view));
      for await (const { rows } of engine.statements.pages(statement)) {
        for (const row of rows)
          items.push(
            itemText(toItem(codec, { values: row.slice(0, -1), unmapped: row.at(-1) as string | null })),
          );
      }
      return items.sort();
    },
    publishedLines: async () => {
      const rows = await engine.rows(
        `SELECT "order" || '/' || CAST(line AS varchar) AS line FROM ${schema.table}`,
      );
      return rows.map((row) => String(row.line)).sort();
    },
  };
}

export function registerLakeOnAthenaTests(
  withLake: (use: (lake: TestLake) => Promise<void>) => Promise<void>,
): void {
  const inTable = (use: (table: TestTable) => Promise<void>, file?: SchemaFile) => () =>
    withLake(async (lake) => use(await testTable(lake, file)));
  const publish = async ({ lake, schema }: TestTable) =>
    publishViews({ ...lake, opened: await openTableOf(lake.store, schema), nowSeconds });
  const plannedMinor = async ({ context }: TestTable) =>
    planMinor(context, await openTableOf(context.store, context.schema));

  describe("a lake on AWS", () => {
    test(
      "every item comes back through snapshot, change log, deltas and base, of every type",
      inTable(async (table) => {
        const t = nowSeconds();
        await table.seed([rich(1), rich(2), rich(3)], t - 600);
        await table.write(10, t - 100, rich(4));
        await table.write(11, t - 100, rich(1), "REMOVE");
        await table.write(12, t - 90, { ...rich(2), Count: { N: "-5" } });
        const expected = [{ ...rich(2), Count: { N: "-5" } }, rich(3), rich(4)].map(itemText).sort();
        expect(await table.items()).toEqual(expected);
        expect((await compactMinor(table.context))?.rows).toBe(3);
        expect(await table.items()).toEqual(expected);
        await compactMajor(table.context, "all");
        expect(
          (await latestManifest(table.lake.store, "orders")).segments.map(({ kind }) => kind),
        ).not.toContain("delta");
        expect(await table.items()).toEqual(expected);
      }),
    );

    test(
      "the published views show what is committed, and what is delivered after they were published",
      inTable(async (table) => {
        const { lake } = table;
        const t = nowSeconds();
        expect(await publish(table)).toEqual({ manifest: 0 });
        expect(await table.publishedLines()).toEqual([]);
        await table.write(1, t - 500, item("before", 1));
        expect(await table.publishedLines()).toEqual(["before/1"]);
        await table.seed([item("a", 1), item("b", 1), rich(7)], t - 300);
        expect(await publish(table)).toEqual({ manifest: 1 });
        await table.write(2, t - 100, item("c", 1));
        await table.write(3, t - 100, item("a", 1), "REMOVE");
        expect(await table.publishedLines()).toEqual(["b/1", "c/1", "o'1\"/7"]);
        await compactMinor(table.context);
        expect(await publish(table)).toEqual({ manifest: 2 });
        await table.write(4, t - 50, item("b", 1), "REMOVE");
        expect(await table.publishedLines()).toEqual(["c/1", "o'1\"/7"]);
        const history = await lake.engine.rows(
          `SELECT "order", _op, dt, hr FROM orders_history ORDER BY _version`,
        );
        expect(history.map((row) => row._op)).toEqual(["MODIFY", "MODIFY", "REMOVE", "REMOVE"]);
        const snapshots = await lake.engine.rows(
          `SELECT count(*) AS rows, min(to_unixtime(with_timezone(ddb_export_timestamp, 'UTC'))) AS at FROM orders_snapshots`,
        );
        expect(snapshots).toEqual([{ rows: 3, at: t - 300 }]);
        const [row] = await lake.engine.rows(
          `SELECT details.parts[1].name AS name, prices['eur'] AS eur, total FROM orders WHERE line = 7`,
        );
        expect(row).toEqual({ name: "n", eur: "1.10", total: "12345678901234567890123456789.123456789" });
      }),
    );

    test(
      "a late change is folded by the next compaction, also where its object is read with others of its hour",
      inTable(async (table) => {
        const { context } = table;
        const t = nowSeconds();
        await table.write(1, t - 100, item("a", 1));
        await table.write(5, t - 90, item("b", 1));
        await compactMinor(context);
        expect(await plannedMinor(table)).toBeUndefined();
        // Of the same hour as those that were folded.
        await table.write(2, t - 95, item("a", 1), "REMOVE");
        await table.write(3, t - 95, item("c", 1));
        const folded = await compactMinor(context);
        expect(folded?.rows).toBe(2);
        expect(await table.items()).toEqual([item("b", 1), item("c", 1)].map(itemText));
        expect(await plannedMinor(table)).toBeUndefined();
      }),
    );

    test(
      "more parts than one statement writes, in two steps with the store between them",
      inTable(
        async (table) => {
          const { lake, schema } = table;
          const items = Array.from({ length: 400 }, (_, i) => item(`k${i}`, i));
          await table.seed(items, nowSeconds() - 300);
          const manifest = await latestManifest(lake.store, schema.table);
          expect(manifest.segments.length).toBeGreaterThan(120);
          expect(manifest.segments.reduce((rows, segment) => rows + segment.rows, 0)).toBe(400);
          const statements = await lake.store.folders(`orders/segments/${manifest.run}/`);
          expect(statements).toEqual(["0", "1"]);
          expect(await table.items()).toEqual(items.map(itemText).sort());
        },
        { ...FILE, partitionBy: "bucket(150)" },
      ),
    );

    test(
      "a table cut by the values of a column is rewritten where its keys move",
      inTable(
        async (table) => {
          const t = nowSeconds();
          const of = (key: string, day: string | undefined): Item =>
            item(key, 1, day === undefined ? {} : { Day: { S: day } });
          await table.seed([of("a", "2024-01-05"), of("b", "2024-02-05"), of("c", undefined)], t - 300);
          await table.write(1, t - 100, of("a", "2024-02-07"));
          await table.write(2, t - 100, of("d", "2025-01-01"));
          const expected = [
            of("a", "2024-02-07"),
            of("b", "2024-02-05"),
            of("c", undefined),
            of("d", "2025-01-01"),
          ]
            .map(itemText)
            .sort();
          await compactMinor(table.context);
          expect(await table.items()).toEqual(expected);
          await compactMajor(table.context, "all");
          expect(await table.items()).toEqual(expected);
          const { segments } = await latestManifest(table.lake.store, "orders");
          expect(segments.map(({ part }) => part).sort()).toEqual(["2024-02", "2025-01", "none"]);
        },
        { ...FILE, partitionBy: "month(day)" },
      ),
    );

    test(
      "publishers at the same time, and one that was slow, leave the newest manifest's views",
      inTable(async (table) => {
        const { lake, schema } = table;
        const t = nowSeconds();
        await table.seed([item("a", 1)], t - 300);
        // It has opened the table before the second commit.
        const slow = { ...lake, nowSeconds, opened: await openTableOf(lake.store, schema) };
        await table.write(1, t - 100, item("b", 1));
        await compactMinor(table.context);
        const both = await Promise.all([publish(table), publish(table), publishViews(slow)]);
        expect(both.map(({ manifest }) => manifest)).toEqual([2, 2, 1]);
        await publishViews(slow);
        const parameters = (await lake.engine.catalog.table("orders"))?.Parameters;
        expect(parameters).toMatchObject({ "dynalake.manifest": "2", presto_view: "true" });
        expect(await table.publishedLines()).toEqual(["a/1", "b/1"]);
      }),
    );

    test(
      "partitions of a run that never committed go with its files, and no others",
      inTable(async (table) => {
        const { lake, schema, context } = table;
        const t = nowSeconds();
        await table.seed([item("a", 1), item("b", 1)], t - 300);
        await table.write(1, t - 100, item("c", 1));
        const planned = await plannedMinor(table);
        if (planned === undefined) throw new Error("there is something to fold");
        for (const stage of planned.stages) await lake.engine.stage({ ...stage, schema });
        await removeStaged(context, planned);
        const before = await allPartitions(lake.engine.catalog, "orders__segments");
        expect(await removeEmptyPartitions(lakeContext(lake), "orders")).toEqual({ partitions: 1 });
        const after = await allPartitions(lake.engine.catalog, "orders__segments");
        const { segments } = await manifestNumbered(lake.store, "orders", 1);
        expect([...after].sort()).toEqual(segments.map(({ id }) => id).sort());
        expect(before.length).toBe(after.length + 1);
        expect(await table.items()).toEqual(["a", "b", "c"].map((key) => itemText(item(key, 1))));
      }),
    );

    test(
      "a statement that was run twice is refused, and nothing is committed",
      inTable(async (table) => {
        const { lake, schema, context } = table;
        await table.write(1, nowSeconds() - 100, item("a", 1));
        const planned = await plannedMinor(table);
        if (planned === undefined) throw new Error("nothing was planned");
        const [sql = ""] = lake.engine.unloads(schema, planned.stages);
        await lake.engine.statements.run(sql);
        // What Athena writes if the statement runs again: it does not check that its folder is empty.
        const [file] = await lake.store.list(`orders/segments/${planned.run}/`);
        const path = file?.path ?? "";
        const again = path.replace(/\/\d{8}_\d{6}_\d{5}_[a-z0-9]{5}_/, "/20261123_101112_00042_zzzzz_");
        expect(again).not.toBe(path);
        await lake.store.replace(again, (await lake.store.read(path)) ?? new Uint8Array());
        await expect(lake.engine.collect(schema, planned.stages)).rejects.toMatchObject({
          code: "ENGINE_FAILED",
        });
        await lake.store.remove([again]);
        const commits = await readCommits(lake.store, schema.table);
        await commitPlan({ ...context, commits }, planned, await lake.engine.collect(schema, planned.stages));
        expect(await table.items()).toEqual([itemText(item("a", 1))]);
      }),
    );

    test("an export of the source table is told by its manifests, and asks for point-in-time recovery", () =>
      withLake(async ({ bucket, clients, store }) => {
        const TableName = `source-${bucket}`;
        const AttributeDefinitions = [{ AttributeName: "id", AttributeType: "S" as const }];
        const KeySchema = [{ AttributeName: "id", KeyType: "HASH" as const }];
        const made = await clients.dynamodb.send(
          new CreateTableCommand({
            TableName,
            AttributeDefinitions,
            KeySchema,
            BillingMode: "PAY_PER_REQUEST",
          }),
        );
        const sourceTableArn = made.TableDescription?.TableArn ?? "";
        for (const id of ["a", "b", "c"])
          await clients.dynamodb.send(new PutItemCommand({ TableName, Item: { id: { S: id } } }));
        const request = {
          client: clients.dynamodb,
          sourceTableArn,
          bucket,
          source: "t",
          name: `run-${bucket}`,
        };
        await expect(startExport(request)).rejects.toMatchObject({ code: "BACKUPS_OFF" });
        await clients.dynamodb.send(
          new UpdateContinuousBackupsCommand({
            TableName,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          }),
        );
        const { exportArn, exportPrefix } = await startExport(request);
        const state = async () => (await describeExport(clients.dynamodb, exportArn)).status;
        for (const untilMs = Date.now() + 30_000; (await state()) === "IN_PROGRESS"; )
          if (Date.now() > untilMs) throw new Error("the export did not end in time");
        expect(await state()).toBe("COMPLETED");
        const { summary, files } = await readExport(store, exportPrefix);
        expect(summary).toMatchObject({ itemCount: 3, tableArn: sourceTableArn });
        expect(files.reduce((items, { itemCount }) => items + itemCount, 0)).toBe(3);
        for (const { key } of files) expect(await store.read(key)).toBeDefined();
      }));

    test("results of many pages come whole, and a statement that nobody waits for ends", () =>
      withLake(async ({ engine }) => {
        const rows = await engine.rows("SELECT x FROM UNNEST(sequence(1, 2500)) AS t (x)");
        expect(rows.map((row) => Number(row.x)).sort((a, b) => a - b)).toEqual(
          Array.from({ length: 2500 }, (_, i) => i + 1),
        );
        const thousand = "UNNEST(sequence(1, 10000))";
        const endless = `SELECT count(*) FROM ${thousand} AS a (x), ${thousand} AS b (y), ${thousand} AS c (z) WHERE x + y + z = 7`;
        const began = Date.now();
        const signal = AbortSignal.timeout(1_000);
        await expect(engine.statements.run(endless, { signal })).rejects.toMatchObject({
          code: "INCOMPLETE",
        });
        expect(Date.now() - began).toBeLessThan(20_000);
      }));
  });
}

function lakeContext({ store, engine }: TestLake): Parameters<typeof removeEmptyPartitions>[0] {
  return { store, catalog: engine.catalog };
}
