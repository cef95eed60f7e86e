/**
 * Tests for every pair of QueryEngine and ChangeSink: the engine reads what the sink has delivered, and what it has staged
 * itself, typed and sorted.
 */

import { describe, expect, test } from "@jest/globals";
import { readChange } from "../../src/core/change/change.ts";
import { segmentsFolder } from "../../src/core/format/lake-path.ts";
import type { Segment } from "../../src/core/format/manifest.ts";
import { changesSince } from "../../src/core/overlay/change-log.ts";
import type { ChangeSink, DeliveredRow } from "../../src/core/ports/change-sink.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import type { QueryEngine, StageRequest } from "../../src/core/ports/query-engine.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { changeLine, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { valueList, wireForm } from "../../src/core/sql/column-value.ts";
import { segmentColumns, sortColumns } from "../../src/core/sql/typed-columns.ts";
import { listChanges } from "../../src/core/table/change-listing.ts";
import { allEffort } from "../support/effort.ts";

export interface LakeEngineHarness {
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  /** Whether an unsorted SELECT returns the rows of a segment in their order. */
  readonly givesRowsAsTheyLie: boolean;
  /** Prepares the lake for a schema, or for another one of the same table. */
  declare(schema: Schema): Promise<void>;
  sink(schema: Schema): ChangeSink;
}

const NOW_SECONDS = 1_795_000_000;
/** Of ten kilobytes each: more than fits into one call of any sink. */
const LARGE_DELIVERY_ROWS = allEffort ? 3_000 : 450;

function schemaOf(attributes: Readonly<Record<string, { type: string }>>): Schema {
  return parseSchema(
    { table: "t", key: { hash: "K" }, attributes: { K: { type: "string" }, ...attributes } },
    "a test",
  );
}

const SCHEMA = schemaOf({ N: { type: "bigint" }, D: { type: "decimal(38,9)" } });

function rowOf(
  schema: Schema,
  sequence: number,
  attributes: Readonly<Record<string, unknown>>,
): DeliveredRow {
  const record = {
    eventName: "MODIFY",
    dynamodb: {
      Keys: { K: attributes.K },
      NewImage: attributes,
      SequenceNumber: String(sequence),
      ApproximateCreationDateTime: NOW_SECONDS,
    },
  };
  const change = readChange(record, schema, NOW_SECONDS);
  return {
    line: changeLine(lineWriter(rowCodec(schema)), change),
    changedAtSeconds: change.changedAtSeconds,
  };
}

/** `withLake` runs its argument with a new, empty lake. */
export function registerLakeEngineTests(
  name: string,
  withLake: (use: (harness: LakeEngineHarness) => Promise<void>) => Promise<void>,
): void {
  const inLake = (use: (harness: LakeEngineHarness) => Promise<void>) => () =>
    withLake(async (harness) => {
      await harness.declare(SCHEMA);
      await use(harness);
    });

  async function changesOf({ store, engine }: LakeEngineHarness, schema: Schema): Promise<string> {
    return engine.changes(schema, await changesSince(listChanges(store, schema.table), 0));
  }

  async function stagedFrom(
    harness: LakeEngineHarness,
    cut: StageRequest["cut"],
    run = "run-1",
  ): Promise<readonly Segment[]> {
    const { engine } = harness;
    const columns = valueList(engine.dialect, segmentColumns(engine.dialect, SCHEMA), wireForm());
    const rows = `SELECT ${columns} FROM ${await changesOf(harness, SCHEMA)}`;
    return engine.stage({ schema: SCHEMA, run, kind: "base", rows, sortBy: sortColumns(SCHEMA), cut });
  }

  describe(`the sink and the engine ${name}`, () => {
    test(
      "what was delivered is read back with all of its digits",
      inLake(async (harness) => {
        const exact = "12345678901234567890123456789.123456789";
        await harness.sink(SCHEMA).deliver(
          [
            rowOf(SCHEMA, 1, {
              K: { S: "a 'quoted\" \u{1F4DA}\n\u0000 key" },
              N: { N: "9223372036854775807" },
            }),
            rowOf(SCHEMA, 2, { K: { S: "b" }, D: { N: exact } }),
          ],
          NOW_SECONDS,
        );
        const rows = await harness.engine.rows(
          `SELECT k, CAST(n AS VARCHAR) AS n, d, _version FROM ${await changesOf(harness, SCHEMA)} ORDER BY _version`,
        );
        expect(rows).toEqual([
          {
            k: "a 'quoted\" \u{1F4DA}\n\u0000 key",
            n: "9223372036854775807",
            d: null,
            _version: "1".padStart(40, "0"),
          },
          { k: "b", n: null, d: exact, _version: "2".padStart(40, "0") },
        ]);
      }),
    );

    test(
      "nothing that was delivered twice is lost, and a delivery of nothing is none",
      inLake(async (harness) => {
        const sink = harness.sink(SCHEMA);
        const row = rowOf(SCHEMA, 1, { K: { S: "a" } });
        await sink.deliver([], NOW_SECONDS);
        await sink.deliver([row], NOW_SECONDS);
        await sink.deliver([row], NOW_SECONDS);
        const rows = await harness.engine.rows(`SELECT k FROM ${await changesOf(harness, SCHEMA)}`);
        expect(rows).toEqual([{ k: "a" }, { k: "a" }]);
      }),
    );

    test(
      "a large delivery comes whole",
      inLake(async (harness) => {
        const filler = "x".repeat(10_000);
        const rows = Array.from({ length: LARGE_DELIVERY_ROWS }, (_, i) =>
          rowOf(SCHEMA, i, { K: { S: `${i}` }, Filler: { S: filler } }),
        );
        await harness.sink(SCHEMA).deliver(rows, NOW_SECONDS);
        const [counted] = await harness.engine.rows(
          `SELECT CAST(count(DISTINCT k) AS VARCHAR) AS keys FROM ${await changesOf(harness, SCHEMA)}`,
        );
        expect(counted).toEqual({ keys: String(LARGE_DELIVERY_ROWS) });
      }),
    );

    test(
      "a relation over nothing has no rows and all columns",
      inLake(async (harness) => {
        const { engine } = harness;
        expect(await engine.rows(`SELECT k, n, d, _op, _key FROM ${engine.segments(SCHEMA, [])}`)).toEqual(
          [],
        );
        expect(
          await engine.rows(`SELECT k, n, d, _op, _key FROM ${await changesOf(harness, SCHEMA)}`),
        ).toEqual([]);
        expect(await engine.rows(`SELECT k, dt, hr FROM ${engine.changeLog(SCHEMA, [])}`)).toEqual([]);
      }),
    );

    test(
      "the change log as a whole tells the partition of each change",
      inLake(async (harness) => {
        await harness.sink(SCHEMA).deliver([rowOf(SCHEMA, 1, { K: { S: "a" } })], NOW_SECONDS);
        const { objects } = await changesSince(listChanges(harness.store, SCHEMA.table), 0);
        const rows = await harness.engine.rows(
          `SELECT dt, hr FROM ${harness.engine.changeLog(SCHEMA, objects)}`,
        );
        expect(objects).toHaveLength(1);
        expect(rows).toEqual(objects.map(({ hour }) => hour));
      }),
    );

    test(
      "a column that was declared later is null in what is older, and one that is declared no more is left out",
      inLake(async (harness) => {
        await harness.sink(SCHEMA).deliver([rowOf(SCHEMA, 1, { K: { S: "a" }, N: { N: "1" } })], NOW_SECONDS);
        const staged = await stagedFrom(harness, { parts: [{ part: "b0000" }] });
        const later = schemaOf({ D: { type: "decimal(38,9)" }, Later: { type: "array<struct<x:int>>" } });
        await harness.declare(later);
        for (const relation of [await changesOf(harness, later), harness.engine.segments(later, staged)]) {
          const rows = await harness.engine.rows(`SELECT * FROM ${relation}`);
          expect(rows).toHaveLength(1);
          expect(rows[0]).toMatchObject({ k: "a", later: null });
          expect(Object.keys(rows[0] as object)).not.toContain("n");
        }
      }),
    );

    test(
      "each part of what is staged is a segment of its own rows, and a part without rows is none",
      inLake(async (harness) => {
        const rows = ["c", "a", "b", "d"].map((key, i) =>
          rowOf(SCHEMA, i, { K: { S: key }, N: { N: String(i) } }),
        );
        await harness.sink(SCHEMA).deliver(rows, NOW_SECONDS);
        const staged = await stagedFrom(harness, {
          parts: [
            { part: "early", where: "k < 'c'" },
            { part: "late", where: "k >= 'c' AND k <= 'z'" },
            { part: "none", where: "k > 'z'" },
          ],
          partOf: "CASE WHEN k < 'c' THEN 'early' WHEN k <= 'z' THEN 'late' ELSE 'none' END",
        });
        expect(
          staged.map(({ id, run, part, kind, rows: count }) => ({ id, run, part, kind, count })),
        ).toEqual([
          { id: "b-run-1-early", run: "run-1", part: "early", kind: "base", count: 2 },
          { id: "b-run-1-late", run: "run-1", part: "late", kind: "base", count: 2 },
        ]);
        for (const segment of staged) expect(segment.bytes).toBeGreaterThan(0);
        const early = await harness.engine.rows(
          `SELECT k FROM ${harness.engine.segments(SCHEMA, staged.slice(0, 1))}`,
        );
        const earlyKeys = early.map((row) => row.k);
        expect(harness.givesRowsAsTheyLie ? earlyKeys : earlyKeys.sort()).toEqual(["a", "b"]);
        const all = await harness.engine.rows(
          `SELECT k FROM ${harness.engine.segments(SCHEMA, staged)} ORDER BY k`,
        );
        expect(all.map((row) => row.k)).toEqual(["a", "b", "c", "d"]);
      }),
    );

    test(
      "a staging that fails tells its code and leaves nothing outside of its run's folder",
      inLake(async (harness) => {
        const { engine, store } = harness;
        const columns = valueList(engine.dialect, segmentColumns(engine.dialect, SCHEMA), wireForm());
        const broken = `SELECT ${columns} FROM (SELECT *, 1 FROM no_such_relation)`;
        const request = { schema: SCHEMA, run: "run-2", kind: "base", rows: broken, sortBy: ["k"] } as const;
        await expect(engine.stage({ ...request, cut: { parts: [{ part: "p" }] } })).rejects.toMatchObject({
          code: "SQL_FAILED",
        });
        const left = (await store.list("")).map(({ path }) => path);
        expect(left.filter((path) => !path.startsWith(`${segmentsFolder(SCHEMA.table)}run-2/`))).toEqual([]);
      }),
    );

    test(
      "SQL that the engine refuses is told as such",
      inLake(async ({ engine }) => {
        await expect(engine.rows("SELECT nothing FROM nowhere")).rejects.toMatchObject({
          code: "SQL_FAILED",
        });
        await expect(engine.rows("SELEC 1")).rejects.toMatchObject({ code: "SQL_FAILED" });
      }),
    );
  });
}
