import { describe, expect, test } from "@jest/globals";
import { relationsOfNow, relationsOfViews } from "../../src/aws/athena-relations.ts";
import { unloadStatements } from "../../src/aws/unload.ts";
import { type ChangeObject, hourOf, parseChangeObject } from "../../src/core/format/lake-path.ts";
import type { Segment } from "../../src/core/format/manifest.ts";
import { segmentName } from "../../src/core/format/segment-name.ts";
import type { Stage } from "../../src/core/ports/query-engine.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";

const SCHEMA = parseSchema(
  { table: "t", key: { hash: "K" }, attributes: { K: { type: "string" }, N: { type: "bigint" } } },
  "a test",
);
const PLACE = { database: "lake", bucket: "bucket" };
const WIRE = `"k", "n", "_unmapped", "_key", "_op", "_version", "_changed_at", "_expired"`;
const NOW_SECONDS = Date.UTC(2026, 10, 23, 5, 30) / 1000;
const HOUR = 3600;

const objectAt = (seconds: number, name = "x"): ChangeObject => {
  const { dt, hr } = hourOf(seconds);
  const object = parseChangeObject(`t/changes/dt=${dt}/hr=${hr}/${name}`);
  if (object === undefined) throw new Error("no object");
  return object;
};
const since = (dt: string, hr: string): string => `(dt > '${dt}' OR (dt = '${dt}' AND hr >= '${hr}'))`;

describe("the relations of a statement", () => {
  const relations = relationsOfNow(PLACE);

  test("read few changes object by object, and whatever has a path of another kind, from the hour of the first one on", () => {
    const objects = [objectAt(NOW_SECONDS, "b"), objectAt(NOW_SECONDS - 2 * HOUR, "a")];
    const changes = "s3://bucket/t/changes";
    const named = `"$path" IN ('${changes}/dt=2026-11-23/hr=05/b', '${changes}/dt=2026-11-23/hr=03/a')`;
    expect(relations.changes(SCHEMA, { objects, sinceHour: { dt: "1970-01-01", hr: "00" } })).toBe(
      `(SELECT ${WIRE} FROM "lake"."t__changes" WHERE ${since("2026-11-23", "03")} AND (${named} OR "$path" < '${changes}/dt=' OR "$path" >= '${changes}/dt>'))`,
    );
  });

  test("read many changes by their hours, and oddly named ones, since more than was asked for is as right", () => {
    for (const [count, name] of [
      [201, "x"],
      [100, "x".repeat(400)],
      [1, "b's"],
      [1, "a b"],
      [1, "ü"],
    ] as const) {
      const objects = Array.from({ length: count }, (_, i) => objectAt(NOW_SECONDS - HOUR, `${name}${i}`));
      expect(relations.changes(SCHEMA, { objects, sinceHour: hourOf(0) })).toBe(
        `(SELECT ${WIRE} FROM "lake"."t__changes" WHERE ${since("2026-11-23", "04")})`,
      );
    }
  });

  test("read no later hours than were asked for", () => {
    const objects = Array.from({ length: 201 }, (_, i) => objectAt(NOW_SECONDS - 3 * HOUR, `${i}`));
    const beforeHour = { dt: "2026-11-23", hr: "04" };
    expect(relations.changes(SCHEMA, { objects, sinceHour: hourOf(0), beforeHour })).toBe(
      `(SELECT ${WIRE} FROM "lake"."t__changes" WHERE ${since("2026-11-23", "02")} AND (dt < '2026-11-23' OR (dt = '2026-11-23' AND hr < '04')))`,
    );
  });

  test("over nothing read nothing", () => {
    const nothing = [
      relations.changes(SCHEMA, { objects: [], sinceHour: hourOf(0) }),
      relations.changeLog(SCHEMA, []),
      relations.segments(SCHEMA, []),
    ];
    for (const relation of nothing) expect(relation).not.toContain("lake");
  });

  test("bound the whole change log by its first day", () => {
    expect(relations.changeLog(SCHEMA, [objectAt(NOW_SECONDS), objectAt(NOW_SECONDS - 72 * HOUR)])).toBe(
      `(SELECT ${WIRE}, "dt", "hr" FROM "lake"."t__changes" WHERE dt >= '2026-11-20')`,
    );
  });

  test("tell the time of kept snapshots by the names of their segments, of one length each", () => {
    const kept = (run: string, exportTimeSeconds: number) => {
      const place = { kind: "base", run, part: "b0000" } as const;
      return { run, exportTimeSeconds, segments: [{ ...place, id: segmentName(place), rows: 1, bytes: 1 }] };
    };
    const [a, b, long] = [kept("a", 1), kept("b", 2), kept("b-b0000", 3)];
    const one = relations.snapshots(SCHEMA, [a]);
    expect(one).toContain("CAST(from_unixtime(1, 'UTC') AS timestamp(3)) AS ddb_export_timestamp");
    const all = relations.snapshots(SCHEMA, [a, long, b]);
    expect(all).toContain("element_at(split_to_map('b-a-=1,b-b-=2', ',', '='), substr(_segment, 1, 4))");
    expect(all.split(" UNION ALL ")).toHaveLength(2);
    expect(all).toContain("from_unixtime(3, 'UTC')");
    expect(relations.snapshots(SCHEMA, [])).not.toContain('"lake"');
  });

  test("read segments by ranges of their names, which end where others lie between", () => {
    const base = (run: string, order: number): Segment => {
      const place = { kind: "base", run, part: `p${order}` } as const;
      return { ...place, id: segmentName(place), order, rows: 1, bytes: 1 };
    };
    const delta = { kind: "delta", run: "s", part: "all", id: "d-s", rows: 1, bytes: 1 } as const;
    const condition = (...segments: readonly Segment[]): string | undefined =>
      /WHERE (.*)\)$/.exec(relations.segments(SCHEMA, segments))?.[1];
    expect(condition(delta)).toBe("_segment IN ('d-s')");
    expect(condition(base("r", 2), base("r", 0), base("r", 1))).toBe(
      "_segment BETWEEN 'b-r-p0' AND 'b-r-p2'",
    );
    expect(condition(base("r", 0), base("r", 1), base("r", 3), base("s", 4), base("s", 5), delta)).toBe(
      "(_segment IN ('b-r-p3', 'd-s') OR _segment BETWEEN 'b-r-p0' AND 'b-r-p1' OR _segment BETWEEN 'b-s-p4' AND 'b-s-p5')",
    );
  });
});

