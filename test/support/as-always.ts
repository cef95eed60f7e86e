/**
 * A table whose columns have changed their types, beside one that had the last ones from the beginning: whoever still writes by an
 * older schema, and however they are compacted, both answer alike in their views, their history, their snapshots and their items.
 */
import { expect } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { type CountDigits, changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { EVOLVED_FORMAT, LAKE_FORMAT } from "../../src/core/format/lake-file.ts";
import { cleanSegments } from "../../src/core/overlay/clean-segments.ts";
import { currentView, historyViews, type LakeView, snapshotsView } from "../../src/core/overlay/lake-view.ts";
import { shownView } from "../../src/core/overlay/shown-view.ts";
import { type AttributeFile, parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { textColumns } from "../../src/core/schema/text-name.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { keptSnapshots } from "../../src/core/table/kept-snapshots.ts";
import { type OpenTable, openTableOf } from "../../src/core/table/open-table.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import type { Item } from "../../src/core/values/attribute-value.ts";
import { keyHash, keyOf } from "../../src/core/values/key.ts";
import { type LakeFolder, openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { newRunId } from "../../src/sdk/new-run-id.ts";
import * as fc from "./fast-check.ts";
import { withFolder } from "./folders.ts";
import {
  CHANGED_AT_SECONDS,
  compactionOf,
  deliverItems,
  differences,
  itemsOf,
  takeSnapshot,
} from "./lake-rows.ts";

/** What the column of each attribute gets, one after the other. The key is `id`. */
export type Types = Readonly<Record<string, readonly AttributeFile[]>>;
/** How far each column has come. */
export type Stage = Readonly<Record<string, number>>;

export type Step =
  | { readonly kind: "deliver"; readonly items: readonly Item[]; readonly stale: number }
  | { readonly kind: "change"; readonly attribute: string; readonly counts: boolean }
  | { readonly kind: "snapshot"; readonly items: readonly Item[]; readonly stale: number }
  | { readonly kind: "minor" | "grown" | "all" };

export function schemaAt(types: Types, table: string, stage: Stage): Schema {
  const attributes = Object.fromEntries(
    Object.entries(types).map(([name, specs]) => [name, { name: `col_${name}`, ...specs[stage[name] ?? 0] }]),
  );
  return parseSchema({ table, source: "Source", key: { hash: "id" }, attributes }, "a test");
}

/** Any steps with these items, whose columns change as often as `attributes` has their names. */
export function anyStep(item: fc.Arbitrary<Item>, attributes: readonly string[]): fc.Arbitrary<Step> {
  const stale = fc.nat({ max: 3 });
  const items = fc.array(item, { minLength: 1, maxLength: 3 });
  const snapshot = fc.uniqueArray(item, { minLength: 1, maxLength: 3, selector: hashOf });
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("deliver" as const), items, stale }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("change" as const),
        attribute: fc.constantFrom(...attributes),
        counts: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom("minor" as const, "grown" as const, "all" as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("snapshot" as const), items: snapshot, stale }),
    },
  );
}

function hashOf(each: Item): string {
  return keyHash(keyOf({ hash: "id" }, each) ?? []);
}

/** For any steps, `numRuns` times with all effort, in a lake of its own each time. */
export async function expectAlwaysAsAlways(
  types: Types,
  step: fc.Arbitrary<Step>,
  numRuns: number,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), (steps) =>
      withFolder(async (folder) => {
        const lake = await openLakeFolder(`${folder}/lake`);
        try {
          await expectAsAlways(lake, folder, types, steps);
        } finally {
          await lake.close();
        }
      }),
    ),
    { numRuns },
  );
}

async function expectAsAlways(
  lake: LakeFolder,
  folder: string,
  types: Types,
  steps: readonly Step[],
): Promise<void> {
  const last = steps.reduce<Stage>(
    (stage, each) => (each.kind === "change" ? changed(types, stage, each) : stage),
    {},
  );
  const always = schemaAt(types, "always", last);
  const first = schemaAt(types, "evolving", {});
  await writeSchema(lake.store, first);
  await writeSchema(lake.store, always);
  await play(lake, folder, { types, steps }, [always], always);
  const current = await play(lake, folder, { types, steps }, [first], first);
  const compaction = compactionOf(lake, current);
  const expectSame = async (): Promise<void> => {
    await expectSameAnswers(lake, current, always);
  };
  await expectSame();
  const hasEvolved = Object.values(last).some((stage) => stage > 0);
  expect((await latestManifest(lake.store, "evolving")).format).toBe(
    hasEvolved ? EVOLVED_FORMAT : LAKE_FORMAT,
  );
  await compactMinor(compaction);
  await expectSame();
  await compactMajor(compaction, "all");
  await expectSame();
  const { segments, recovery } = await latestManifest(lake.store, "evolving");
  expect(segments.filter(({ id }) => recovery?.segments.includes(id))).toEqual([]);
}

