/** The SQL of the overlay is the rule, on DuckDB: for any changes, also those that no clock and no stream would give. */
import { expect, test } from "@jest/globals";
import type { Operation } from "../../src/core/change/change.ts";
import { initialManifest, type Manifest } from "../../src/core/format/manifest.ts";
import {
  changeInWindow,
  isLate,
  isNewer,
  overlaidChange,
  type RuledChange,
} from "../../src/core/overlay/overlay-rule.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { changeLine, changeWireColumns, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { valueList, wireForm } from "../../src/core/sql/column-value.ts";
import { minorDeltaRows, oldestLateChange, snapshotBaseRows } from "../../src/core/sql/compaction.ts";
import { duckdb } from "../../src/core/sql/duckdb.ts";
import { newestRows, windowRows } from "../../src/core/sql/overlay.ts";
import { emptyWireRows, segmentColumns } from "../../src/core/sql/typed-columns.ts";
import { currentRows } from "../../src/core/sql/view.ts";
import { sessionOfTests } from "../crash-points/session.ts";
import * as fc from "../support/fast-check.ts";
import { lineText } from "../support/line-text.ts";

const RUNS = Number(process.env.RULE_RUNS ?? 60);
const session = sessionOfTests();
const SCHEMA = parseSchema(
  { table: "t", key: { hash: "K" }, attributes: { K: { type: "bigint" } } },
  "a test",
);
const writer = lineWriter(rowCodec(SCHEMA));
/** Before the key's column was declared. */
const UNDECLARED = parseSchema({ table: "t", key: { hash: "K" }, attributes: {} }, "a test");
const narrowWriter = lineWriter(rowCodec(UNDECLARED));
const KEYS = [0, 1, 2];
const SKEW = 10;

interface KeyChange extends RuledChange {
  readonly key: number;
}

const keyChange: fc.Arbitrary<KeyChange> = fc.record({
  key: fc.constantFrom(...KEYS),
  version: fc.integer({ min: 1, max: 5 }).map((sequence) => String(sequence).padStart(40, "0")),
  changedAtSeconds: fc.integer({ min: 970, max: 1_060 }),
  operation: fc.constantFrom<Operation>("INSERT", "MODIFY", "REMOVE"),
});
const changesOf = fc.array(keyChange, { maxLength: 12 });
const times = fc
  .record({ floorSeconds: fc.integer({ min: 985, max: 1_010 }), ahead: fc.integer({ min: 0, max: 40 }) })
  .map(({ floorSeconds, ahead }) => ({
    floorSeconds,
    horizonSeconds: floorSeconds + ahead,
    skewSeconds: SKEW,
  }));

