import { describe, expect, test } from "@jest/globals";
import { initialManifest } from "../../../src/core/format/manifest.ts";
import { type Dialect, integer, literal, quoted } from "../../../src/core/ports/dialect.ts";
import { changeWireColumns } from "../../../src/core/row/wire-line.ts";
import { type ColumnType, type PartType, parseColumnType } from "../../../src/core/schema/column-type.ts";
import { parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { athena } from "../../../src/core/sql/athena.ts";
import {
  minorDeltaRows,
  oldestLateChange,
  repeatedKeys,
  snapshotBaseRows,
} from "../../../src/core/sql/compaction.ts";
import { duckdb } from "../../../src/core/sql/duckdb.ts";
import { foldedBaseRows, remainingDeltaRows } from "../../../src/core/sql/fold.ts";
import {
  emptySegments,
  emptyWireRows,
  nameList,
  segmentColumns,
  sortColumns,
} from "../../../src/core/sql/typed-columns.ts";
import { currentRows, historyRows, snapshotRows } from "../../../src/core/sql/view.ts";
import { openDuckdb } from "../../../src/embedded/duckdb/duckdb-session.ts";
import { anyCharacter } from "../../arbitraries/character.ts";
import { typeText } from "../../arbitraries/schema.ts";
import * as fc from "../../support/fast-check.ts";
import { withFolder } from "../../support/folders.ts";

const SCHEMA = parseSchema(
  {
    table: "reviews",
    key: { hash: "User" },
    attributes: { User: { type: "string" }, Read: { type: "date" } },
  },
  "a test",
);
const NONE: ReadonlySet<string> = new Set();
const MANIFEST = { ...initialManifest(1), floorSeconds: 500, horizonSeconds: 1000 };
const VIEW = `"user", "read", "_op", "_version", "_changed_at", "_expired", "_unmapped"`;
const SEGMENT = `${VIEW}, "_key"`;
/** A removal keeps its key and its metadata. */
const DELTA = SEGMENT.replace(
  /"(?!user"|_(?!unmapped))\w+"/g,
  (name) => `CASE WHEN _op <> 'REMOVE' THEN ${name} END AS ${name}`,
);
const NEWEST = `row_number() OVER (PARTITION BY _key ORDER BY _version DESC, _changed_at DESC, _op DESC, length(_unmapped) NULLS FIRST) AS "version rank"`;

/** In the view, where a key's own column stands for it, too. */
const NEWEST_OF_KEY = NEWEST.replace("BY _key", 'BY _key, "user"');

/** The parts of this schema's statements that differ between dialects. */
const DIALECTS = [
  {
    dialect: duckdb,
    inlined: "NOT MATERIALIZED ",
    key: "CAST(_key AS UUID)",
    time: (of: string) => `make_timestamp(CAST(${of} AS BIGINT) * 1000000)`,
  },
  {
    dialect: athena,
    inlined: "",
    key: "from_hex(_key)",
    time: (of: string) => `CAST(from_unixtime(${of}, 'UTC') AS timestamp(3))`,
  },
].map((each) => {
  const read = `CAST("read" AS ${each.dialect.name === "duckdb" ? "DATE" : "date"})`;
  const meta = `_op AS "_op", _version AS "_version", ${each.time("_changed_at")} AS "_changed_at", _expired AS "_expired", _unmapped AS "_unmapped"`;
  const typed = `"user" AS "user", ${read} AS "read", ${meta}`;
  return { name: each.dialect.name, ...each, read, typed, typedSegment: `${typed}, ${each.key} AS "_key"` };
});

