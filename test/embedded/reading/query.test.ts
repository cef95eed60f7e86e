import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { deliver } from "../../../src/core/delivery/deliver.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { lineWriter } from "../../../src/core/row/wire-line.ts";
import { type AttributeFile, parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { isReserved } from "../../../src/core/sql/reserved-words.ts";
import { openTableOf } from "../../../src/core/table/open-table.ts";
import { writeSchema } from "../../../src/core/table/schema-file.ts";
import type { AttributeValue } from "../../../src/core/values/attribute-value.ts";
import { FILE_LIMITS, parquetSink } from "../../../src/embedded/delivery/parquet-sink.ts";
import { type LakeFolder, openLakeFolder } from "../../../src/embedded/folder/lake-folder.ts";
import { everyOf } from "../../support/effort.ts";
import { withFolder } from "../../support/folders.ts";
import { type PrintedRows, printedRows } from "../../support/printed-rows.ts";

const NOW = 1_772_359_200;

/** The lake that most tests read. No test may change it. */
let shared: { readonly folder: string; readonly reviews: Reviews };

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  shared = { folder, reviews: await openReviews(folder, "lake") };
});

afterAll(async () => {
  await shared.reviews.lake.close();
  await rm(shared.folder, { recursive: true, force: true });
});

describe("one statement that reads", () => {
  test.each<[string, readonly (readonly unknown[])[]]>([
    [
      "SELECT id, n FROM reviews ORDER BY id",
      [
        ["a", 1],
        ["b", 2],
      ],
    ],
    ["FROM reviews SELECT sum(n)", [["3"]]],
    ["VALUES (1), (2)", [[1], [2]]],
    ["WITH x AS (SELECT 1 AS y) SELECT y FROM x -- a comment;", [[1]]],
    ["  /* a comment */ SELECT 1;  ", [[1]]],
    ["SELECT ';' || '--', \"id\" FROM reviews WHERE id = 'b';\n\n", [[";--", "b"]]],
    ["PIVOT (SELECT id, n FROM reviews) ON id IN ('a', 'b') USING sum(n)", [["1", "2"]]],
    ["PIVOT (SELECT id, n FROM reviews) ON id USING sum(n)", [["1", "2"]]],
    ["SELECT a_2, b_3 FROM (PIVOT (SELECT id, n FROM reviews) ON id, n + 1 USING sum(n))", [["1", "2"]]],
    ["WITH p AS (PIVOT reviews ON id USING sum(n) GROUP BY _op) SELECT count(*) FROM p", [["1"]]],
    ["SELECT count(*) FROM query_table('reviews')", [["2"]]],
    ["SELECT count(*) FROM query_table(['reviews', 'REVIEWS'])", [["4"]]],
    ["SELECT count(*) FROM reviews JOIN reviews AS other USING (id)", [["2"]]],
    [
      "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r WHERE x < 3) SELECT max(x) FROM r",
      [[3]],
    ],
    [
      "WITH RECURSIVE r AS (WITH s AS (SELECT 1 AS x) SELECT x FROM s UNION ALL SELECT x + 1 FROM r WHERE x < 3) SELECT max(x) FROM r",
      [[3]],
    ],
    ["SELECT count(*) FROM range(3), generate_series(1, 2), unnest([1, 2])", [["12"]]],
    ["SELECT count(*) > 0 FROM information_schema.columns WHERE table_name = 'reviews'", [[true]]],
    ["SELECT count(*) FROM reviews_history", [["3"]]],
    ["SELECT count(*) FROM REVIEWS__changes WHERE dt = '2026-03-01'", [["3"]]],
    ["SELECT count(*) FROM reviews_snapshots", [["0"]]],
    ["SELECT column_name FROM (DESCRIBE reviews) LIMIT 1", [["id"]]],
    ["SELECT name FROM (SHOW TABLES) WHERE name = 'reviews'", [["reviews"]]],
  ])("%s", async (sql, rows) => {
    const { run } = shared.reviews;
    expect((await run(sql)).rows).toEqual(rows);
  });

  test.each([
    "DESCRIBE reviews",
    "SUMMARIZE reviews",
    "SHOW TABLES",
    "EXPLAIN SELECT * FROM reviews",
    "EXPLAIN ANALYZE SELECT n FROM reviews",
    "explain (format json) select 1",
  ])("%s gives rows", async (sql) => {
    const { run } = shared.reviews;
    expect((await run(sql)).rows.length).toBeGreaterThan(0);
  });

  test.each([
    ["", "one statement was expected, not 0"],
    [" -- nothing\n", "one statement was expected, not 0"],
    ["SELECT 1; SELECT 2", "one statement was expected, not 2"],
    ["SELECT 1 FRM reviews", "LINE 1: SELECT 1 FRM reviews"],
    ["EXPLAIN SELECT 1 FRM reviews", "LINE 1: EXPLAIN SELECT 1 FRM reviews"],
    ["SELECT nothing FROM reviews", "nothing"],
    ["SELECT * FROM orders", "orders"],
    ["SELECT CAST(id AS INTEGER) FROM reviews", "Could not convert string '"],
    ["SELECT ?", "parameters"],
    ["SELECT 1\0; SELECT 2", ""],
  ])("%j is refused in the engine's words", async (sql, message) => {
    const { run } = shared.reviews;
    const refused = expect.objectContaining({
      code: "SQL_FAILED",
      message: expect.stringContaining(message),
    });
    await expect(run(sql)).rejects.toEqual(refused);
  });
});