describe("the relations of a view", () => {
  const relations = relationsOfViews(PLACE, NOW_SECONDS);
  const changes = (objects: readonly ChangeObject[], sinceSeconds: number): string =>
    relations.changes(SCHEMA, { objects, sinceHour: hourOf(sinceSeconds) });

  test("see objects that are not there yet, from the hour that is asked for on", () => {
    expect(changes([], NOW_SECONDS - HOUR)).toContain(`WHERE ${since("2026-11-23", "04")})`);
    expect(changes([objectAt(NOW_SECONDS)], NOW_SECONDS - HOUR)).toBe(changes([], NOW_SECONDS - HOUR));
  });

  test("begin not before the first object, nor before the oldest hour that can still get one", () => {
    expect(changes([], 0)).toContain(since("2026-11-21", "05"));
    expect(changes([objectAt(NOW_SECONDS)], 0)).toContain(since("2026-11-21", "05"));
    expect(changes([objectAt(NOW_SECONDS - 100 * HOUR)], 0)).toContain(since("2026-11-19", "01"));
  });

  test("bound the history by the first day, or by the oldest that can still come", () => {
    expect(relations.changeLog(SCHEMA, [])).toContain("WHERE dt >= '2026-11-21'");
    expect(relations.changeLog(SCHEMA, [objectAt(NOW_SECONDS - 100 * HOUR)])).toContain(
      "WHERE dt >= '2026-11-19'",
    );
  });
});

describe("the statements of a run", () => {
  const stage = (parts: number, rows = "SELECT 1"): Stage => ({
    run: "r",
    kind: "base",
    rows,
    sortBy: ["k"],
    cut: {
      parts: Array.from({ length: parts }, (_, i) => ({ part: `p${i}`, where: `n = ${i}` })),
      ...(parts === 1 ? {} : { partOf: "'p' || CAST(n AS varchar)" }),
    },
  });

  test("write at most a hundred parts each, every one into a folder of its own", () => {
    const statements = unloadStatements("bucket", SCHEMA, [stage(250), stage(1), stage(0), stage(2)], 3);
    expect(statements.map((sql) => /TO '([^']+)'/.exec(sql)?.[1])).toEqual(
      [3, 4, 5, 6, 7].map((number) => `s3://bucket/t/segments/r/${number}/`),
    );
    const labels = statements.map((sql) => new Set(sql.match(/'p\d+'/g)).size);
    expect(labels).toEqual([100, 100, 50, 1, 2]);
    expect(new Set(statements.flatMap((sql) => sql.match(/'p\d+'/g) ?? [])).size).toBe(250);
  });

  test("name the columns, the part last, and read only the rows of their parts", () => {
    const [one, two] = unloadStatements("bucket", SCHEMA, [stage(1), stage(2)], 0);
    const columns = `"k", "n", "_op", "_version", "_changed_at", "_expired", "_unmapped", "_key"`;
    const written = "WITH (format = 'PARQUET', compression = 'ZSTD', partitioned_by = ARRAY['segment_part'])";
    expect(one).toBe(
      `UNLOAD (SELECT ${columns}, CAST('p0' AS varchar) AS "segment_part" FROM (SELECT 1))\nTO 's3://bucket/t/segments/r/0/'\n${written}`,
    );
    expect(two).toContain(
      `AS "segment_part" FROM (SELECT 1) WHERE 'p' || CAST(n AS varchar) IN ('p0', 'p1'))`,
    );
  });

  test("longer than a state machine takes are refused when they are planned, with what to do", () => {
    expect(() =>
      unloadStatements("bucket", SCHEMA, [stage(1, `SELECT '${'"'.repeat(130_000)}'`)], 0),
    ).toThrow(expect.objectContaining({ code: "SQL_FAILED", next: expect.stringContaining("Compact") }));
  });
});