test("a key stands in a window with the change that the rule says, or does not stand in it", async () => {
  const window = fc.record({
    sinceSeconds: fc.integer({ min: 980, max: 1_050 }),
    untilSeconds: fc.option(fc.integer({ min: 980, max: 1_070 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(changesOf, window, async (changes, { sinceSeconds, untilSeconds }) => {
      const bounds = {
        sinceSeconds,
        skewSeconds: SKEW,
        ...(untilSeconds === undefined ? {} : { untilSeconds }),
      };
      const sql = windowRows(duckdb, SCHEMA, {
        ...bounds,
        changes: wireRows(changes),
        recoverable: new Set(),
      });
      expect(await rowsOf(sql)).toEqual(byKey((key) => changeInWindow(ofKey(changes, key), bounds)));
    }),
    { numRuns: RUNS },
  );
});

test("of several relations each key has its newest row", async () => {
  await fc.assert(
    fc.asyncProperty(changesOf, changesOf, async (some, others) => {
      const sql = newestRows(duckdb, SCHEMA, [segmentRows(some), segmentRows(others)]);
      expect(await rowsOf(sql)).toEqual(byKey((key) => newestOf(ofKey([...some, ...others], key))));
    }),
    { numRuns: RUNS },
  );
});

test("the view shows a key as its overlaid change left it, or as the base has it, whatever other keys are asked for", async () => {
  const base = fc.subarray(KEYS);
  const asked = fc.option(fc.subarray(KEYS, { minLength: 1 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      base,
      changesOf,
      changesOf,
      times,
      asked,
      async (seeded, deltas, logged, own, keys = KEYS) => {
        const items = seeded.map(
          (K) => `SELECT CAST(${K} AS BIGINT) AS k, NULL AS _unmapped, '${hashOf(K)}' AS _key`,
        );
        const staged =
          items.length === 0
            ? emptyWireRows(duckdb, changeWireColumns(SCHEMA))
            : `(${items.join(" UNION ALL ")})`;
        const sql = currentRows(
          duckdb,
          SCHEMA,
          manifestOf(own),
          {
            base: `(${snapshotBaseRows(duckdb, SCHEMA, staged, own.floorSeconds, new Set())})`,
            deltas: segmentRows(deltas),
            changes: wireRows(logged),
          },
          { columns: "view", ...(keys === KEYS ? {} : { keyHashes: keys.map(hashOf) }) },
        );
        const wanted = keys.flatMap((key) => {
          const change = overlaidChange(ofKey(deltas, key), ofKey(logged, key), own);
          if (change === undefined) return seeded.includes(key) ? [[key, "SNAPSHOT"]] : [];
          return change.operation === "REMOVE" ? [] : [[key, change.version]];
        });
        const shown = await run(
          `SELECT k, CASE _op WHEN 'SNAPSHOT' THEN _op ELSE _version END AS row FROM (${sql}) WHERE k IN (${keys.join()}) ORDER BY k`,
        );
        expect(shown.map(({ k, row }) => [Number(k), row])).toEqual(wanted);
      },
    ),
    { numRuns: RUNS },
  );
});

/** A newer change with an earlier time, before the window: both count together. */
const EARLIER_BUT_NEWER: readonly [
  KeyChange[],
  KeyChange[],
  Pick<Manifest, "floorSeconds" | "horizonSeconds" | "skewSeconds">,
] = [
  [{ key: 0, version: "1".padStart(40, "0"), changedAtSeconds: 1_001, operation: "INSERT" }],
  [{ key: 0, version: "2".padStart(40, "0"), changedAtSeconds: 999, operation: "MODIFY" }],
  { floorSeconds: 985, horizonSeconds: 1_000, skewSeconds: SKEW },
];

test("the view finds a key's newest change, whether rows have the key's column or were written before it was declared", async () => {
  await fc.assert(
    fc.asyncProperty(changesOf, changesOf, times, async (before, after, own) => {
      const recovery = { before: UNDECLARED.file, columns: ["k"], segments: [] };
      const sql = currentRows(
        duckdb,
        SCHEMA,
        { ...manifestOf(own), recovery },
        {
          base: segmentRows([]),
          deltas: segmentRows([]),
          changes: `(SELECT * FROM ${wireRows(after)} UNION ALL SELECT * FROM ${wireRows(before, narrowWriter)})`,
        },
        { columns: "view" },
      );
      const logged = [...before, ...after];
      const wanted = byKey((key) => overlaidChange([], ofKey(logged, key), own));
      const isShown = ([, , , operation]: readonly unknown[]): boolean => operation !== "REMOVE";
      expect(await rowsOf(sql)).toEqual((wanted as readonly (readonly unknown[])[]).filter(isShown));
    }),
    { numRuns: RUNS, examples: [EARLIER_BUT_NEWER] },
  );
});

test("a minor compaction writes the window up to the new horizon, and the rule's state of keys with late changes", async () => {
  const compaction = fc.record({
    changes: changesOf,
    unfolded: changesOf,
    own: times,
    ahead: fc.integer({ min: 0, max: 30 }),
  });
  await fc.assert(
    fc.asyncProperty(compaction, async ({ changes, unfolded, own, ahead }) => {
      const manifest = manifestOf(own);
      const log = [...changes, ...unfolded];
      const untilSeconds = own.horizonSeconds + ahead;
      const late = unfolded.filter((change) => isLate(change, own));
      const oldest = Math.min(...late.map(({ changedAtSeconds }) => changedAtSeconds));
      const [told] = await run(oldestLateChange(manifest, wireRows(unfolded)));
      expect(told?.oldest === null ? undefined : Number(told?.oldest)).toBe(
        late.length === 0 ? undefined : oldest,
      );
      const sql = minorDeltaRows(duckdb, SCHEMA, {
        manifest,
        horizonSeconds: untilSeconds,
        changes: wireRows(log),
        ...(late.length === 0
          ? {}
          : { late: { newObjects: wireRows(unfolded), changes: wireRows(log), oldestSeconds: oldest } }),
      });
      const wanted = byKey((key) => {
        const inWindow = changeInWindow(ofKey(log, key), {
          sinceSeconds: own.horizonSeconds,
          untilSeconds,
          skewSeconds: SKEW,
        });
        if (!late.some((change) => change.key === key)) return inWindow;
        // What is older than that cannot be newer than the late change: no clock is behind by more.
        const readAgain = log.filter(({ changedAtSeconds }) => changedAtSeconds >= oldest - SKEW);
        const state = changeInWindow(ofKey(readAgain, key), {
          sinceSeconds: own.floorSeconds,
          untilSeconds,
          skewSeconds: SKEW,
        });
        return newestOf([inWindow, state].filter((change) => change !== undefined));
      });
      expect(await rowsOf(sql)).toEqual(wanted);
    }),
    { numRuns: RUNS },
  );
});

function run(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return session().rows(sql);
}

function manifestOf(own: Pick<Manifest, "floorSeconds" | "horizonSeconds" | "skewSeconds">): Manifest {
  return { ...initialManifest(1), ...own };
}

function ofKey(changes: readonly KeyChange[], key: number): readonly KeyChange[] {
  return changes.filter((change) => change.key === key);
}

function newestOf(changes: readonly KeyChange[]): KeyChange | undefined {
  return changes.reduce<KeyChange | undefined>(
    (newest, change) => (newest === undefined || isNewer(change, newest) ? change : newest),
    undefined,
  );
}

/** The change that `of` gives for each key, as `rowsOf` has it. */
function byKey(of: (key: number) => KeyChange | undefined): readonly unknown[] {
  return KEYS.flatMap((key) => {
    const change = of(key);
    return change === undefined ? [] : [[key, change.version, change.changedAtSeconds, change.operation]];
  });
}

async function rowsOf(sql: string): Promise<readonly unknown[]> {
  const rows = await run(
    `SELECT k, _version, ${duckdb.timeWire("_changed_at")} AS seconds, _op FROM (${sql}) ORDER BY k`,
  );
  return rows.map(({ k, _version, seconds, _op }) => [Number(k), _version, Number(seconds), _op]);
}

/** Segments that hold the changes. */
function segmentRows(changes: readonly KeyChange[]): string {
  return `(SELECT ${valueList(duckdb, segmentColumns(duckdb, SCHEMA), wireForm())} FROM ${wireRows(changes)})`;
}

/** The change log that holds the changes. */
function wireRows(changes: readonly KeyChange[], by = writer): string {
  const columns = changeWireColumns(SCHEMA);
  const rows = changes.map((change) => {
    const row = JSON.parse(lineOf(change, by));
    const values = columns.map(({ name, type }) => {
      const value = row[name] === undefined ? "NULL" : `'${row[name]}'`;
      return `CAST(${value} AS ${duckdb.wireTypeName(type)}) AS "${name}"`;
    });
    return `SELECT ${values.join(", ")}`;
  });
  return `(${[...rows, `SELECT * FROM ${emptyWireRows(duckdb, columns)}`].join(" UNION ALL ")})`;
}

function lineOf({ key, version, changedAtSeconds, operation }: KeyChange, by = writer): string {
  const K = { N: String(key) };
  const change = {
    operation,
    key: [K],
    version,
    changedAtSeconds,
    expired: false,
    item: { K },
    before: undefined,
  };
  return lineText(changeLine(by, change));
}

function hashOf(key: number): string {
  return JSON.parse(lineOf({ key, version: "0", changedAtSeconds: 0, operation: "INSERT" }))._key;
}