describe("nothing is written:", () => {
  const writing = [
    "COPY (SELECT 1) TO 'LAKE/x'",
    "COPY reviews TO 'LAKE/x' (FORMAT parquet)",
    "EXPORT DATABASE 'LAKE/x'",
    "ATTACH 'LAKE/x' AS other",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO 'LAKE/x'",
    "EXPLAIN COPY (SELECT 1) TO 'LAKE/x'",
    "explain (analyze) COPY (SELECT 1) TO 'LAKE/x'",
    "EXPLAIN (FORMAT json) EXPORT DATABASE 'LAKE/x'",
    "/* a comment */ EXPLAIN ANALYZE COPY (SELECT 1) TO 'LAKE/x'",
    "EXPLAIN ANALYZE EXPLAIN ANALYZE COPY (SELECT 1) TO 'LAKE/x'",
    "SELECT 1; COPY (SELECT 1) TO 'LAKE/x'",
    "EXPLAIN SELECT 1; COPY (SELECT 1) TO 'LAKE/x'",
    "WITH x AS (COPY (SELECT 1) TO 'LAKE/x') SELECT 1",
    "SELECT * FROM query('COPY (SELECT 1) TO ''x''')",
    "IMPORT DATABASE 'LAKE/x'",
    "PRAGMA import_database('LAKE/x')",
    "PRAGMA enable_profiling",
  ];
  const changing = [
    ..."CREATE TABLE x (a INT)|CREATE TEMP TABLE x AS SELECT 1|CREATE VIEW x AS SELECT 1|DROP VIEW reviews".split(
      "|",
    ),
    ..."INSERT INTO reviews VALUES ('c')|UPDATE reviews SET id = 'c'|DELETE FROM reviews|VACUUM|CHECKPOINT".split(
      "|",
    ),
    ..."CREATE SECRET s (TYPE s3)|CREATE MACRO m() AS 1|BEGIN|PREPARE p AS SELECT 1|EXECUTE p|USE memory".split(
      "|",
    ),
    ..."SET threads = 1|RESET threads|SET lock_configuration = false|SET enable_external_access = true".split(
      "|",
    ),
    ..."LOAD json|INSTALL httpfs|CALL pragma_version()|PRAGMA version|EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1".split(
      "|",
    ),
  ];
  test.each(everyOf(0.3, [...writing, ...changing]))("%s", async (sql) => {
    const { root, run, files } = shared.reviews;
    const before = await files();
    await expect(run(sql.replaceAll("LAKE", root))).rejects.toMatchObject({ code: "SQL_FAILED" });
    expect(await files()).toEqual(before);
  });
});