describe.each(DIALECTS)(
  "the statements of $name",
  ({ dialect, inlined, key, time, read, typed, typedSegment }) => {
    test("the view is the base without the keys of the overlay, and the overlay without its removals", () => {
      const relations = { changes: "changes", base: "base_segments", deltas: "delta_segments" };
      expect(
        currentRows(dialect, SCHEMA, MANIFEST, relations, { columns: "view" }),
      ).toBe(`WITH "delta rows" AS ${inlined}(SELECT * FROM delta_segments),
"change log" AS ${inlined}(SELECT * FROM changes)
SELECT ${VIEW} FROM (
SELECT "_key", ${VIEW} FROM base_segments WHERE _key NOT IN (SELECT _key FROM (SELECT _key FROM "delta rows"
UNION ALL
SELECT ${key} AS _key FROM "change log" WHERE _changed_at >= 1000) WHERE _key IS NOT NULL)
UNION ALL
SELECT "_key", ${VIEW} FROM (SELECT ${SEGMENT} FROM (
SELECT *, ${NEWEST_OF_KEY} FROM (
SELECT ${SEGMENT} FROM "delta rows"
UNION ALL
SELECT ${SEGMENT} FROM (SELECT ${typedSegment} FROM (
SELECT *, ${NEWEST_OF_KEY}, max(_changed_at) OVER (PARTITION BY _key, "user") AS "latest change"
FROM "change log" WHERE _changed_at >= 880
) WHERE "version rank" = 1 AND "latest change" >= 1000)
)) WHERE "version rank" = 1) WHERE _op <> 'REMOVE'
)`);
    });

    test("the view is the base alone where nothing lies over it", () => {
      expect(currentRows(dialect, SCHEMA, MANIFEST, { base: "b" }, { columns: "view" })).toBe(
        `SELECT ${VIEW} FROM b`,
      );
    });

    test.each([
      { deltas: "d", changes: undefined },
      { deltas: undefined, changes: "c" },
    ])("the view of deltas $deltas and changes $changes names no other relation", (relations) => {
      const statement = currentRows(
        dialect,
        SCHEMA,
        MANIFEST,
        { base: "b", ...relations },
        { columns: "view" },
      );
      expect(statement.match(/FROM [a-z]\b/g)?.sort()).toEqual(["FROM b", `FROM ${relations.deltas ?? "c"}`]);
      expect(statement.includes('"delta rows"')).toBe(relations.deltas !== undefined);
      expect(statement.includes('"change log"')).toBe(relations.changes !== undefined);
    });

    test("the view of a time ends with that second", () => {
      const relations = { changes: "changes", base: "b", deltas: "d" };
      const statement = currentRows(dialect, SCHEMA, MANIFEST, relations, {
        asOfSeconds: 2000,
        columns: "view",
      });
      expect(statement).toContain('FROM "change log" WHERE _changed_at >= 880 AND _changed_at < 2001\n');
      expect(statement).toContain('FROM "change log" WHERE _changed_at >= 1000 AND _changed_at < 2001)');
    });

    test("a minor compaction folds the log window, the state of keys with late changes, and deltas that it takes in", () => {
      const statement = minorDeltaRows(dialect, SCHEMA, {
        manifest: MANIFEST,
        horizonSeconds: 1500,
        changes: "changes",
        late: { newObjects: "new_objects", changes: "older_changes", oldestSeconds: 700 },
        deltas: "delta_segments",
      });
      const window = (from: string, until: string, since: number): string => `SELECT * FROM (
SELECT *, ${NEWEST}, max(_changed_at) OVER (PARTITION BY _key) AS "latest change"
FROM ${from} WHERE ${until}
) WHERE "version rank" = 1 AND "latest change" >= ${since}`;
      const pool = `(SELECT * FROM older_changes WHERE _changed_at >= 580 AND _key IN (SELECT _key FROM new_objects WHERE _changed_at >= 380 AND _changed_at < 1000))`;
      expect(statement).toBe(`SELECT ${DELTA} FROM (
SELECT *, ${NEWEST} FROM (
SELECT ${SEGMENT} FROM (SELECT ${typedSegment} FROM (
${window("changes", "_changed_at >= 880 AND _changed_at < 1500", 1000)}
UNION ALL
${window(pool, "_changed_at >= 380 AND _changed_at < 1500", 500)}
))
UNION ALL
SELECT ${SEGMENT} FROM (SELECT ${SEGMENT} FROM delta_segments)
)) WHERE "version rank" = 1`);
    });

    test("late changes are those before the horizon that are not older than the floor with its allowance", () => {
      expect(oldestLateChange(MANIFEST, "new_objects")).toBe(
        "SELECT min(_changed_at) AS oldest FROM new_objects WHERE _changed_at >= 380 AND _changed_at < 1000",
      );
    });

    const newestOf = (deltas: string): string => `SELECT ${SEGMENT} FROM (
SELECT *, ${NEWEST} FROM (
SELECT ${SEGMENT} FROM ${deltas}
)) WHERE "version rank" = 1`;

    test("a major compaction takes the newest rows of the deltas in place of the base's, without removals", () => {
      expect(
        foldedBaseRows(dialect, SCHEMA, { deltas: "d" }, { base: "b", belongs: undefined }),
      ).toBe(`WITH "taken rows" AS (SELECT * FROM (${newestOf("d")}))
SELECT ${SEGMENT} FROM b WHERE _key NOT IN (SELECT _key FROM "taken rows" WHERE _key IS NOT NULL)
UNION ALL
SELECT ${SEGMENT} FROM "taken rows" WHERE _op <> 'REMOVE'`);
      expect(remainingDeltaRows(dialect, SCHEMA, "d", undefined)).toBe(newestOf("d"));
    });

    test("a key that other parts hold is not taken, and stays in a delta", () => {
      const taken = { deltas: "d", where: "p", others: "o" };
      const named = `"taken rows" AS (SELECT * FROM (${newestOf("d")}) WHERE p AND _key NOT IN (SELECT _key FROM o WHERE _key IN (SELECT _key FROM d)))`;
      expect(foldedBaseRows(dialect, SCHEMA, taken, { base: "b", belongs: "q" })).toBe(`WITH ${named}
SELECT ${SEGMENT} FROM b WHERE _key NOT IN (SELECT _key FROM "taken rows" WHERE _key IS NOT NULL)
UNION ALL
SELECT ${SEGMENT} FROM "taken rows" WHERE _op <> 'REMOVE' AND q`);
      expect(remainingDeltaRows(dialect, SCHEMA, "d", taken)).toBe(`WITH ${named}
SELECT ${SEGMENT} FROM (${newestOf("d")}) WHERE _key NOT IN (SELECT _key FROM "taken rows" WHERE _key IS NOT NULL)`);
    });

    test("a snapshot's rows are older than every change, at the floor", () => {
      expect(snapshotBaseRows(dialect, SCHEMA, "staged", 880, NONE)).toBe(
        `SELECT "user" AS "user", ${read} AS "read", 'SNAPSHOT' AS "_op", '${"0".repeat(40)}' AS "_version", ${time("880")} AS "_changed_at", false AS "_expired", _unmapped AS "_unmapped", ${key} AS "_key" FROM staged`,
      );
      expect(repeatedKeys("segments")).toBe(
        "SELECT count(*) - count(DISTINCT _key) AS repeated FROM segments",
      );
    });

    test("the history is every change, typed, with its partition; snapshots tell the time of their export", () => {
      const once =
        "PARTITION BY _key, _version, _op, _changed_at ORDER BY length(_unmapped) NULLS FIRST, dt, hr";
      expect(historyRows(dialect, SCHEMA, MANIFEST, "changes")).toBe(`SELECT ${typed}, dt, hr FROM (
SELECT *, row_number() OVER (${once}) AS "delivery rank" FROM changes
) WHERE "delivery rank" = 1`);
      const kept = ["s1", "s2"].map((rows) => ({ rows, written: SCHEMA, lacking: NONE }));
      expect(snapshotRows(dialect, SCHEMA, kept)).toBe(`SELECT ${VIEW}, ddb_export_timestamp FROM s1
UNION ALL
SELECT ${VIEW}, ddb_export_timestamp FROM s2`);
    });

    test("relations without rows have the same columns as those with rows, the smallest first", () => {
      const columns = segmentColumns(dialect, SCHEMA);
      expect(columns.map(({ name }) => name)).toEqual(JSON.parse(`[${SEGMENT}]`));
      const smallest = columns.filter(({ name }) => name === "_expired");
      const nulls = [...smallest, ...columns.filter(({ name }) => name !== "_expired")]
        .map((column) => `CAST(NULL AS ${column.typeName}) AS "${column.name}"`)
        .join(", ");
      expect(emptySegments(dialect, SCHEMA)).toBe(`(SELECT ${nulls} WHERE false)`);
    });
  },
);

