/** Old images that cannot be read, on their way into a lake: what they take with them, and what they do not. */
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { type Delivery, deliver } from "../../src/core/delivery/deliver.ts";
import { segmentDrift } from "../../src/core/overlay/drift.ts";
import { historyViews, segmentsView } from "../../src/core/overlay/lake-view.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema, type Schema, type SchemaFile } from "../../src/core/schema/schema.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { FILE_LIMITS, parquetSink } from "../../src/embedded/delivery/parquet-sink.ts";
import { type LakeFolder, openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { withFolder } from "../support/folders.ts";
import { CHANGED_AT_SECONDS, compactionOf, itemsOf } from "../support/lake-rows.ts";

const FILE: SchemaFile = {
  table: "orders",
  key: { hash: "Id" },
  attributes: { Id: { type: "string" }, Total: { type: "int" } },
};
const WHOLE = parseSchema(FILE, "a test");
const SELECTING = parseSchema({ ...FILE, where: { Kind: { equals: "order" } } }, "a test");

const UNREADABLE = { Id: { S: "x" }, Total: { N: "a dozen" } };

function order(id: string, total: number): Record<string, unknown> {
  return { Id: { S: id }, Total: { N: String(total) }, Kind: { S: "order" } };
}

function record(eventName: string, id: string, total: number, sequence: number, old?: unknown): unknown {
  return {
    eventName,
    dynamodb: {
      ApproximateCreationDateTime: CHANGED_AT_SECONDS + sequence,
      Keys: { Id: { S: id } },
      NewImage: eventName === "REMOVE" ? undefined : order(id, total),
      OldImage: old,
      SequenceNumber: String(sequence),
    },
  };
}

async function delivered(lake: LakeFolder, schema: Schema, records: readonly unknown[]): Promise<Delivery> {
  return deliver(
    {
      store: lake.store,
      sink: parquetSink(lake.root, schema, lake.session),
      writer: lineWriter(rowCodec(schema)),
      rowBytesMax: FILE_LIMITS.recordBytesMax,
    },
    { records, source: "a test", arrivedAtSeconds: CHANGED_AT_SECONDS + 100 },
  );
}

const WRITTEN = ["a", "b", "c"].map((id, i) => record("INSERT", id, 1, i + 1));
/** The removal, the change and the addition of an item, each with an old image that means nothing. */
const SPOILED = [
  record("REMOVE", "a", 0, 11, UNREADABLE),
  record("MODIFY", "b", 2, 12, UNREADABLE),
  record("INSERT", "d", 2, 13, UNREADABLE),
  record("MODIFY", "c", 2, 14, order("c", 1)),
];

const text = (id: string, total: number): string =>
  `{"Id":{"S":"${id}"},"Kind":{"S":"order"},"Total":{"N":"${total}"}}`;

test.each<[string, Schema, readonly string[], readonly number[]]>([
  ["without a where follows the new images", WHOLE, [text("b", 2), text("c", 2), text("d", 2)], []],
  ["with a where keeps such changes aside", SELECTING, [text("b", 1), text("c", 2)], [1, 2]],
])("a table %s, and takes every removal", async (_, schema, items, aside) => {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(join(folder, "lake"), { threads: 1, memoryMegabytes: 200 });
    try {
      await delivered(lake, schema, WRITTEN);
      const { rows, quarantined } = await delivered(lake, schema, SPOILED);
      expect(rows).toBe(SPOILED.length - aside.length);
      expect(quarantined.map(({ reason, raw }) => [reason, raw])).toEqual(
        aside.map((index) => ["unreadable-value", JSON.stringify(SPOILED[index])]),
      );
      expect(await itemsOf(lake, schema)).toEqual(items);
      await compactMinor(compactionOf(lake, schema));
      await compactMajor(compactionOf(lake, schema), "all");
      expect(await itemsOf(lake, schema)).toEqual(items);
    } finally {
      await lake.close();
    }
  });
});

test("a removal shows what its item last held, if it was the table's: who expired is a SELECT", async () => {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(join(folder, "lake"), { threads: 1, memoryMegabytes: 200 });
    try {
      const expired = {
        ...(record("REMOVE", "a", 0, 11, order("a", 7)) as object),
        userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" },
      };
      const large = { ...order("c", 9), Text: { S: "x".repeat(FILE_LIMITS.recordBytesMax) } };
      const user = { ...order("b", 8), Kind: { S: "user" } };
      const { rows, quarantined } = await delivered(lake, SELECTING, [
        ...WRITTEN,
        expired,
        record("REMOVE", "b", 0, 12, user),
        record("REMOVE", "c", 0, 13, large),
      ]);
      expect([rows, quarantined]).toEqual([5, []]);
      const opened = await openTableOf(lake.store, SELECTING);
      const [history] = await historyViews(lake.engine, opened);
      const removed = `SELECT id, total, _expired AS expired FROM (${history?.sql}) WHERE _op = 'REMOVE' ORDER BY id`;
      const last = [
        { id: "a", total: 7, expired: true },
        { id: "c", total: null, expired: false },
      ];
      expect(await lake.engine.rows(removed)).toEqual(last);
      await compactMinor(compactionOf(lake, SELECTING));
      const folded = await openTableOf(lake.store, SELECTING);
      const segments = segmentsView(lake.engine, folded);
      const [tombstone] = await lake.engine.rows(
        `SELECT total, _unmapped AS unmapped FROM (${segments.sql}) WHERE id = 'a' AND _op = 'REMOVE'`,
      );
      expect(tombstone).toEqual({ total: null, unmapped: null });
      // Of the item that is left, and of no removal.
      const drift = await segmentDrift(lake.engine, folded, folded.manifest.segments);
      expect(drift).toMatchObject([{ attribute: "Kind", hidden: 1 }]);
      expect(await lake.engine.rows(removed)).toEqual(last);
    } finally {
      await lake.close();
    }
  });
});