describe("nothing outside of the lake is read:", () => {
  test.each([
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_blob('OUTSIDE/secret.txt')",
    "SELECT * FROM read_text('LAKE/../secret.txt')",
    "SELECT * FROM read_text('LAKE/./../secret.txt')",
    "SELECT * FROM read_text('LAKE2/secret.txt')",
    "SELECT * FROM read_text('secret.txt')",
    "SELECT * FROM read_parquet('OUTSIDE/*.parquet')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM glob('OUTSIDE/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM read_json('http://127.0.0.1:9/x')",
    "SELECT * FROM read_duckdb('OUTSIDE/x.db')",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM query_table('/etc/passwd')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM read_text(''/etc/passwd'')'))",
    "SELECT getenv('HOME')",
    "EXPLAIN ANALYZE SELECT * FROM read_text('/etc/passwd')",
    "DESCRIBE SELECT * FROM read_csv('/etc/passwd')",
  ])("%s", async (sql) => {
    const { root, outside, run } = shared.reviews;
    const meant = sql.replaceAll("LAKE", root).replaceAll("OUTSIDE", outside);
    await expect(run(meant)).rejects.toMatchObject({ code: "SQL_FAILED" });
  });

  test.each([
    "SELECT content FROM read_text('LAKE/reviews/schema.json')",
    "SELECT * FROM 'LAKE/reviews/schema.json'",
    'SELECT * FROM "reviews/schema.json"',
    "FROM 'x.csv'",
    "SUMMARIZE 'LAKE/reviews/schema.json'",
    'DESCRIBE "x.parquet"',
    'SHOW "x.parquet"',
    'SELECT * FROM (WITH "LAKE/reviews/schema.json" AS (SELECT 1) SELECT 1) t, "LAKE/reviews/schema.json"',
    "SELECT (SELECT max(content) FROM read_text('LAKE/reviews/quarantine/*/*')) FROM reviews",
    "WITH x AS (SELECT * FROM read_blob('LAKE/reviews/schema.json')) SELECT 1",
    "SELECT * FROM reviews WHERE id IN (SELECT file FROM glob('LAKE/**'))",
    "SELECT * FROM query_table('reviews' || '.csv')",
    "SELECT * FROM query_table(['reviews', 'x.csv'])",
    "SELECT * FROM query_table(getvariable('x'))",
    "SELECT * FROM query('SELECT 1')",
    "PIVOT read_text('LAKE/reviews/schema.json') ON filename USING max(content)",
    "PIVOT (SELECT * FROM 'x.csv') ON a",
    "SELECT * FROM parquet_metadata('LAKE/reviews/changes/*/*/*.parquet')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM reviews__changes, enable_logging(level => 'debug')",
    "SELECT * FROM enable_profiling(format => 'json', save_location => 'LAKE/x')",
    "SELECT * FROM checkpoint()",
    "SELECT write_log('x')",
    "SELECT list_transform([1], lambda x: write_log('x'))",
    "SELECT sleep_ms(1)",
    "SELECT pg_sleep(1)",
  ])("of the lake itself only by the names of its relations: %s", async (sql) => {
    const { root, run, files } = shared.reviews;
    const before = await files();
    await expect(run(sql.replaceAll("LAKE", root))).rejects.toMatchObject({ code: "SQL_FAILED" });
    expect(await files()).toEqual(before);
  });
});

test("each function of the engine that has side effects is known, so that a new one is looked at", async () => {
  const { lake } = shared.reviews;
  const rows = await lake.session.rows(
    "SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE has_side_effects ORDER BY name",
  );
  const refused = ["currval", "nextval", "setseed", "sleep_ms", "stats", "write_log"];
  const harmless = [
    ...["current_connection_id", "current_query", "current_query_id", "current_transaction_id", "error"],
    ...["gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7"],
  ];
  expect(rows.map(({ name }) => name)).toEqual([...refused, ...harmless].sort());
});

test("a table that is not there is answered with those that are", async () => {
  await expect(shared.reviews.run("SELECT * FROM review")).rejects.toMatchObject({
    code: "SQL_FAILED",
    message: 'the lake has no table "review"; its tables are reviews',
  });
});