const STRUCT = "struct<A:binary,b:boolean>";

/** Each type with its name, and the expressions from wire form "w" to value and from value "v" to wire form. */
const TYPES: readonly (readonly [string, Dialect, name: string, typed: string, wire: string])[] = [
  ["string", duckdb, "VARCHAR", '"w"', '"v"'],
  ["string", athena, "varchar", '"w"', '"v"'],
  ["json", duckdb, "VARCHAR", '"w"', '"v"'],
  ["json", athena, "varchar", '"w"', '"v"'],
  ["boolean", duckdb, "BOOLEAN", '"w"', '"v"'],
  ["boolean", athena, "boolean", '"w"', '"v"'],
  ["int", duckdb, "INTEGER", '"w"', '"v"'],
  ["int", athena, "integer", '"w"', '"v"'],
  ["bigint", duckdb, "BIGINT", '"w"', '"v"'],
  ["bigint", athena, "bigint", '"w"', '"v"'],
  ["double", duckdb, "DOUBLE", '"w"', '"v"'],
  ["double", athena, "double", '"w"', '"v"'],
  ["decimal(18,9)", duckdb, "DECIMAL(18,9)", 'CAST("w" AS DECIMAL(18,9))', 'CAST("v" AS VARCHAR)'],
  [
    ...(["decimal(38,9)", duckdb, "DECIMAL(38,9)"] as const),
    'coalesce(CAST(TRY_CAST("w" AS DECIMAL(18,9)) AS DECIMAL(38,9)), CAST("w" AS DECIMAL(38,9)))',
    'CAST("v" AS VARCHAR)',
  ],
  ["decimal(38,19)", duckdb, "DECIMAL(38,19)", 'CAST("w" AS DECIMAL(38,19))', 'CAST("v" AS VARCHAR)'],
  ["decimal(38,9)", athena, "decimal(38,9)", 'CAST("w" AS decimal(38,9))', 'CAST("v" AS varchar)'],
  ["date", duckdb, "DATE", 'CAST("w" AS DATE)', 'CAST("v" AS VARCHAR)'],
  ["date", athena, "date", 'CAST("w" AS date)', 'CAST("v" AS varchar)'],
  ["timestamp", duckdb, "TIMESTAMP", 'CAST("w" AS TIMESTAMP)', `strftime("v", '%Y-%m-%dT%H:%M:%S.%gZ')`],
  [
    ...(["timestamp", athena, "timestamp(3)"] as const),
    `CAST(from_iso8601_timestamp("w") AT TIME ZONE 'UTC' AS timestamp(3))`,
    `to_iso8601(with_timezone("v", 'UTC'))`,
  ],
  ["binary", duckdb, "BLOB", 'from_base64("w")', 'to_base64("v")'],
  ["binary", athena, "varbinary", 'from_base64("w")', 'to_base64("v")'],
  [
    ...(["array<bigint>", duckdb, "BIGINT[]"] as const),
    `from_json("w", '"BIGINT[]"')`,
    `CASE WHEN "v" IS NOT NULL THEN CAST(to_json(list_transform("v", lambda "x 0": CAST("x 0" AS VARCHAR))) AS VARCHAR) END`,
  ],
  [
    ...(["array<bigint>", athena, "array(bigint)"] as const),
    `transform(CAST(json_parse("w") AS array(varchar)), "x 0" -> CAST("x 0" AS bigint))`,
    `CASE WHEN "v" IS NOT NULL THEN json_format(CAST(transform("v", "x 0" -> CAST("x 0" AS varchar)) AS json)) END`,
  ],
  [
    ...(["map<string,binary>", duckdb, "MAP(VARCHAR, BLOB)"] as const),
    `map_from_entries(list_transform(map_entries(from_json("w", '"MAP(VARCHAR, VARCHAR)"')), lambda "x 0": struct_pack(k := "x 0".key, v := from_base64("x 0".value))))`,
    `CASE WHEN "v" IS NOT NULL THEN CAST(to_json(map_from_entries(list_transform(map_entries("v"), lambda "x 0": struct_pack(k := "x 0".key, v := to_base64("x 0".value))))) AS VARCHAR) END`,
  ],
  [
    ...(["map<string,binary>", athena, "map(varchar, varbinary)"] as const),
    `transform_values(CAST(json_parse("w") AS map(varchar, varchar)), ("key 0", "x 0") -> from_base64("x 0"))`,
    `CASE WHEN "v" IS NOT NULL THEN json_format(CAST(transform_values("v", ("key 0", "x 0") -> to_base64("x 0")) AS json)) END`,
  ],
  [
    ...([STRUCT, duckdb, 'STRUCT("a" BLOB, "b" BOOLEAN)'] as const),
    ((from: string) =>
      `CASE WHEN ${from} IS NOT NULL THEN struct_pack("a" := from_base64((${from})."a"), "b" := (${from})."b") END`)(
      `from_json("w", '"STRUCT(\\"a\\" VARCHAR, \\"b\\" BOOLEAN)"')`,
    ),
    `CASE WHEN "v" IS NOT NULL THEN CAST(to_json(CASE WHEN "v" IS NOT NULL THEN struct_pack("a" := to_base64(("v")."a"), "b" := ("v")."b") END) AS VARCHAR) END`,
  ],
  [
    ...([STRUCT, athena, 'row("a" varbinary, "b" boolean)'] as const),
    ((from: string) =>
      `CASE WHEN ${from} IS NOT NULL THEN CAST(ROW(from_base64(${from}."a"), CAST(${from}."b" AS boolean)) AS row("a" varbinary, "b" boolean)) END`)(
      `CAST(json_parse("w") AS row("a" varchar, "b" varchar))`,
    ),
    `CASE WHEN "v" IS NOT NULL THEN json_format(CAST(CASE WHEN "v" IS NOT NULL THEN CAST(ROW(to_base64("v"."a"), "v"."b") AS row("a" varchar, "b" boolean)) END AS json)) END`,
  ],
];

