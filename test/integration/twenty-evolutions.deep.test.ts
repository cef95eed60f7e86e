/** A table that has changed twenty times: it answers whole, and its statements have room in every engine. */
import { expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { currentView, historyViews } from "../../src/core/overlay/lake-view.ts";
import { shownView } from "../../src/core/overlay/shown-view.ts";
import { type AttributeFile, parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { athena } from "../../src/core/sql/athena.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { readItem } from "../../src/core/values/attribute-value.ts";
import { openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { newRunId } from "../../src/sdk/new-run-id.ts";
import { withFolder } from "../support/folders.ts";
import { CHANGED_AT_SECONDS, compactionOf, deliverItems, itemsOf } from "../support/lake-rows.ts";

const TYPES = ["int", "bigint", "decimal(22,3)", "decimal(28,8)", "decimal(34,12)", "decimal(38,14)"];
const COLUMNS = ["a", "b", "c", "d"];
/** Athena takes no longer statements, and compactions name the expressions of a view three times. */
const STATEMENT_BYTES_MAX = 262_144 / 3;

/** After so many evolutions: each column in its turn widens by a step. */
function schemaAfter(evolutions: number): Schema {
  const attributes: Record<string, AttributeFile> = { id: { type: "string" } };
  for (const [i, name] of COLUMNS.entries()) {
    const steps = Math.floor((evolutions + COLUMNS.length - 1 - i) / COLUMNS.length);
    attributes[name] = { type: TYPES[steps] as string, ...(steps > 1 ? { name: `${name}_renamed` } : {}) };
  }
  return parseSchema({ table: "t", source: "T", key: { hash: "id" }, attributes }, "a test");
}

test("twenty evolutions", async () => {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(`${folder}/lake`);
    try {
      let schema = schemaAfter(0);
      await writeSchema(lake.store, schema);
      const context = { store: lake.store, newRunId, nowSeconds: () => CHANGED_AT_SECONDS + 1000 };
      for (let evolution = 1; evolution <= 20; evolution++) {
        const numbers = Object.fromEntries(COLUMNS.map((name) => [name, { N: `${evolution}.5` }]));
        await deliverItems(
          lake,
          schema,
          [readItem({ id: { S: `o${evolution}` }, ...numbers })],
          100 + evolution,
        );
        if (evolution % 5 === 0) await compactMinor(compactionOf(lake, schema));
        const commit = await changeSchema(context, schemaAfter(evolution), "a test");
        schema = commit?.schema as Schema;
      }
      const names = COLUMNS.map((name) => `${name}_renamed`).join(", ");
      const items = await itemsOf(lake, schema);
      const expectWhole = async (): Promise<void> => {
        const table = await openTableOf(lake.store, schema);
        expect(table.manifest.schema?.evolution).toBe(20);
        const views = [
          await currentView(lake.engine, table, undefined),
          (await historyViews(lake.engine, table))[0],
        ];
        for (const view of views) {
          const { sql } = shownView(lake.engine.dialect, table, view as (typeof views)[0] & object, "label");
          const sums = COLUMNS.map((name) => `CAST(sum(${name}_renamed) AS DOUBLE) AS ${name}`).join(", ");
          expect(
            await lake.engine.rows(`SELECT ${sums} FROM (SELECT DISTINCT id, ${names} FROM (${sql}))`),
          ).toEqual([{ a: 220, b: 220, c: 220, d: 220 }]);
          const onAthena = {
            ...lake.engine,
            dialect: athena,
            changes: () => "c",
            changeLog: () => "l",
            segments: () => "s",
          };
          const statement = await currentView(onAthena, table, undefined);
          expect(Buffer.byteLength(statement.sql)).toBeLessThan(STATEMENT_BYTES_MAX);
        }
        expect(await itemsOf(lake, schema)).toEqual(items);
      };
      await expectWhole();
      await compactMinor(compactionOf(lake, schema));
      await compactMajor(compactionOf(lake, schema), "all");
      await expectWhole();
    } finally {
      await lake.close();
    }
  });
}, 60_000);