test("a name that is a word of SQL is answered with its quotes", async () => {
  await withTable(schemaOf("order", { id: { type: "string" } }), async (lake, schema) => {
    await put(lake, schema, [{ id: { S: "a" } }]);
    const tables = [await openTableOf(lake.store, schema)];
    await expect(printedRows(lake.root, { tables, sql: "SELECT * FROM order" })).rejects.toMatchObject({
      code: "SQL_FAILED",
      next: expect.stringContaining('"order"'),
    });
  });
});

test("so is the name of a column", async () => {
  const schema = schemaOf("visits", { id: { type: "string" }, at: { type: "string" } });
  await withTable(schema, async (lake) => {
    await put(lake, schema, [{ id: { S: "a" }, at: { S: "noon" } }]);
    const tables = [await openTableOf(lake.store, schema)];
    const sql = "SELECT count(at) FROM visits";
    await expect(printedRows(lake.root, { tables, sql })).rejects.toMatchObject({
      code: "SQL_FAILED",
      next: '"at" is a word of SQL: if the column is meant, write it in quotes, "at".',
    });
  });
});

test("the words of SQL are those of the engine, and more", async () => {
  const rows = await shared.reviews.lake.session.rows(
    "SELECT keyword_name AS name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')",
  );
  expect(rows.filter(({ name }) => !isReserved(String(name)))).toEqual([]);
});

test.each(["reviews [a]*?", 'it\'s "quoted"; --', "lake=1", "größe 😀"])(
  "a lake can lie in a folder of any name: %s",
  async (name) => {
    await withFolder(async (folder) => {
      const { run, lake } = await openReviews(folder, name);
      expect((await run("SELECT count(*) FROM reviews")).rows).toEqual([["2"]]);
      expect((await run("SELECT count(*) FROM reviews_history")).rows).toEqual([["3"]]);
      await lake.close();
    });
  },
);

describe("names", () => {
  test("a table can be called as SQL or the view's own statement call things", async () => {
    for (const table of ["select", "overlay", "log_window", "base", "reviews_history_2"]) {
      await withTable(schemaOf(table, { id: { type: "string" } }), async (lake, schema) => {
        await put(lake, schema, [{ id: { S: "a" } }]);
        const { rows } = await printedRows(lake.root, {
          tables: [await openTableOf(lake.store, schema)],
          sql: `SELECT id FROM "${table}"`,
        });
        expect(rows).toEqual([["a"]]);
      });
    }
  });

  test("a table that is called like a view on another one is found by its name", async () => {
    const [orders, history] = ["orders", "orders_history"].map((table) =>
      schemaOf(table, { id: { type: "string" } }),
    );
    await withTable(orders as Schema, async (lake) => {
      await writeSchema(lake.store, history as Schema);
      await put(lake, orders as Schema, [{ id: { S: "of orders" } }]);
      await put(lake, history as Schema, [{ id: { S: "of history" } }]);
      for (const schemas of [[orders, history] as Schema[], [history, orders] as Schema[]]) {
        const { rows } = await printedRows(lake.root, {
          tables: await Promise.all(schemas.map((own) => openTableOf(lake.store, own))),
          sql: "SELECT id FROM orders_history",
        });
        expect(rows).toEqual([["of history"]]);
      }
    });
  });

  test("columns that are asked for twice have names of their own", async () => {
    const { run } = shared.reviews;
    const { columns } = await run("SELECT n, n, 1 AS n FROM reviews");
    expect(new Set(columns).size).toBe(3);
  });
});

