/** What was acknowledged is compared with the change log, as DuckDB reads it: only a deficit is a finding. */
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { checkDeliveries, readCheckedDeliveries } from "../../src/core/delivery/check-deliveries.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { acknowledgedDayFolder } from "../../src/core/format/deployment-path.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { acknowledgedRows } from "../../src/core/table/acknowledged-rows.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { readGaps } from "../../src/core/table/recorded-gaps.ts";
import { FILE_LIMITS, parquetSink } from "../../src/embedded/delivery/parquet-sink.ts";
import { openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { withFolder } from "../support/folders.ts";

const DAY = "2026-11-23";
const BEGIN = Date.parse(`${DAY}T00:00:00Z`) / 1000;
const HOUR = 3600;
/** The first moment at which the day can be judged. */
const JUDGED = BEGIN + 50 * HOUR;
const SCHEMA = parseSchema({ table: "t", key: { hash: "K" }, attributes: { K: { type: "int" } } }, "a test");
const WRITER = lineWriter(rowCodec(SCHEMA));

interface World {
  readonly store: ObjectStore;
  readonly acknowledge: (...times: readonly number[]) => Promise<void>;
  /** Changes in the log, which arrived a while after they were made. */
  readonly log: (...times: readonly number[]) => Promise<void>;
  readonly put: (path: string, lines: readonly object[]) => Promise<void>;
  readonly checked: (at?: number) => Promise<unknown>;
  readonly gaps: () => Promise<readonly { readonly reason: string; readonly lostUntilSeconds: number }[]>;
  readonly until: () => Promise<string | undefined>;
}

async function withWorld(use: (world: World) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(join(folder, "lake"), { threads: 1, memoryMegabytes: 200 });
    const { engine, store } = lake;
    let sequence = 0;
    try {
      await use({
        store,
        acknowledge: async (...times) => {
          const counted = acknowledgedRows({ store, counter: `c${++sequence}`, nowSeconds: () => BEGIN });
          counted.count(
            "t",
            times.map((changedAtSeconds) => ({ changedAtSeconds })),
          );
          await counted.save();
        },
        log: async (...times) => {
          const sink = parquetSink(lake.root, SCHEMA, lake.session);
          const records = times.map((seconds) => recordOf(++sequence, seconds));
          const context = { store, sink, writer: WRITER, rowBytesMax: FILE_LIMITS.recordBytesMax };
          await deliver(context, {
            records,
            source: "a test",
            arrivedAtSeconds: Math.max(...times) + 2 * HOUR,
          });
        },
        put: (path, lines) =>
          store.replace(path, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""))),
        checked: async (at = JUDGED) =>
          checkDeliveries({ store, engine, nowSeconds: () => at, opened: await openTableOf(store, SCHEMA) }),
        gaps: () => readGaps(store, "t"),
        until: async () => (await readCheckedDeliveries(store, "t"))?.until,
      });
    } finally {
      await lake.close();
    }
  });
}

const recordOf = (sequence: number, seconds: number): object => ({
  eventName: "INSERT",
  dynamodb: {
    ApproximateCreationDateTime: seconds,
    Keys: { K: { N: String(sequence % 3) } },
    NewImage: { K: { N: String(sequence % 3) } },
    SequenceNumber: String(sequence),
  },
});

/** As Firehose leaves what it could not convert. */
const unconverted = (...times: readonly number[]): object => ({
  rawData: Buffer.from(
    times.map((seconds) => `{"_op":"INSERT","_version":"1","_key":"k","_changed_at":${seconds}}\n`).join(""),
  ).toString("base64"),
});

test("a day is judged 26 hours after its end, once; repeats are no finding, and neither are other days", async () => {
  await withWorld(async ({ acknowledge, checked, gaps, log, until }) => {
    await acknowledge(BEGIN, BEGIN + 23 * HOUR);
    await log(BEGIN, BEGIN, BEGIN + 24 * HOUR - 1);
    await log(BEGIN - 1, BEGIN + 24 * HOUR);
    expect(await checked(JUDGED - 1)).toEqual([]);
    expect(await until()).toBe("2026-11-22");
    expect(await checked()).toEqual([{ day: DAY, acknowledged: 2, missing: 0 }]);
    expect([await until(), await checked(), await gaps()]).toEqual([DAY, [], []]);
  });
});

