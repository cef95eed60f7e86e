import { expect, test } from "@jest/globals";
import { compactMinor } from "../../src/core/compaction/compact.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { schemaPath } from "../../src/core/format/lake-path.ts";
import { tableDrift } from "../../src/core/overlay/drift.ts";
import { parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { textColumns } from "../../src/core/schema/text-name.ts";
import { type OpenTable, openTableOf } from "../../src/core/table/open-table.ts";
import { schemaEdit } from "../../src/core/table/schema-edit.ts";
import { fileForPeople, writeSchema } from "../../src/core/table/schema-file.ts";
import { withEditApplied } from "../../src/embedded/compaction/apply-edit.ts";
import { editSchema } from "../../src/embedded/compaction/edit-schema.ts";
import type { EvolvingLake } from "../../src/embedded/compaction/evolving-lake.ts";
import { followData, followSnapshot } from "../../src/embedded/compaction/follow-data.ts";
import { atLeast } from "../support/effort.ts";
import { tryAllPoints, type WritePath } from "./crash-points.ts";
import { Counts, sessionOfTests } from "./session.ts";
import {
  compaction,
  evolvingSchema,
  FILLED,
  FILLED_CHANGES,
  filledWorld,
  NOW,
  type Ports,
  type State,
  seeding,
  TABLE,
  type World,
} from "./world.ts";

/**
 * Whichever call of an evolution fails in whatever way, each value is in SQL or counted as drift, items come back whole, and the
 * table has one schema, the old one or the new.
 */

const tried = { points: new Counts(), pairs: new Counts() };
const session = sessionOfTests(
  () => `${tried.points.told("crash points")}, ${tried.pairs.told("pairs of them")}`,
);

async function evolving(price: string): Promise<World> {
  const world = await filledWorld(session(), evolvingSchema(price));
  await writeSchema(world.store, (await openedOf(world)).schema);
  return world;
}

function openedOf({ store, schema }: Pick<World, "store" | "schema">): Promise<OpenTable> {
  return openTableOf(store, schema);
}

function lakeOf(world: World, { store, engine, newRunId }: Ports): EvolvingLake {
  return { store, engine, newRunId, nowSeconds: () => world.nowSeconds };
}

/** As `compact` does. */
async function compactAndFollow(world: World, ports: Ports): Promise<void> {
  const lake = lakeOf(world, ports);
  const current = await withEditApplied(lake, world.schema, undefined);
  const context = { ...compaction(world, ports), schema: current.schema };
  const result = await compactMinor(context, await openTableOf(lake.store, current.schema));
  await followData(lake, current, result === undefined ? [] : [result]);
}

/** As `snapshot` does with what it has staged. */
async function snapshotAndFollow(world: World, ports: Ports): Promise<void> {
  const manifest = await seed(seeding(world, SEEDED, NOW + 500, ports));
  const opened = await openTableOf(ports.store, world.schema, { manifest, sequences: [] });
  await followSnapshot(lakeOf(world, ports), opened, true);
}

const SEEDED: State = { 1: "c3", 5: "s5", 10: "s1" };

/** Another name, another column, and room for cents, or another kind of type. */
function edited({ schema }: OpenTable, price: string): Schema {
  const file = fileForPeople(schema);
  const attributes = {
    ...file.attributes,
    P: { name: "cost", type: price },
    N: { type: "string" },
  };
  return parseSchema({ ...file, attributes }, "an edit");
}

/** What the view does not show of prices and notes is counted, and nothing else is. */
async function expectCounted(world: World): Promise<void> {
  const opened = await openedOf(world);
  const { columns } = opened.schema;
  const price = columns.find(({ attribute }) => attribute === "P")?.type;
  const hasRoom = price?.kind === "decimal" && price.scale >= 2;
  const hasNote = columns.some(({ attribute }) => attribute === "N");
  const drift = await tableDrift(world.engine, opened);
  const hidden = new Map(drift.map((found) => [found.attribute, found.hidden]));
  expect(hidden.has("N")).toBe(!hasNote);
  expect(hidden.has("P")).toBe(!hasRoom);
  expect(hidden.size).toBe(Number(!hasNote) + Number(!hasRoom));
}

/** Prices are numbers: a column of text has none of them, and they stand beside it. */
async function expectBeside(world: World): Promise<void> {
  const opened = await openedOf(world);
  const column = opened.schema.columns.find(({ attribute }) => attribute === "P");
  expect(column?.earlier).toHaveLength(1);
  expect(textColumns(opened.schema, []).map(({ text }) => text.label)).toEqual(["cost__text"]);
  await expectEdited(world);
}

async function expectEdited(world: World): Promise<void> {
  const opened = await openedOf(world);
  const labels = new Map(opened.schema.columns.map(({ attribute, label }) => [attribute, label]));
  expect([labels.get("P"), labels.get("N")]).toEqual(["cost", "n"]);
  expect(await schemaEdit(world.store, opened)).toBeUndefined();
}

/** As `schema apply` does. */
function applyFile(price: string) {
  return async (world: World, ports: Ports): Promise<void> => {
    const opened = await openTableOf(ports.store, world.schema);
    await editSchema(lakeOf(world, ports), opened, { given: edited(opened, price), origin: "a file" });
  };
}

const CENTS = "decimal(22,3)";

const IN_PLACE = { states: [FILLED], changes: FILLED_CHANGES, always: expectCounted };

const PATHS: Readonly<Record<string, WritePath>> = {
  "a fold that columns follow": {
    ...IN_PLACE,
    begin: () => evolving("bigint"),
    run: compactAndFollow,
  },
  "an edit of schema.json that a compaction applies": {
    ...IN_PLACE,
    begin: async () => {
      const world = await evolving("bigint");
      await writeSchema(world.store, edited(await openedOf(world), CENTS));
      return world;
    },
    run: compactAndFollow,
    // Until it counts it is people's, and afterwards the table's.
    always: async (world) => {
      await expectCounted(world);
      const edit = await schemaEdit(world.store, await openedOf(world));
      expect(["pending", "earlier", undefined]).toContain(edit?.kind);
    },
    repaired: expectEdited,
  },
  "schema apply": {
    ...IN_PLACE,
    begin: () => evolving("bigint"),
    run: applyFile(CENTS),
    repaired: expectEdited,
  },
  "schema apply of another kind of type": {
    ...IN_PLACE,
    begin: () => evolving("bigint"),
    run: applyFile("string"),
    repaired: expectBeside,
  },
  "an edit of schema.json to another kind of type": {
    ...IN_PLACE,
    begin: async () => {
      const world = await evolving("bigint");
      await writeSchema(world.store, edited(await openedOf(world), "string"));
      return world;
    },
    run: compactAndFollow,
    repaired: expectBeside,
  },
  "a snapshot that columns follow": {
    begin: async () => {
      const world = await evolving("decimal(38,1)");
      world.nowSeconds = NOW + 600;
      return world;
    },
    run: snapshotAndFollow,
    states: [FILLED, SEEDED],
    changes: FILLED_CHANGES,
    always: expectCounted,
    repaired: async (world) => {
      const { schema } = await openedOf(world);
      expect(schema.columns.find(({ attribute }) => attribute === "P")?.earlier).toHaveLength(1);
    },
  },
};

/** A path that loses calls loses points: the numbers may grow, and fall only where a call is saved on purpose. */
const POINTS_MIN = 200;
const PAIRS_MIN = 90;

test.each(Object.entries(PATHS))("%s", async (name, path) => {
  const { points, pairs } = await tryAllPoints(path);
  tried.points.set(name, points);
  tried.pairs.set(name, pairs);
});

test("a schema apply that died before it wrote schema.json is finished by the next one", async () => {
  const world = await evolving("bigint");
  world.store.failOnce("replace", /schema\.json$/, "before");
  await expect(applyFile(CENTS)(world, world.ports())).rejects.toThrow("no answer");
  expect((await schemaEdit(world.store, await openedOf(world)))?.kind).toBe("earlier");
  await applyFile(CENTS)(world, world.ports());
  await expectEdited(world);
  expect(JSON.parse(world.store.text(schemaPath(TABLE)) ?? "")).toMatchObject({ evolution: 1 });
});

test("all points of all paths of an evolution were tried", () => {
  expect(tried.points.sum()).toBeGreaterThanOrEqual(atLeast(POINTS_MIN));
  expect(tried.pairs.sum()).toBeGreaterThanOrEqual(atLeast(atLeast(PAIRS_MIN)));
});