/** Each column's type, a value, and the printed JSON, in which numbers that do not fit a double are text. */
const PRINTED: readonly (readonly [AttributeFile, AttributeValue, printed: unknown])[] = [
  [{ type: "string" }, { S: "\ufeff\u0000é😀\n\"'" }, "\ufeff\u0000é😀\n\"'"],
  [{ type: "string" }, { S: "" }, ""],
  [{ type: "boolean" }, { BOOL: false }, false],
  [{ type: "int" }, { N: "-2147483648" }, -2147483648],
  [{ type: "bigint" }, { N: "9223372036854775807" }, "9223372036854775807"],
  [{ type: "bigint" }, { N: "9007199254740993" }, "9007199254740993"],
  [{ type: "double" }, { N: "0.1" }, 0.1],
  [{ type: "double" }, { N: "1e125" }, 1e125],
  [{ type: "decimal(38,10)" }, { N: `${"9".repeat(28)}.9999999999` }, `${"9".repeat(28)}.9999999999`],
  [{ type: "decimal(10,2)" }, { N: "-1.5" }, "-1.50"],
  [{ type: "decimal(38,38)" }, { N: `-0.${"0".repeat(37)}1` }, `-0.${"0".repeat(37)}1`],
  [{ type: "date" }, { S: "0001-01-01" }, "0001-01-01"],
  [{ type: "date" }, { S: "9999-12-31" }, "9999-12-31"],
  [{ type: "timestamp" }, { S: "0001-01-01T00:00:00.001Z" }, "0001-01-01 00:00:00.001"],
  [{ type: "timestamp" }, { S: "9999-12-31T23:59:59.999Z" }, "9999-12-31 23:59:59.999"],
  [{ type: "timestamp", format: "epoch_millis" }, { N: "-1" }, "1969-12-31 23:59:59.999"],
  [{ type: "binary" }, { B: "AGFc/w==" }, "\\x00a\\x5C\\xFF"],
  [{ type: "array<string>" }, { L: [{ S: "\ufeff" }, { NULL: true }] }, ["\ufeff", null]],
  [{ type: "array<bigint>", set: true }, { NS: ["1", "9007199254740993"] }, ["1", "9007199254740993"]],
  [{ type: "array<decimal(38,1)>" }, { L: [{ N: "0.5" }] }, ["0.5"]],
  [
    { type: "map<string,int>" },
    { M: JSON.parse('{"__proto__":{"N":"1"}}') },
    [{ key: "__proto__", value: 1 }],
  ],
  [{ type: "struct<a:date,B:string>" }, { M: { a: { S: "2024-02-29" } } }, { a: "2024-02-29", b: null }],
  [{ type: "json" }, { M: { b: { L: [{ NULL: true }] } } }, '{"b":[null]}'],
];

test("every type is printed with all of its digits", async () => {
  const columns = PRINTED.map(([spec], i): [string, AttributeFile] => [`c${i}`, spec]);
  const schema = schemaOf("t", { id: { type: "string" }, ...Object.fromEntries(columns) });
  const item = Object.fromEntries(PRINTED.map(([, value], i) => [`c${i}`, value]));
  await withTable(schema, async (lake) => {
    await put(lake, schema, [{ id: { S: "a" }, ...item }, { id: { S: "b" } }]);
    const sql = `SELECT ${columns.map(([name]) => name).join(", ")} FROM t ORDER BY id`;
    const { rows } = await printedRows(lake.root, { tables: [await openTableOf(lake.store, schema)], sql });
    expect(rows).toEqual([PRINTED.map(([, , printed]) => printed), PRINTED.map(() => null)]);
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
  });
});

