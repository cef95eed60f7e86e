/** Kept snapshots and `dynalake_tables` in Athena: a statement opens the files of the snapshots that it asks for, and no others. */
import { beforeAll, expect, test } from "@jest/globals";
import { publishViews } from "../../src/aws/publish-views.ts";
import { publishMoments } from "../../src/aws/tables-view.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { tableEntryPath } from "../../src/core/format/deployment-path.ts";
import { segmentsFolder } from "../../src/core/format/lake-path.ts";
import { parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { deployedMoments } from "../../src/core/status/tables-view.ts";
import { wholenessOf } from "../../src/core/status/wholeness.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { replaceLakeFile } from "../../src/core/table/stored-file.ts";
import { tableEntry } from "../support/registry.ts";
import { sharedEmulator } from "./support/emulator.ts";
import { type TestLake, testLake } from "./support/lake-tables.ts";

const DAY_SECONDS = 86_400;
const ROWS = 20_000;
/** Three days, and the moment of the snapshot of each. */
const MIDNIGHT = (Math.floor(Date.now() / 1000 / DAY_SECONDS) - 4) * DAY_SECONDS;
const TIMES = [0, 1, 2].map((day) => MIDNIGHT + day * DAY_SECONDS + 3600);

const textOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
const dayOf = (snapshot: number): string => `DATE '${textOf(TIMES[snapshot] ?? 0).slice(0, 10)}'`;
const timeOf = (snapshot: number): string =>
  `TIMESTAMP '${textOf(TIMES[snapshot] ?? 0)
    .slice(0, 19)
    .replace("T", " ")}'`;

const TEXT = { type: "string" } as const;
const FILE = { table: "orders", source: "Orders", key: { hash: "Id" } };
const BEFORE = parseSchema({ ...FILE, attributes: { Id: TEXT, Status: TEXT, Note: TEXT } }, "a test");
/** One more column, so that older snapshots have another form. */
const AFTER = parseSchema({ ...FILE, attributes: { ...BEFORE.file.attributes, Carrier: TEXT } }, "a test");

let lake: TestLake;
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** Wire rows, made up by the engine: each day another order is shipped. */
function staged(schema: Schema, snapshot: number): string {
  const carrier = schema === AFTER ? ", CAST(NULL AS varchar) AS carrier" : "";
  const unmapped = schema === AFTER ? "NULL" : `'{"Carrier":{"S":"pigeon"}}'`;
  return `(SELECT id, IF(n <= ${snapshot}, 'shipped', 'placed') AS status, to_hex(sha256(to_utf8(id))) AS note${carrier},
CAST(${unmapped} AS varchar) AS _unmapped, lower(substr(to_hex(sha256(to_utf8(id))), 1, 32)) AS _key
FROM (SELECT 'o-' || CAST(a * 1000 + b AS varchar) AS id, a * 1000 + b AS n
FROM UNNEST(sequence(0, ${ROWS / 1000 - 1})) AS thousands(a) CROSS JOIN UNNEST(sequence(1, 1000)) AS ones(b)))`;
}

beforeAll(async () => {
  const emulator = await sharedEmulator();
  await emulator.athenaReady();
  lake = await testLake("kept");
  const { engine, store } = lake;
  for (const [snapshot, exportTimeSeconds] of TIMES.entries()) {
    const schema = snapshot === 2 ? AFTER : BEFORE;
    await lake.declare(schema);
    await seed({
      ...{ store, engine, schema, nowSeconds, items: ROWS, exportTimeSeconds },
      ...{ run: `taken-${snapshot}`, staged: staged(schema, snapshot), snapshotsKept: "all" },
      cutSeconds: exportTimeSeconds - 300,
      deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
    });
  }
  // Tables that are not deployed leave dynalake_tables.
  const entry = tableEntry("orders", "orders", { schema: AFTER.file });
  await replaceLakeFile(store, tableEntryPath("orders", "orders"), entry);
  await publishViews({ ...lake, opened: await openTableOf(store, AFTER), nowSeconds });
}, 600_000);

test("what changed between two days is one statement", async () => {
  const changed = await lake.engine.rows(`SELECT id, status, max(ddb_export_timestamp) AS snapshot
FROM orders_snapshots
WHERE CAST(ddb_export_timestamp AS date) IN (${dayOf(0)}, ${dayOf(2)})
GROUP BY id, status
HAVING count(*) = 1
ORDER BY id, snapshot`);
  const [from, until] = [0, 2].map((snapshot) => `${timeOf(snapshot).slice(11, -1)}.000`);
  expect(changed).toEqual(
    ["o-1", "o-2"].flatMap((id) => [
      { id, status: "placed", snapshot: from },
      { id, status: "shipped", snapshot: until },
    ]),
  );
});

test("a column that was added later is in older snapshots, too", async () => {
  const carriers = await lake.engine.rows(
    "SELECT ddb_export_timestamp AS at, count(carrier) AS n FROM orders_snapshots GROUP BY 1 ORDER BY 1",
  );
  expect(carriers.map(({ n }) => n)).toEqual([ROWS, ROWS, 0]);
});

test("dynalake_tables says of few tables how many rows each has, and of a hundred all else", async () => {
  const { engine, store } = lake;
  const [row] = await engine.rows("SELECT * FROM dynalake_tables");
  expect(row).toMatchObject({
    table_name: "orders",
    source: "Orders",
    newest_change: null,
    is_whole: true,
    open_gaps: 0,
    put_aside: 0,
    drift: null,
    rows: ROWS,
  });
  expect(Object.keys(row ?? {})).toEqual([
    ...["table_name", "source", "as_of", "newest_change", "last_snapshot", "last_commit", "last_compaction"],
    ...["is_whole", "open_gaps", "put_aside", "drift", "rows"],
  ]);
  // Nothing is read for what is known.
  const known = await engine.statements.run("SELECT table_name, as_of, is_whole FROM dynalake_tables");
  expect(known.scannedBytes).toBe(0);
  const opened = await openTableOf(store, AFTER);
  const moments = await deployedMoments(
    store,
    opened,
    await wholenessOf({ store }, opened.manifest, "orders"),
  );
  for (let i = 1; i < 100; i++) await publishMoments(engine.catalog, { ...moments, table: `orders_${i}` }, 1);
  expect(
    await engine.rows("SELECT count(*) AS n, count(as_of) AS dated, count(rows) AS r FROM dynalake_tables"),
  ).toEqual([{ n: 100, dated: 100, r: 0 }]);
});

test("a statement that names the moments of snapshots, or their days, opens no file of others", async () => {
  const { store, engine } = lake;
  const scanned = async (where: string): Promise<number> =>
    (await engine.statements.run(`SELECT count(note) FROM orders_snapshots WHERE ${where}`)).scannedBytes;
  const all = await scanned("true");
  const one = await scanned(`ddb_export_timestamp = ${timeOf(1)}`);
  expect(one).toBeGreaterThan(0);
  expect(one).toBeLessThan(0.4 * all);
  for (const run of ["taken-0", "taken-2"])
    for (const { path } of await store.list(`${segmentsFolder("orders")}${run}/`))
      await store.replace(path, Buffer.from("not a file of rows"));
  for (const where of [
    `ddb_export_timestamp = ${timeOf(1)}`,
    `ddb_export_timestamp > ${timeOf(0)} AND ddb_export_timestamp < ${timeOf(2)}`,
    `CAST(ddb_export_timestamp AS date) = ${dayOf(1)}`,
    `date_trunc('day', ddb_export_timestamp) IN (${timeOf(1).replace("01:00:00", "00:00:00")})`,
  ]) {
    const counted = `SELECT count(*) AS n, count(note) AS notes FROM orders_snapshots WHERE ${where}`;
    expect(await engine.rows(counted)).toEqual([{ n: ROWS, notes: ROWS }]);
  }
  await expect(engine.rows("SELECT count(note) AS notes FROM orders_snapshots")).rejects.toThrow();
});
