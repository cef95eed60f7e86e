import { expect } from "@jest/globals";
import type { CompactionContext } from "../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { linesOfItems } from "../../src/core/overlay/items.ts";
import { currentView } from "../../src/core/overlay/lake-view.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { type Item, itemText, readItem } from "../../src/core/values/attribute-value.ts";
import { keyAttributes } from "../../src/core/values/key.ts";
import { FILE_LIMITS, parquetSink } from "../../src/embedded/delivery/parquet-sink.ts";
import { openExport } from "../../src/embedded/exports/export-folder.ts";
import type { LakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { lakeItems } from "../../src/embedded/reading/items.ts";
import { NO_EFFECT } from "../../src/embedded/schemas/schema-effect.ts";
import { snapshotFromExport } from "../../src/embedded/snapshot/snapshot-from-export.ts";
import { newRunId } from "../../src/sdk/new-run-id.ts";
import { exportLine, writeExport } from "./export-folder.ts";

/** A lake table of a test: how it is filled, and what comes back of it. */

export const CHANGED_AT_SECONDS = 1_772_359_200;

/** Takes the items in from an export of two files. */
export async function takeSnapshot(
  lake: LakeFolder,
  schema: Schema,
  folder: string,
  items: readonly Item[],
): Promise<void> {
  const half = Math.ceil(items.length / 2);
  const files = [items.slice(0, half), items.slice(half)].map((own) => ({ content: own.map(exportLine) }));
  await writeExport(folder, { files });
  const result = await snapshotFromExport({
    lake,
    choice: { schema, origin: "given", undecided: [], effect: NO_EFFECT },
    export: await openExport(folder),
    maskKey: undefined,
    threads: 1,
    cutSeconds: 0,
    onProgress: () => undefined,
    mayRetype: async () => false,
    signal: new AbortController().signal,
  });
  expect(result).toMatchObject({ items: items.length, skipped: 0, quarantined: 0 });
}

/** Delivers the items as changes, the first of which has the sequence number `first`. */
export async function deliverItems(
  lake: LakeFolder,
  schema: Schema,
  items: readonly Item[],
  first = 100,
): Promise<void> {
  // The last one again and later, since a compaction leaves the newest change in the log.
  const records = [...items, items.at(-1) as Item].map((NewImage, i) => ({
    eventName: i % 2 === 0 ? "INSERT" : "MODIFY",
    dynamodb: {
      ApproximateCreationDateTime: CHANGED_AT_SECONDS + 10 * (first - 100 + i),
      Keys: Object.fromEntries(keyAttributes(schema.key).map((name) => [name, NewImage[name]])),
      NewImage,
      SequenceNumber: String(first + i),
    },
  }));
  const delivery = await deliver(
    {
      store: lake.store,
      sink: parquetSink(lake.root, schema, lake.session),
      writer: lineWriter(rowCodec(schema)),
      rowBytesMax: FILE_LIMITS.recordBytesMax,
    },
    {
      records: records.map((record, i) => (i % 3 === 0 ? JSON.stringify(record) : record)),
      source: "a test",
      arrivedAtSeconds: CHANGED_AT_SECONDS + 200,
    },
  );
  expect(delivery).toMatchObject({ rows: records.length, quarantined: [] });
}

/** Compacts everything up to now, whatever is delivered. */
export function compactionOf(lake: LakeFolder, schema: Schema): CompactionContext {
  return {
    store: lake.store,
    engine: lake.engine,
    schema,
    policy: { ...DEFAULT_POLICY, settleSeconds: 0 },
    newRunId,
    nowSeconds: () => CHANGED_AT_SECONDS + 1000,
  };
}

/** The items that the table gives back, as the lines of DynamoDB JSON that `items` prints. */
export async function itemLines(lake: LakeFolder, schema: Schema): Promise<string> {
  let lines = "";
  for await (const items of lakeItems(lake, await openTableOf(lake.store, schema), undefined))
    lines += linesOfItems(items);
  return lines;
}

/** The texts of the items that the table gives back, in order. */
export async function itemsOf(lake: LakeFolder, schema: Schema): Promise<readonly string[]> {
  const items = (await itemLines(lake, schema)).split("\n").filter((line) => line !== "");
  return items.map((line) => itemText(readItem((JSON.parse(line) as { Item: unknown }).Item))).sort();
}

/**
 * Keeps the rows that people see now, under a name, for `differences`, without the columns in `left`. By default they are
 * without what tells how they came in, and with the `_unmapped` that shows what the columns alone could not hold.
 */
export async function keepRows(
  lake: LakeFolder,
  schema: Schema,
  name: string,
  left: readonly string[] = ["_op", "_version", "_changed_at", "_expired"],
): Promise<void> {
  const view = await currentView(lake.engine, await openTableOf(lake.store, schema), undefined);
  await lake.session.run(
    `CREATE OR REPLACE TABLE ${name} AS SELECT * EXCLUDE (${left.join(", ")}) FROM (${view.sql})`,
  );
}

/** What stands in one table only, and the columns whose types differ; compared by the engine, value by value. */
export async function differences(lake: LakeFolder, a: string, b: string): Promise<readonly unknown[]> {
  const rows = (one: string, other: string): string =>
    `SELECT '${one}' AS only_in, to_json(kept) AS found FROM (SELECT * FROM ${one} EXCEPT ALL SELECT * FROM ${other}) AS kept`;
  const types = (one: string, other: string): string =>
    `SELECT '${one}', column_name || ' ' || data_type FROM (${columnsOf(one)} EXCEPT ${columnsOf(other)})`;
  const columnsOf = (table: string): string =>
    `SELECT column_index, column_name, data_type FROM duckdb_columns() WHERE table_name = '${table}'`;
  return lake.engine.rows([rows(a, b), rows(b, a), types(a, b), types(b, a)].join(" UNION ALL "));
}
