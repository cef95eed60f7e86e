/** What Athena would bill: the bytes that Trino reads for a query of the published view, beside what the columns take in the files. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import { firehoseSink } from "../../src/aws/firehose-sink.ts";
import { publishViews } from "../../src/aws/publish-views.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { changesFolder, segmentsFolder } from "../../src/core/format/lake-path.ts";
import { literal } from "../../src/core/ports/dialect.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import { sharedEmulator } from "./support/emulator.ts";
import { type TestLake, testLake } from "./support/lake-tables.ts";

const DAYS = 4;
const ROWS = 600_000;
/** What a reader takes beside the columns: the ends of the files, and small columns that lie between two others. */
const BESIDE_BYTES = 256 * 1024;

const SCHEMA = parseSchema(
  {
    table: "visits",
    key: { hash: "Id" },
    partitionBy: "day(day)",
    attributes: {
      Id: { type: "string" },
      Day: { type: "date" },
      Seconds: { type: "double" },
      Page: { type: "string" },
      Agent: { type: "string" },
    },
  },
  "a test",
);

/** Wire rows, made up by the engine. */
const STAGED = `(SELECT id, CAST(DATE '2026-11-01' + INTERVAL '1' DAY * (n % ${DAYS}) AS varchar) AS day, random() AS seconds,
substr(to_hex(sha256(to_utf8(id || 'page'))), 1, 24) AS page, to_hex(sha256(to_utf8(id || 'agent'))) AS agent,
CAST(NULL AS varchar) AS _unmapped, lower(substr(to_hex(sha256(to_utf8(id))), 1, 32)) AS _key
FROM (SELECT 'visit-' || CAST(a * 1000 + b AS varchar) AS id, a * 1000 + b AS n
FROM UNNEST(sequence(0, ${ROWS / 1000 - 1})) AS thousands(a) CROSS JOIN UNNEST(sequence(0, 999)) AS ones(b)))`;

let lake: TestLake;
/** Bytes by column, and by day. */
let sizes: readonly { readonly name: string; readonly part: string; readonly bytes: number }[];
let overlayBytes: number;

beforeAll(async () => {
  const emulator = await sharedEmulator();
  await emulator.athenaReady();
  lake = await testLake("bytes");
  const nowSeconds = (): number => Math.floor(Date.now() / 1000);
  const { store, engine, clients } = lake;
  const sink = firehoseSink({ client: clients.firehose, stream: await lake.declare(SCHEMA) });
  await seed({
    store,
    engine,
    schema: SCHEMA,
    run: "seed",
    staged: STAGED,
    items: ROWS,
    exportTimeSeconds: nowSeconds() - 600,
    cutSeconds: nowSeconds() - 900,
    deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
    snapshotsKept: 1,
    nowSeconds,
  });
  const Id = { S: "visit-7" };
  const dynamodb = {
    Keys: { Id },
    NewImage: { Id, Day: { S: "2026-11-02" }, Seconds: { N: "2.5" } },
    SequenceNumber: "1",
    ApproximateCreationDateTime: nowSeconds() - 60,
  };
  const batch = {
    records: [{ eventName: "MODIFY", dynamodb }],
    source: "a test",
    arrivedAtSeconds: nowSeconds(),
  };
  const writer = lineWriter(rowCodec(SCHEMA));
  await deliver({ store, sink, writer, rowBytesMax: 1_000_000 }, batch);
  await publishViews({ ...lake, opened: await openTableOf(store, SCHEMA), nowSeconds });
  sizes = await columnSizes();
  const changes = await store.list(changesFolder(SCHEMA.table));
  overlayBytes = changes.reduce((sum, { bytes }) => sum + bytes, 0);
}, 600_000);

/** By the footers of the base's files. */
async function columnSizes(): Promise<typeof sizes> {
  const folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  const session = await openDuckdb({ threads: 1, memoryMegabytes: 300, temporaryFolder: folder });
  try {
    const found: { name: string; part: string; bytes: number }[] = [];
    for (const { path } of await lake.store.list(segmentsFolder(SCHEMA.table))) {
      const file = join(folder, "rows.parquet");
      await writeFile(file, (await lake.store.read(path)) ?? "");
      const rows = await session.rows(
        `SELECT path_in_schema AS name, sum(total_compressed_size) AS bytes FROM parquet_metadata(${literal(file)}) GROUP BY ALL`,
      );
      const part = /segment_part=([^/]+)/.exec(path)?.[1] ?? "";
      for (const { name, bytes } of rows) found.push({ name: String(name), part, bytes: Number(bytes) });
    }
    return found;
  } finally {
    await session.close();
    await rm(folder, { recursive: true });
  }
}

function bytesOf(names: readonly string[], part?: string): number {
  return sizes
    .filter((size) => names.includes(size.name) && (part === undefined || size.part === part))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

test.each([
  ["SELECT count(*) FROM visits", []],
  ["SELECT avg(seconds) FROM visits", ["seconds"]],
  ["SELECT page, count(*) FROM visits GROUP BY page ORDER BY 2 DESC LIMIT 3", ["page"]],
  ["SELECT max(seconds), min(agent) FROM visits", ["seconds", "agent"]],
])("%s reads the columns that it names, and the key's hash", async (sql, names) => {
  const { scannedBytes } = await lake.engine.statements.run(sql);
  const most = bytesOf([...names, "_key"]) + overlayBytes + BESIDE_BYTES;
  expect(scannedBytes).toBeLessThan(most);
  expect(scannedBytes).toBeGreaterThan(bytesOf(names));
});

test("the key's hash takes at most 17 bytes of a row", () => {
  expect(bytesOf(["_key"]) / ROWS).toBeLessThan(17);
});

test("a filter on the column of partitionBy reads the part that can hold it, and of the others no rows", async () => {
  const sql = "SELECT count(*) AS visits, avg(seconds) FROM visits WHERE day = DATE '2026-11-03'";
  const { scannedBytes } = await lake.engine.statements.run(sql);
  const most = bytesOf(["day", "seconds", "_key"], "2026-11-03") + overlayBytes + BESIDE_BYTES;
  expect(scannedBytes).toBeLessThan(most);
});
