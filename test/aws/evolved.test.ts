/**
 * The SQL of Athena's dialect for tables whose schema has changed gives on Trino what DuckDB's gives on DuckDB: widened columns,
 * renamed and hidden ones, members of structs, values as text, items and drift, in histories of the simulator.
 */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tableDrift } from "../../src/core/overlay/drift.ts";
import { itemsStatement } from "../../src/core/overlay/items.ts";
import { currentView, historyViews, type LakeView, snapshotsView } from "../../src/core/overlay/lake-view.ts";
import { shownColumns, shownView } from "../../src/core/overlay/shown-view.ts";
import { quoted } from "../../src/core/ports/dialect.ts";
import type { QueryEngine } from "../../src/core/ports/query-engine.ts";
import type { Column } from "../../src/core/schema/schema.ts";
import { textColumns } from "../../src/core/schema/text-name.ts";
import { keptSnapshots } from "../../src/core/table/kept-snapshots.ts";
import { type OpenTable, openTable } from "../../src/core/table/open-table.ts";
import { type DuckdbSession, openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import { historyOf, play } from "../simulator/one-table.ts";
import { plainLeaf } from "../simulator/shown-rule.ts";
import { TABLE, type World } from "../simulator/world.ts";
import { sharedEmulator } from "./support/emulator.ts";
import { onTrino } from "./support/inline-engine.ts";
import { type TestLake, testLake } from "./support/lake-tables.ts";

/** Of these, people rename and hide columns in some, and snapshots change their kind in one. */
const SEEDS = [500, 523, 506, 504];
const STEPS = 70;

let session: DuckdbSession;
let lake: TestLake;

beforeAll(async () => {
  session = await openDuckdb({ threads: 1, memoryMegabytes: 500, temporaryFolder: tmpdir() });
  const emulator = await sharedEmulator();
  await emulator.athenaReady();
  lake = await testLake(randomUUID());
});

afterAll(async () => {
  lake?.close();
  await session?.close();
});

interface Answers {
  readonly views: Readonly<Record<string, readonly string[]>>;
  readonly items: readonly string[];
  readonly drift: unknown;
}

const met = { earlier: 0, texts: 0, renamed: 0, hidden: 0, members: 0, rows: 0 };

test.each(SEEDS)(
  "the table of history %i is the same on Trino as on DuckDB",
  async (seed) => {
    let compared = 0;
    const compare = async (world: World): Promise<void> => {
      const opened = await openTable(world.store, TABLE);
      if (opened === undefined) throw new Error("the history has a table");
      note(opened);
      const own = await answersOf(world, opened, world.engine);
      const theirs = await answersOf(
        world,
        opened,
        onTrino(world.engine, (sql) => lake.engine.rows(sql)),
      );
      expect(theirs).toEqual(own);
      met.rows += Object.values(own.views).flat().length;
      compared++;
    };
    const { failure } = await play(historyOf(seed, STEPS, "evolving"), {
      session,
      // Once, before everything is folded at the end.
      afterStep: async (world, { number }) => {
        if (compared === 0 && number >= STEPS - 10 && world.commits.length > 1) await compare(world);
      },
      ends: compare,
    });
    expect(failure).toBeUndefined();
    expect(compared).toBeGreaterThan(0);
  },
  280_000,
);

test("the histories had all that changes", () => {
  expect(Object.entries(met).filter(([, count]) => count === 0)).toEqual([]);
});

function note({ schema, manifest }: OpenTable): void {
  for (const { earlier, label, attribute, hidden, type } of schema.columns) {
    met.earlier += earlier.length;
    met.renamed += label === attribute.toLowerCase() ? 0 : 1;
    met.hidden += hidden ? 1 : 0;
    met.members += type.kind === "struct" && type.fields.length > 1 ? 1 : 0;
  }
  met.texts += textColumns(schema, manifest.texts).length;
}

async function answersOf(world: World, opened: OpenTable, engine: QueryEngine): Promise<Answers> {
  const { store } = world;
  const [history] = await historyViews(engine, opened);
  const kept = snapshotsView(engine, opened.schema, await keptSnapshots(store, opened));
  const views: Record<string, readonly string[]> = {};
  for (const view of [await currentView(engine, opened, undefined), history as LakeView, kept])
    views[view.name] = await shownTexts(opened, engine, view);
  const { sql, itemOf } = await itemsStatement({ store, engine }, opened, undefined);
  const items = (await engine.rows(sql)).map((row) => itemOf(Object.values(row)).text());
  return { views, items: items.sort(), drift: sorted(await tableDrift(engine, opened)) };
}

/** The rows as people see them, as texts. */
async function shownTexts(
  opened: OpenTable,
  engine: QueryEngine,
  view: LakeView,
): Promise<readonly string[]> {
  const { dialect } = engine;
  const shown = shownView(dialect, opened, view, "label");
  const declared = new Map(opened.schema.columns.map((column) => [column.name, column]));
  const values = shownColumns(dialect, opened, "label").flatMap(({ name, stored }, i) => {
    // Equal changes that were written by two schemas differ in it: either is right.
    if (name === "_unmapped") return [];
    const column = stored === undefined ? undefined : declared.get(stored);
    return [`CAST(${wireValue(engine, name, column)} AS ${dialect.typeName({ kind: "string" })}) AS c${i}`];
  });
  const rows = await engine.rows(`SELECT ${values.join(", ")} FROM (${shown.sql})`);
  return rows.map((row) => Object.values(row).map(plainCell).join(" | ")).sort();
}

function wireValue({ dialect }: QueryEngine, name: string, column: Column | undefined): string {
  if (name === "_changed_at") return dialect.timeWire(name);
  return column === undefined ? quoted(name) : dialect.wire(column.type, quoted(name));
}

function plainCell(value: unknown): string {
  const text = String(value);
  if (!/^[[{]/.test(text)) return plainLeaf(text);
  return JSON.stringify(JSON.parse(text), (_, part: unknown) =>
    typeof part === "string" || typeof part === "number" ? plainLeaf(String(part)) : part,
  );
}

function sorted(drift: readonly { readonly attribute: string }[]): unknown {
  return [...drift].sort((a, b) => (a.attribute < b.attribute ? -1 : 1));
}