test("a deficit is a gap that ends with its last hour; another hour's repeats do not hide it", async () => {
  await withWorld(async ({ acknowledge, checked, gaps, log }) => {
    await acknowledge(BEGIN + 1, BEGIN + 2, BEGIN + 5 * HOUR, BEGIN + 9 * HOUR);
    await log(BEGIN + 1, BEGIN + 9 * HOUR, BEGIN + 9 * HOUR, BEGIN + 9 * HOUR, BEGIN + 9 * HOUR);
    expect(await checked()).toEqual([{ day: DAY, acknowledged: 4, missing: 2 }]);
    expect(await gaps()).toEqual([
      {
        reason: "rows-missing",
        detail: `of 4 rows of ${DAY} that Firehose acknowledged, 2 are neither in the change log nor put aside`,
        foundAtSeconds: JUDGED,
        lostUntilSeconds: BEGIN + 6 * HOUR,
      },
    ]);
  });
});

test("rows that were put aside are not missing: in errors/, by their hour, and what no row was", async () => {
  await withWorld(async ({ acknowledge, checked, gaps, put }) => {
    await acknowledge(BEGIN, BEGIN + HOUR, BEGIN + HOUR);
    await put("t/errors/one", [unconverted(BEGIN, BEGIN + HOUR)]);
    await put("t/quarantine/not-a-row/one.jsonl", [{ quarantine: 1, raw: "{}" }]);
    expect(await checked()).toEqual([{ day: DAY, acknowledged: 3, missing: 0 }]);
    expect(await gaps()).toEqual([]);
  });
});

test("rows of another hour in errors/ are missing all the same", async () => {
  await withWorld(async ({ acknowledge, checked, gaps, put }) => {
    await acknowledge(BEGIN, BEGIN);
    await put("t/errors/one", [unconverted(BEGIN, BEGIN + HOUR)]);
    expect(await checked()).toEqual([{ day: DAY, acknowledged: 2, missing: 1 }]);
    expect(await gaps()).toMatchObject([{ lostUntilSeconds: BEGIN + HOUR }]);
  });
});

test("a file that cannot be read may hold all that is missing", async () => {
  await withWorld(async ({ acknowledge, checked, gaps, store }) => {
    await acknowledge(BEGIN, BEGIN + HOUR);
    await store.replace("t/errors/one", Uint8Array.of(0xff));
    expect(await checked()).toEqual([{ day: DAY, acknowledged: 2, missing: 0 }]);
    expect(await gaps()).toEqual([]);
  });
});

test("a day that cannot be compared does not repeat the days before it", async () => {
  await withWorld(async ({ acknowledge, checked, store, until }) => {
    await acknowledge(BEGIN, BEGIN + 24 * HOUR);
    const [counted] = await store.list(acknowledgedDayFolder("t", "2026-11-24"));
    const path = counted?.path as string;
    const content = (await store.read(path)) as Uint8Array;
    await store.replace(path, Buffer.from("{"));
    await expect(checked(JUDGED + 24 * HOUR)).rejects.toMatchObject({ code: "LAKE_DAMAGED" });
    expect(await until()).toBe(DAY);
    await store.replace(path, content);
    expect(await checked(JUDGED + 24 * HOUR)).toEqual([{ day: "2026-11-24", acknowledged: 1, missing: 1 }]);
  });
});

test("a table that is not compacted for days has each of them judged later", async () => {
  await withWorld(async ({ acknowledge, checked, until }) => {
    await acknowledge(BEGIN, BEGIN + 24 * HOUR, BEGIN + 72 * HOUR);
    expect(await checked(JUDGED + 24 * HOUR)).toMatchObject([
      { missing: 1 },
      { day: "2026-11-24", missing: 1 },
    ]);
    expect(await until()).toBe("2026-11-24");
    expect(await checked(JUDGED + 48 * HOUR)).toEqual([]);
    expect(await checked(JUDGED + 72 * HOUR)).toMatchObject([{ day: "2026-11-26" }]);
  });
});
