/** The SQL of a major compaction is its rule, on DuckDB: for any base, any deltas and any choice of parts. */
import { expect, test } from "@jest/globals";
import { quoted } from "../../src/core/ports/dialect.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { duckdb } from "../../src/core/sql/duckdb.ts";
import {
  foldedBaseRows,
  overtakenKeys,
  remainingDeltaRows,
  type TakenKeys,
} from "../../src/core/sql/fold.ts";
import { emptySegments, segmentColumns } from "../../src/core/sql/typed-columns.ts";
import { sessionOfTests } from "../crash-points/session.ts";
import * as fc from "../support/fast-check.ts";

const RUNS = Number(process.env.RULE_RUNS ?? 60);
const session = sessionOfTests();
const SCHEMA = parseSchema(
  {
    table: "t",
    key: { hash: "K" },
    partitionBy: "identity(g)",
    attributes: { K: { type: "bigint" }, G: { type: "string" } },
  },
  "a test",
);
const KEYS = [0, 1, 2, 3];
const PARTS = ["a", "b", "c"];

interface Row {
  readonly key: number;
  /** The part that it belongs to. */
  readonly part: string;
  readonly version: number;
  readonly isRemoved: boolean;
}

const row = (isRemoved: fc.Arbitrary<boolean>, versions: readonly number[]): fc.Arbitrary<Row> =>
  fc.record({
    key: fc.constantFrom(...KEYS),
    part: fc.constantFrom(...PARTS),
    version: fc.constantFrom(...versions),
    isRemoved,
  });
/** Of each key one row. */
const baseRows = (versions: readonly number[]): fc.Arbitrary<readonly Row[]> =>
  fc.uniqueArray(row(fc.constant(false), versions), { selector: ({ key }) => key });
const deltaRows = fc.uniqueArray(row(fc.boolean(), [3, 4, 5, 6]), {
  maxLength: 8,
  selector: ({ key, version }) => `${key} ${version}`,
});
const chosen = fc.subarray(PARTS);

test("a key is taken whole or stays in the delta: the table stays as it is, and no key lies in the base twice", async () => {
  await fc.assert(
    fc.asyncProperty(baseRows([1, 2]), deltaRows, chosen, async (base, deltas, parts) => {
      const { folded, left } = await fold(base, deltas, parts);
      const keys = folded.map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      expect(shown(folded, left)).toEqual(shown(base, deltas));
      // What it could take it took.
      for (const { key, part, isRemoved } of left) {
        const places = [...base.filter((held) => held.key === key).map((held) => held.part)];
        if (!isRemoved) places.push(part);
        expect(places.every((place) => parts.includes(place))).toBe(false);
      }
    }),
    { numRuns: RUNS },
  );
});

test("a row of the base that is newer than the deltas' stays, and no delta hides it any more", async () => {
  await fc.assert(
    fc.asyncProperty(baseRows([1, 9]), deltaRows, async (base, deltas) => {
      const overtaken = base.filter(
        ({ key, version }) => version === 9 && deltas.some((one) => one.key === key),
      );
      const [counted] = await run(overtakenKeys(relation(deltas), relation(base)));
      expect(Number(counted?.keys)).toBe(overtaken.length);
      const { folded, left } = await fold(base, deltas, PARTS);
      expect(left).toEqual([]);
      const others = deltas.filter(({ key }) => !overtaken.some((held) => held.key === key));
      expect(shown(folded, [])).toEqual(shown(base, others));
    }),
    { numRuns: RUNS },
  );
});

test("a part's statement has the rows that belong to it, and no others", async () => {
  await fc.assert(
    fc.asyncProperty(baseRows([1]), deltaRows, chosen, async (base, deltas, parts) => {
      for (const part of parts) {
        const rows = await foldedPart(base, deltas, parts, part);
        expect(rows.every((one) => one.part === part)).toBe(true);
      }
    }),
    { numRuns: RUNS },
  );
});

/** Rewrites the parts, and makes one delta of what they do not take. */
async function fold(base: readonly Row[], deltas: readonly Row[], parts: readonly string[]) {
  const kept = base.filter(({ part }) => !parts.includes(part));
  const folded: Row[] = [...kept];
  for (const part of parts) folded.push(...(await foldedPart(base, deltas, parts, part)));
  const taken = takenOf(base, deltas, parts);
  return { folded, left: await rowsOf(remainingDeltaRows(duckdb, SCHEMA, relation(deltas), taken)) };
}

function foldedPart(base: readonly Row[], deltas: readonly Row[], parts: readonly string[], part: string) {
  const own = base.filter((held) => held.part === part);
  return rowsOf(
    foldedBaseRows(duckdb, SCHEMA, takenOf(base, deltas, parts), {
      base: relation(own),
      belongs: `g = '${part}'`,
    }),
  );
}

function takenOf(base: readonly Row[], deltas: readonly Row[], parts: readonly string[]): TakenKeys {
  const isIn = parts.length === 0 ? "false" : `g IN (${parts.map((part) => `'${part}'`).join(", ")})`;
  return {
    deltas: relation(deltas),
    where: `(_op = 'REMOVE' OR ${isIn})`,
    others: relation(base.filter(({ part }) => !parts.includes(part))),
    newer: relation(base.filter(({ part }) => parts.includes(part))),
  };
}

/** The table: the base without the keys of the deltas, and their newest rows without removals. */
function shown(base: readonly Row[], deltas: readonly Row[]): readonly string[] {
  const newest = new Map<number, Row>();
  for (const one of deltas) {
    const before = newest.get(one.key);
    if (before === undefined || one.version > before.version) newest.set(one.key, one);
  }
  const rows = [
    ...base.filter(({ key }) => !newest.has(key)),
    ...[...newest.values()].filter(({ isRemoved }) => !isRemoved),
  ];
  return rows.map(({ key, part, version }) => `${key} ${part} ${version}`).sort();
}

function run(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return session().rows(sql);
}

async function rowsOf(sql: string): Promise<readonly Row[]> {
  const rows = await run(`SELECT k, g, _version, _op FROM (${sql})`);
  return rows.map(({ k, g, _version, _op }) => ({
    key: Number(k),
    part: String(g),
    version: Number(_version),
    isRemoved: _op === "REMOVE",
  }));
}

/** Rows as segments hold them. */
function relation(rows: readonly Row[]): string {
  const selects = rows.map(({ key, part, version, isRemoved }) => {
    const values: Readonly<Record<string, string>> = {
      k: String(key),
      g: `'${part}'`,
      _op: isRemoved ? "'REMOVE'" : "'MODIFY'",
      _version: `'${String(version).padStart(40, "0")}'`,
      _changed_at: duckdb.timeTyped("1000"),
      _key: duckdb.keyTyped(`'${String(key).padStart(32, "0")}'`),
    };
    const columns = segmentColumns(duckdb, SCHEMA).map(
      ({ name, typeName }) => `CAST(${values[name] ?? "NULL"} AS ${typeName}) AS ${quoted(name)}`,
    );
    return `SELECT ${columns.join(", ")}`;
  });
  const names = segmentColumns(duckdb, SCHEMA).map(({ name }) => quoted(name));
  return `(${[...selects, `SELECT ${names.join(", ")} FROM ${emptySegments(duckdb, SCHEMA)}`].join(" UNION ALL ")})`;
}
