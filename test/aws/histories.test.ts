/**
 * The SQL of Athena's dialect for views, compactions and snapshots returns the same rows on Trino as DuckDB's SQL does on
 * DuckDB, in hundreds of simulated histories.
 */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { beforeAll, expect, test } from "@jest/globals";
import { openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import { duckdbValue, withInlineRelations } from "../simulator/inline-relations.ts";
import { historyOf, type OneTableHistory, play } from "../simulator/one-table.ts";
import type { World } from "../simulator/world.ts";
import { type Random, randomOf } from "../support/random.ts";
import { sharedEmulator } from "./support/emulator.ts";
import { type TestLake, testLake } from "./support/lake-tables.ts";
import {
  movedRow,
  type Numbered,
  numberOf,
  type Row,
  type Together,
  together,
} from "./support/lakes-in-one.ts";
import { FORMS, type Form, type Twins, twinStatements } from "./support/twin-statements.ts";

/** Some of them deliver no changes. */
const HISTORIES = 310;
const STEPS = 100;
/** A lake is queried after this share of the steps, and once more at the end. */
const MOMENTS_SHARE = 0.08;
/** Statements sent per form, preferring those of the most lakes, then those with columns declared later, then the largest. */
const STATEMENTS_OF_A_FORM = 12;
/** More for these: most of their statements name times or segments of a single lake, or leave out what a lake lacks. */
const MORE_STATEMENTS: Readonly<Partial<Record<Form, number>>> = {
  "view as of then": 24,
  "minor with late changes": 48,
  "minor with deltas": 24,
};
/** Athena's limit is 262,144. */
const STATEMENT_BYTES_MAX = 250_000;
const STATEMENTS_AT_ONCE = 3;

/**
 * The least number of histories with rows, per form, and how many of them declare a column later. The numbers are low for forms
 * whose statements return no keys or contain several times, because Trino has to plan each history's statement.
 */
const LEAST: Readonly<Record<Form, { readonly all: number; readonly declaredLater: number }>> = {
  view: { all: 290, declaredLater: 20 },
  "view as of then": { all: 150, declaredLater: 5 },
  history: { all: 295, declaredLater: 20 },
  snapshots: { all: 60, declaredLater: 3 },
  minor: { all: 140, declaredLater: 5 },
  "minor with late changes": { all: 24, declaredLater: 1 },
  "minor with deltas": { all: 30, declaredLater: 0 },
  major: { all: 120, declaredLater: 5 },
  "major of grown parts": { all: 60, declaredLater: 3 },
  seed: { all: 180, declaredLater: 5 },
  "oldest late change": { all: 12, declaredLater: 0 },
  "newest change": { all: 12, declaredLater: 0 },
  parts: { all: 12, declaredLater: 0 },
  "keys of parts": { all: 12, declaredLater: 0 },
  "overtaken keys": { all: 12, declaredLater: 0 },
  "repeated keys": { all: 12, declaredLater: 0 },
};

/** The least number of histories, per partitioning of the table, in which segments are written. */
const LEAST_OF_CUT = 5;

/** A statement from a history. */
interface Asked extends Numbered {
  readonly history: OneTableHistory;
  /** The step after which it was run; undefined at the end. */
  readonly step: number | undefined;
}

// Not during the histories, which block this process's event loop for long.
beforeAll(async () => {
  const emulator = await sharedEmulator();
  await emulator.athenaReady();
});

test("hundreds of histories give on Trino, row by row, what they give on DuckDB", async () => {
  const asked = await askedInHistories();
  const statements = FORMS.flatMap((form) => chosen(asked, form));
  const compared = statements.flatMap(({ members }) => members);
  const [onTrino, onDuckdb] = await Promise.all([rowsOnTrino(statements), rowsOnDuckdb(compared)]);
  expect(differences(compared, onDuckdb, onTrino)).toEqual([]);
  expectEnough(compared, onTrino);
});

/** The largest statement of each form in each history. */
async function askedInHistories(): Promise<readonly Asked[]> {
  const all: Asked[] = [];
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const history = historyOf(seed, STEPS);
    const ofForm = new Map<Form, Omit<Asked, "number">>();
    const ask = async (world: World, random: Random, step: number | undefined): Promise<void> => {
      for (const twins of await twinStatements(world, random)) {
        const before = ofForm.get(twins.form);
        if (before === undefined || weight(twins) > weight(before.twins))
          ofForm.set(twins.form, { history, step, twins });
      }
    };
    const worlds: World[] = [];
    const { failure } = await play(history, {
      begins: (world) => void worlds.push(world),
      afterStep: async (world, step) => {
        const random = randomOf(step.seed + 1);
        if (random.next() < MOMENTS_SHARE) await ask(world, random, step.number);
      },
    });
    expect(failure).toBeUndefined();
    for (const world of worlds) await ask(world, randomOf(seed), undefined);
    for (const each of ofForm.values()) all.push({ ...each, number: all.length + 1 });
  }
  return all;
}

/** Statements over several relations can go wrong in more ways. */
function weight({ duckdb }: Twins): number {
  const counts = [...duckdb.relations.values()].map(({ rows }) => rows.length);
  return counts.filter((count) => count > 0).length * 1000 + counts.reduce((sum, count) => sum + count, 0);
}