test.each(TYPES.map(([text, dialect, ...rest]) => [text, dialect.name, dialect, ...rest] as const))(
  "%s in %s",
  (text, _, dialect, name, typed, wire) => {
    const type = parseColumnType(text);
    expect(dialect.typeName(type)).toBe(name);
    expect(dialect.typed(type, '"w"')).toBe(typed);
    expect(dialect.wire(type, '"v"')).toBe(wire);
  },
);

test("rows are sorted by the key's columns, or by its hash where one of them has no column", () => {
  const attributes = { pk: { type: "string", name: "order" }, sk: { type: "int" } };
  const of = (key: { hash: string; range?: string }): readonly string[] =>
    sortColumns(parseSchema({ table: "t", key, attributes }, "a test"));
  expect(of({ hash: "pk" })).toEqual(["order"]);
  expect(of({ hash: "sk", range: "pk" })).toEqual(["sk", "order"]);
  expect(of({ hash: "pk", range: "other" })).toEqual(["_key"]);
  expect(of({ hash: "other" })).toEqual(["_key"]);
});

describe("quoting", () => {
  test("a name is within double quotes, a text within single ones; a quote inside is doubled", () => {
    expect(quoted('a"b')).toBe('"a""b"');
    expect(literal("it's")).toBe("'it''s'");
    expect(literal("\\'")).toBe("'\\'''");
    expect(nameList([{ name: "select" }, { name: 'x"y' }])).toBe('"select", "x""y"');
  });

  test("a number is whole and has no exponent", () => {
    expect([0, -5, Number.MAX_SAFE_INTEGER].map(integer)).toEqual(["0", "-5", "9007199254740991"]);
    for (const none of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e21, "1; DROP TABLE t"])
      expect(() => integer(none as number)).toThrow("not a whole number");
  });

  test("the engine reads back every name and every text", async () => {
    const text = fc
      .string({ unit: anyCharacter, minLength: 1, maxLength: 20 })
      .map((any) => any.replaceAll("\0", ""));
    const tricky = fc.constantFrom(
      "'",
      '"',
      "\\",
      "';--",
      '"; DROP TABLE t --',
      "$$",
      "/*",
      "select",
      "é😀\ufeff",
    );
    await withFolder(async (temporaryFolder) => {
      const session = await openDuckdb({ threads: 1, memoryMegabytes: 100, temporaryFolder });
      try {
        await fc.assert(
          fc.asyncProperty(fc.oneof(text, tricky), fc.oneof(text, tricky), async (value, name) => {
            fc.pre(name !== "");
            const rows = await session.stream(`SELECT ${literal(value)} AS ${quoted(name)}`);
            expect((await rows.next())?.getRows()).toEqual([[value]]);
            expect(rows.columns.map((column) => column.name)).toEqual([name]);
          }),
        );
      } finally {
        await session.close();
      }
    });
  });

  test("no name of a column, and none of a struct's field, stands in a statement but within quotes", () => {
    const words = [
      "select",
      "from",
      "where",
      "_rank",
      "base",
      "x0",
      "k",
      "table",
      "union",
      "user",
      "0",
      "_",
      "null",
    ];
    const columnName = fc.oneof(fc.constantFrom(...words), fc.stringMatching(/^[a-z0-9_]{1,8}$/));
    const fieldName = fc.oneof(columnName, fc.string({ unit: anyCharacter, minLength: 1, maxLength: 6 }));
    const names = fc.uniqueArray(columnName, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        names,
        fieldName,
        typeText,
        fc.constantFrom(duckdb, athena),
        (columns, field, type, dialect) => {
          const hostile = statements(dialect, schemaWith(columns, field, type));
          const plain = statements(dialect, schemaWith(["column_1", "column_2", "column_3"], "field", type));
          expect(hostile.map(skeleton)).toEqual(plain.map(skeleton));
        },
      ),
    );
  });
});

