/** The simulator's evaluation of SQL returns the rows that DuckDB returns. */
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type DuckdbSession, openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import { duckdbValue, withInlineRelations } from "./inline-relations.ts";
import type { Evaluated } from "./model-engine.ts";
import { historyOf, play } from "./one-table.ts";
import { formOf } from "./sql-syntax.ts";

/** They differ in partitioning and delivery, and one declares a column later. */
const SEEDS = [1, 2, 3, 6, 8, 12];
const STEPS = 250;
/** How many statements of each form are compared: those with the most rows. */
const OF_EACH_FORM = 4;

let session: DuckdbSession;

beforeAll(async () => {
  session = await openDuckdb({ threads: 1, memoryMegabytes: 500, temporaryFolder: tmpdir() });
});

afterAll(() => session.close());

test("the simulation's engine gives the rows that DuckDB gives, for every form of statement that histories run", async () => {
  const byForm = new Map<string, Evaluated[]>();
  for (const seed of SEEDS) {
    const history = historyOf(seed, STEPS);
    const played = await play(history, {
      begins: (world) => {
        world.engine.onStatement = (statement) => keep(byForm, statement);
      },
    });
    expect(played.failure).toBeUndefined();
  }
  const statements = [...byForm.values()].flat();
  expect(byForm.size).toBeGreaterThan(30);
  expect(statements.filter(({ rows }) => rows.length > 1).length).toBeGreaterThan(60);
  for (const statement of statements) {
    const sql = withInlineRelations(statement.sql, statement.relations, duckdbValue);
    const real = (await session.rows(sql)).map((row) => plain(row));
    expect({ sql, rows: real.sort() }).toEqual({ sql, rows: statement.rows.map((row) => plain(row)).sort() });
  }
}, 300_000);

function keep(byForm: Map<string, Evaluated[]>, statement: Evaluated): void {
  const { text } = formOf(statement.sql);
  const kept = [...(byForm.get(text) ?? []), statement].sort((a, b) => weight(b) - weight(a));
  byForm.set(text, kept.slice(0, OF_EACH_FORM));
}

function weight({ rows, relations }: Evaluated): number {
  return rows.length * 100 + [...relations.values()].reduce((sum, relation) => sum + relation.rows.length, 0);
}

/** Rows of equal changes that were written with two schemas differ only in `_unmapped`: either is right. */
function plain(row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    Object.entries(row).flatMap(([name, value]) => (name === "_unmapped" ? [] : [[name, plainValue(value)]])),
  );
}

function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return value instanceof Date ? value.getTime() * 1000 : value;
}