function chosen(asked: readonly Asked[], form: Form): readonly Together<Asked>[] {
  const ofForm = asked.filter(({ twins }) => twins.form === form);
  const heaviest = ({ members }: Together<Asked>) => Math.max(...members.map(({ twins }) => weight(twins)));
  const recovering = ({ members }: Together<Asked>) => members.filter(({ twins }) => twins.recovers).length;
  const count = MORE_STATEMENTS[form] ?? STATEMENTS_OF_A_FORM;
  return [...together(ofForm, STATEMENT_BYTES_MAX)]
    .sort(
      (a, b) =>
        b.members.length - a.members.length || recovering(b) - recovering(a) || heaviest(b) - heaviest(a),
    )
    .slice(0, count);
}

/** By lake number. */
type RowsOf = ReadonlyMap<number, readonly Row[]>;

async function rowsOnTrino(statements: readonly Together<Asked>[]): Promise<RowsOf> {
  const lake = await testLake(randomUUID());
  const found = new Map<number, Row[]>();
  const left = [...statements];
  const run = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      for (const row of await rowsOfStatement(lake, next)) {
        const number = numberOf(next, row);
        found.set(number, [...(found.get(number) ?? []), row]);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: STATEMENTS_AT_ONCE }, run));
    return found;
  } finally {
    lake.close();
  }
}

async function rowsOfStatement(
  { engine }: TestLake,
  { text, sql, members }: Together<Asked>,
): Promise<readonly Row[]> {
  const names = members[0]?.twins.names ?? [];
  const rows = await engine.rows(sql).catch((cause: unknown) => {
    const seeds = members.map(({ history }) => history.seed).join(", ");
    throw new Error(`histories ${seeds}: ${text}`, { cause });
  });
  return rows.map((row) => names.map((name) => row[name] as string | null));
}

/** Runs the statement of each lake separately. */
async function rowsOnDuckdb(asked: readonly Asked[]): Promise<RowsOf> {
  const session = await openDuckdb({ threads: 1, memoryMegabytes: 500, temporaryFolder: tmpdir() });
  const found = new Map<number, readonly Row[]>();
  try {
    for (const each of asked) {
      const { sql, relations } = each.twins.duckdb;
      const given = await session.rows(withInlineRelations(sql, relations, duckdbValue));
      const rows = given.map((row) => movedRow(each, Object.values(row) as Row));
      if (rows.length > 0) found.set(each.number, rows);
    }
    return found;
  } finally {
    await session.close();
  }
}

interface Difference {
  /** Replay it with `npm run simulate -- --seed <history> --length 100`. */
  readonly history: number;
  /** The step after which the lake was queried. */
  readonly step: number | "the end";
  readonly form: Form;
  /** With keys and times moved to those among other lakes. */
  readonly onlyOnDuckdb: readonly string[];
  readonly onlyOnTrino: readonly string[];
}

const DIFFERENCES_SHOWN = 3;

function differences(compared: readonly Asked[], onDuckdb: RowsOf, onTrino: RowsOf): readonly unknown[] {
  const all: Difference[] = [];
  for (const { number, history, step = "the end", twins } of compared) {
    const duckdb = rowTexts(twins, onDuckdb.get(number) ?? []);
    const trino = rowTexts(twins, onTrino.get(number) ?? []);
    const [onlyOnDuckdb, onlyOnTrino] = [without(duckdb, trino), without(trino, duckdb)];
    if (onlyOnDuckdb.length + onlyOnTrino.length === 0) continue;
    all.push({ history: history.seed, step, form: twins.form, onlyOnDuckdb, onlyOnTrino });
  }
  const numbers = new Set(compared.map(({ number }) => number));
  const ofNoLake = [...onTrino]
    .filter(([number]) => !numbers.has(number))
    .map(([, rows]) => ({ ofNoLake: rows }));
  const shown = [...all.slice(0, DIFFERENCES_SHOWN), ...ofNoLake.slice(0, DIFFERENCES_SHOWN)];
  return shown.length === 0 ? [] : [`${all.length} of ${compared.length} differ`, ...shown];
}

/** The multiset difference of the texts and the others. */
function without(texts: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return texts.filter((text) => {
    const at = left.indexOf(text);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

function rowTexts({ names }: Twins, rows: readonly Row[]): readonly string[] {
  return rows.map((row) => JSON.stringify(Object.fromEntries(names.map((name, i) => [name, row[i]]))));
}

/** Guards against comparing too little. */
function expectEnough(compared: readonly Asked[], rows: RowsOf): void {
  const withRows = compared.filter(({ number }) => rows.has(number));
  const histories = (filter: (asked: Asked) => boolean): number =>
    new Set(withRows.filter(filter).map(({ history }) => history.seed)).size;
  expect(histories(() => true)).toBe(HISTORIES);
  const tooFew = FORMS.map((form) => ({
    form,
    all: histories(({ twins }) => twins.form === form),
    declaredLater: histories(({ twins }) => twins.form === form && twins.recovers),
  })).filter(
    ({ form, ...found }) => found.all < LEAST[form].all || found.declaredLater < LEAST[form].declaredLater,
  );
  expect(tooFew).toEqual([]);
  const cuts = ["bucket(1)", "bucket(3)", "identity(g)"].flatMap((cut) =>
    (["minor", "major", "seed"] as const).map((form) => ({
      cut,
      form,
      all: histories(({ history, twins }) => twins.form === form && history.settings.partitionBy === cut),
    })),
  );
  expect(cuts.filter(({ all }) => all < LEAST_OF_CUT)).toEqual([]);
}