function changed(types: Types, stage: Stage, { attribute }: { readonly attribute: string }): Stage {
  const next = (stage[attribute] ?? 0) + 1;
  return next < (types[attribute]?.length ?? 0) ? { ...stage, [attribute]: next } : stage;
}

/** As if nothing were in the way: numbers for which there is no room are kept even so. */
const NO_DIGITS: CountDigits = async (_, columns) => new Map(columns.map(({ attribute }) => [attribute, 0]));

/** Returns the table's schema at the end. A table whose first schema is the last does not change. */
async function play(
  lake: LakeFolder,
  folder: string,
  { types, steps }: { readonly types: Types; readonly steps: readonly Step[] },
  schemas: Schema[],
  first: Schema,
): Promise<Schema> {
  const { table } = first;
  let stage: Stage = {};
  let sequence = 100;
  const newest = (): Schema => schemas.at(-1) as Schema;
  const written = (by: number): Schema => schemas[Math.max(0, schemas.length - 1 - by)] as Schema;
  for (const [i, each] of steps.entries()) {
    const compaction = compactionOf(lake, newest());
    switch (each.kind) {
      case "deliver":
        await deliverItems(lake, written(each.stale), each.items, sequence);
        sequence += 10;
        break;
      case "snapshot":
        await takeSnapshot(lake, written(each.stale), `${folder}/${table}-${i}`, each.items);
        break;
      case "change": {
        stage = changed(types, stage, each);
        if (table === "always") break;
        const context = { store: lake.store, newRunId, nowSeconds: () => CHANGED_AT_SECONDS + 1000 };
        const countClean = each.counts ? cleanSegments(lake.engine) : undefined;
        const counts = { countClean, countDigits: NO_DIGITS };
        const wanted = schemaAt(types, table, stage);
        const commit = await changeSchema({ ...context, ...counts }, wanted, "a test", "order");
        if (commit !== undefined) schemas.push(commit.schema);
        break;
      }
      case "minor":
        await compactMinor(compaction);
        break;
      default:
        await compactMajor({ ...compaction, policy: { ...compaction.policy, majorRowsMin: 1 } }, each.kind);
    }
  }
  return newest();
}

async function expectSameAnswers(lake: LakeFolder, current: Schema, always: Schema): Promise<void> {
  const [own, other] = [await openTableOf(lake.store, current), await openTableOf(lake.store, always)];
  for (const view of [viewOf, historyOf, snapshotsOf]) {
    // What another kind of type cannot hold is beside it as text.
    const texts = textColumns(own.schema, own.manifest.texts).map(({ column }) => column.attribute);
    await keep(lake, own, await view(lake, own), { name: "shown", texts });
    await keep(lake, other, await view(lake, other), { name: "expected", texts });
    expect(await differences(lake, "shown", "expected")).toEqual([]);
  }
  expect(await itemsOf(lake, current)).toEqual(await itemsOf(lake, always));
}

const viewOf = (lake: LakeFolder, table: OpenTable): Promise<LakeView> =>
  currentView(lake.engine, table, undefined);

async function historyOf(lake: LakeFolder, table: OpenTable): Promise<LakeView> {
  return (await historyViews(lake.engine, table))[0] as LakeView;
}

async function snapshotsOf(lake: LakeFolder, table: OpenTable): Promise<LakeView> {
  return snapshotsView(lake.engine, table.schema, await keptSnapshots(lake.store, table));
}

/** As people see it, without what depends on the schema of the writer. */
async function keep(
  lake: LakeFolder,
  { schema }: OpenTable,
  view: LakeView,
  { name, texts }: { readonly name: string; readonly texts: readonly string[] },
): Promise<void> {
  const { sql } = shownView(lake.engine.dialect, { schema, manifest: { texts } }, view, "label");
  await lake.session.run(`CREATE OR REPLACE TABLE ${name} AS SELECT * EXCLUDE (_unmapped) FROM (${sql})`);
}