test("bytes are printed as the engine's own text of them", async () => {
  const { run } = shared.reviews;
  const all = Array.from({ length: 256 }, (_, byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  const [row] = (await run(`SELECT x, CAST(x AS VARCHAR), [x] FROM (SELECT '${all}'::BLOB AS x)`)).rows;
  const [bytes, text, list] = row as [string, string, string[]];
  expect(bytes).toBe(text);
  expect(list).toEqual([text]);
});

test("a struct may have a field of any name", async () => {
  const { run } = shared.reviews;
  const sql = `SELECT [{'__proto__': 'x', 'a': 2, 'constructor': {'__proto__': [1]}}, NULL] AS x`;
  const [row] = (await run(sql)).rows;
  expect(JSON.stringify(row?.[0])).toBe('[{"__proto__":"x","a":2,"constructor":{"__proto__":[1]}},null]');
});

test("metadata is printed as it is documented", async () => {
  const { run } = shared.reviews;
  const sql = "SELECT _op, _version, _changed_at, _expired, _unmapped FROM reviews ORDER BY id";
  expect((await run(sql)).rows).toEqual([
    [
      "MODIFY",
      "2".padStart(40, "0"),
      "2026-03-01 10:00:02",
      false,
      '{"extra":{"N":"0.10"}}'.replace("0.10", "0.1"),
    ],
    ["MODIFY", "3".padStart(40, "0"), "2026-03-01 10:00:03", false, null],
  ]);
});

test("as of a time the rows are those of then", async () => {
  const { run } = shared.reviews;
  const count = async (asOfSeconds: number): Promise<unknown> =>
    (await run("SELECT count(*), max(n) FROM reviews", asOfSeconds)).rows[0];
  expect(await count(NOW)).toEqual(["0", null]);
  expect(await count(NOW + 1)).toEqual(["1", 0]);
  expect(await count(NOW + 2)).toEqual(["1", 1]);
  expect(await count(NOW + 3)).toEqual(["2", 2]);
});

test("many rows come piece by piece, in their order, and a consumer that fails ends the query", async () => {
  const { lake, schema, run } = shared.reviews;
  const { rows, pieces } = await run("SELECT range FROM range(10000) ORDER BY range DESC");
  expect(rows).toHaveLength(10_000);
  expect(rows[0]).toEqual(["9999"]);
  expect(pieces).toBeGreaterThan(1);
  const failing = printedRows(
    lake.root,
    { tables: [await openTableOf(lake.store, schema)], sql: "SELECT 1" },
    () => {
      throw new Error("the reader went away");
    },
  );
  await expect(failing).rejects.toThrow("the reader went away");
});

interface Reviews {
  readonly lake: LakeFolder;
  readonly schema: Schema;
  readonly root: string;
  readonly outside: string;
  run(sql: string, asOfSeconds?: number): Promise<PrintedRows>;
  /** The names of all files in and around the lake. */
  files(): Promise<readonly string[]>;
}

/** A lake with three changes to two items, next to a file that does not belong to it. */
async function openReviews(outside: string, name: string): Promise<Reviews> {
  const schema = schemaOf("reviews", { id: { type: "string" }, n: { type: "int" } });
  const lake = await openLakeFolder(join(outside, name), { threads: 1, memoryMegabytes: 200 });
  await writeSchema(lake.store, schema);
  await mkdir(`${lake.root}2`);
  for (const folder of [outside, `${lake.root}2`]) await writeFile(join(folder, "secret.txt"), "secret");
  await put(lake, schema, [
    { id: { S: "a" }, n: { N: "0" } },
    { id: { S: "a" }, n: { N: "1" }, extra: { N: "0.10" } },
    { id: { S: "b" }, n: { N: "2" } },
  ]);
  return {
    lake,
    schema,
    root: lake.root,
    outside,
    run: async (sql, asOfSeconds) =>
      printedRows(lake.root, {
        tables: [await openTableOf(lake.store, schema)],
        sql,
        ...(asOfSeconds === undefined ? {} : { asOfSeconds }),
      }),
    files: async () => (await readdir(outside, { recursive: true })).sort(),
  };
}

async function withTable(
  schema: Schema,
  use: (lake: LakeFolder, schema: Schema) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(join(folder, "lake"), { threads: 1, memoryMegabytes: 200 });
    try {
      await writeSchema(lake.store, schema);
      await use(lake, schema);
    } finally {
      await lake.close();
    }
  });
}

function schemaOf(table: string, attributes: Record<string, AttributeFile>): Schema {
  return parseSchema({ table, key: { hash: "id" }, attributes }, "a test");
}

async function put(
  lake: LakeFolder,
  schema: Schema,
  items: readonly Readonly<Record<string, AttributeValue>>[],
): Promise<void> {
  const records = items.map((NewImage, i) => ({
    eventName: "MODIFY",
    dynamodb: {
      Keys: { id: NewImage.id },
      NewImage,
      SequenceNumber: String(i + 1),
      ApproximateCreationDateTime: NOW + i + 1,
    },
  }));
  const context = {
    store: lake.store,
    sink: parquetSink(lake.root, schema, lake.session),
    writer: lineWriter(rowCodec(schema)),
    rowBytesMax: FILE_LIMITS.recordBytesMax,
  };
  const delivery = await deliver(context, { records, source: "a test", arrivedAtSeconds: NOW + 60 });
  expect(delivery).toMatchObject({ rows: items.length });
}