/** Every statement that the core generates for a schema. */
function statements(dialect: Dialect, schema: Schema): readonly string[] {
  const relations = { changes: "changes", base: "base_segments", deltas: "deltas" };
  const late = { newObjects: "new_objects", changes: "changes", oldestSeconds: 700 };
  const minor = { manifest: MANIFEST, horizonSeconds: 1500, changes: "changes", late, deltas: "deltas" };
  const taken = { deltas: "deltas", where: "true", others: "others", newer: "base_segments" };
  return [
    currentRows(dialect, schema, MANIFEST, relations, { asOfSeconds: 2000, columns: "view" }),
    minorDeltaRows(dialect, schema, minor),
    foldedBaseRows(dialect, schema, taken, { base: "base_segments", belongs: "true" }),
    remainingDeltaRows(dialect, schema, "deltas", taken),
    snapshotBaseRows(dialect, schema, "staged", 880, NONE),
    historyRows(dialect, schema, MANIFEST, "changes"),
    snapshotRows(dialect, schema, [{ rows: "kept", written: schema, lacking: NONE }]),
    emptySegments(dialect, schema),
    emptyWireRows(dialect, changeWireColumns(schema)),
    ...schema.columns.map((column) => dialect.wire(column.type, quoted(column.name))),
  ];
}

/** A schema that bypasses the checks of schema files, with arbitrary names. */
function schemaWith(names: readonly string[], field: string, typeOfField: string): Schema {
  const part = parseColumnType(typeOfField);
  const inner: PartType = part.kind === "json" ? { kind: "binary" } : part;
  const struct: PartType = { kind: "struct", fields: [{ attribute: field, name: field, type: inner }] };
  const types: readonly ColumnType[] = [{ kind: "string" }, struct, { kind: "array", element: struct }];
  const columns = names.map((name, i) => ({
    attribute: name,
    name,
    type: types[i] as ColumnType,
    format: "iso" as const,
    set: false,
    label: name,
    masked: false,
    hidden: false,
    earlier: [],
  }));
  return { ...SCHEMA, key: { hash: names[0] as string }, columns };
}

/** The statement with all quoted names and literals emptied. */
function skeleton(statement: string): string {
  return statement.replace(/"(?:[^"]|"")*"|'(?:[^']|'')*'/g, (quotedText) => quotedText.charAt(0));
}
