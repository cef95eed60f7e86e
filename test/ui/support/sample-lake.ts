/**
 * A lake that shows what a console has to show: a shop's tables, one healthy, one with values that SQL does not show, one with
 * records in quarantine and one with a gap; a day of changes and compactions; a run that follows. The same seed gives the same lake.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveReadingState } from "../../../src/core/table/reading-state.ts";
import { recordGap } from "../../../src/core/table/recorded-gaps.ts";
import { saveHeartbeat } from "../../../src/core/table/run-heartbeat.ts";
import { NO_SERIES, saveRunSeries, withDelivered } from "../../../src/core/table/run-series.ts";
import { folderStore } from "../../../src/files/folder-store.ts";
import { openLake, type TableSchema } from "../../../src/index.ts";
import { writeExport } from "../../cli/export-fixture.ts";
import type { ItemJson } from "../../support/cli.ts";

const DAY_SECONDS = 86_400;

export interface SampleSize {
  readonly orders: number;
}

/** Writes the lake into `folder`, as it is at `nowSeconds`. */
export async function writeSampleLake(
  folder: string,
  nowSeconds: number,
  { orders }: SampleSize,
): Promise<void> {
  const random = randomNumbers(11);
  const scratch = await mkdtemp(join(tmpdir(), "dynalake-sample-"));
  const lake = await openLake(folder, { maskKey: new TextEncoder().encode("sample") });
  const take = async (schema: TableSchema, items: readonly ItemJson[], seconds: number): Promise<void> => {
    const exportTime = new Date(seconds * 1000).toISOString();
    const whole = await writeExport(await mkdtemp(join(scratch, "export-")), items, {
      table: schema.source ?? schema.table,
      exportTime,
    });
    await lake.snapshot({ export: whole }, { schema });
  };
  try {
    const takenSeconds = nowSeconds - DAY_SECONDS;
    await take(
      ORDERS,
      Array.from({ length: orders }, (_, i) => orderItem(i, random, nowSeconds)),
      takenSeconds,
    );
    await take(
      SESSIONS,
      Array.from({ length: 900 }, (_, i) => ({ session_id: text(`s-${i}`), pages: number(i % 40) })),
      takenSeconds,
    );
    await take(
      INVENTORY,
      Array.from({ length: 480 }, (_, i) => ({
        sku: text(`sku-${i}`),
        stock: number(i * 3),
        warehouse: text(i % 2 ? "Oslo" : "Berlin"),
      })),
      takenSeconds,
    );
    await take(
      REVIEWS,
      Array.from({ length: 2_300 }, (_, i) => ({
        user: text(`u-${i % 600}`),
        book: text(i === 7 ? HOSTILE_TEXT : `b-${i}`),
        rating: number(1 + (i % 5)),
      })),
      takenSeconds,
    );
    let sequence = 1_000;
    for (let hour = 22; hour >= 1; hour--) {
      const from = nowSeconds - hour * 3600;
      const records = Array.from({ length: 20 + Math.floor(random() * 60) }, () =>
        orderChange(sequence++, random, orders, from),
      );
      if (hour <= 3) records.push(...itemOfInterest(sequence, hour, from));
      sequence += 10;
      await lake.replay([{ name: `orders-${hour}.json`, content: JSON.stringify({ Records: records }) }], {
        name: "orders",
      });
      await lake.table("orders").compact({ settleSeconds: 0 });
      if (hour === 9) await lake.table("orders").compact({ all: true });
    }
    await lake.replay(
      [{ name: "sessions.json", content: JSON.stringify({ Records: brokenRecords(nowSeconds) }) }],
      { name: "sessions" },
    );
  } finally {
    await lake.close();
    await rm(scratch, { recursive: true, force: true });
  }
  await spreadCommits(join(folder, "orders", "manifest"), nowSeconds);
  await markFollowed(folder, nowSeconds);
  await saveSampleSeries(folder, nowSeconds);
}

/** As if the commits, which were made one after the other just now, were those of a day. */
async function spreadCommits(folder: string, nowSeconds: number): Promise<void> {
  const names = (await readdir(folder)).sort();
  for (const [i, name] of names.entries()) {
    const manifest = JSON.parse(await readFile(join(folder, name), "utf8"));
    const committedAtSeconds = Math.floor(
      nowSeconds - DAY_SECONDS + ((i + 1) / (names.length + 1)) * DAY_SECONDS,
    );
    await writeFile(join(folder, name), JSON.stringify({ ...manifest, committedAtSeconds }));
  }
}

/** A busy evening, a quiet night, and a slow quarter of an hour. */
async function saveSampleSeries(folder: string, nowSeconds: number): Promise<void> {
  for (const [i, table] of ["inventory", "orders", "reviews", "sessions"].entries()) {
    const random = randomNumbers(40 + i);
    let series = NO_SERIES;
    for (let ago = 24 * 60 - 1; ago >= 0; ago--) {
      const seconds = nowSeconds - ago * 60;
      const day = 1 + Math.sin(((seconds % DAY_SECONDS) / DAY_SECONDS) * 2 * Math.PI - 2);
      const all = Math.round(20 * (i === 1 ? 6 : 1 + i) * day * (0.6 + random()));
      const isSlow = i === 1 && ago > 160 && ago < 185;
      const counts = {
        insert: Math.round(all * 0.3),
        modify: Math.round(all * 0.62),
        remove: Math.round(all * 0.08),
        expired: i === 3 ? Math.round(all * 0.05) : 0,
        slowestSeconds: isSlow ? 9 + Math.round(random() * 4) : 1 + Math.round(random()),
      };
      series = withDelivered(series, counts, seconds);
    }
    await saveRunSeries(folderStore(folder), table, series);
  }
}

/** As if a run of another process followed the tables. */
async function markFollowed(folder: string, nowSeconds: number): Promise<void> {
  const store = folderStore(folder);
  await recordGap(store, "inventory", "sample", {
    reason: "stream-recreated",
    detail: "the table got another stream, and what was written between the two is on neither",
    foundAtSeconds: nowSeconds - 5_400,
    lostUntilSeconds: nowSeconds - 5_500,
  });
  for (const [i, table] of ["inventory", "orders", "reviews", "sessions"].entries()) {
    await saveReadingState(store, table, {
      position: {
        streamArn: `arn:aws:dynamodb:eu-central-1:111122223333:table/${table}/stream/1`,
        shards: {},
      },
      savedAtSeconds: nowSeconds,
      caughtUpAtSeconds: nowSeconds - 1 - i,
      newestChangeSeconds: nowSeconds - 3 - i,
    });
    await saveHeartbeat(store, table, {
      process: 41_207,
      host: "sample",
      startedAtSeconds: nowSeconds - 4 * DAY_SECONDS,
      seenAtSeconds: nowSeconds,
      endedAtSeconds: undefined,
      waitingRecords: table === "sessions" ? 212 : 0,
      deliveredUntilSeconds: nowSeconds - 1 - i,
      newest: { changedAtSeconds: nowSeconds - 3 - i, deliveredAtSeconds: nowSeconds - 2 - i },
    });
  }
}

const text = (value: string): { readonly S: string } => ({ S: value });
const number = (value: number | string): { readonly N: string } => ({ N: String(value) });

const ORDERS: TableSchema = {
  table: "orders",
  source: "Orders",
  key: { hash: "order_id" },
  attributes: {
    order_id: { type: "string" },
    created_at: { type: "timestamp" },
    status: { type: "string" },
    country: { type: "string" },
    customer_id: { type: "string" },
    email: { type: "string", mask: "sha256" },
    items: { type: "array<struct<sku:string,qty:int>>" },
    price: { type: "bigint" },
    discount: { type: "decimal(6,2)" },
    address: { type: "struct<city:string,zip:string>" },
  },
};
const SESSIONS: TableSchema = {
  table: "sessions",
  key: { hash: "session_id" },
  attributes: { session_id: { type: "string" }, pages: { type: "bigint" } },
};
const INVENTORY: TableSchema = {
  table: "inventory",
  source: "Inventory",
  key: { hash: "sku" },
  attributes: { sku: { type: "string" }, stock: { type: "bigint" }, warehouse: { type: "string" } },
};
const REVIEWS: TableSchema = {
  table: "reviews",
  source: "Reviews",
  key: { hash: "user", range: "book" },
  attributes: { user: { type: "string" }, book: { type: "string" }, rating: { type: "int" } },
};

const STATUSES = ["delivered", "shipped", "paid", "placed", "returned"] as const;
const COUNTRIES = ["DE", "NO", "SE", "FR", "NL", "ES", "PL", "IT"] as const;

function orderItem(i: number, random: () => number, nowSeconds: number): ItemJson {
  const skewed = <T>(list: readonly T[], skew: number): T =>
    list[Math.floor(list.length * random() ** skew)] as T;
  const price = Math.round(240 + random() ** 2 * 9_000);
  return {
    order_id: text(`o-${118_000 + i}`),
    created_at: text(new Date((nowSeconds - DAY_SECONDS - random() * 40 * DAY_SECONDS) * 1000).toISOString()),
    status: text(skewed(STATUSES, 2.6)),
    ...(random() < 0.01 ? {} : { country: text(skewed(COUNTRIES, 1.8)) }),
    customer_id: text(`c-${Math.floor(random() ** 1.4 * 6_000)}`),
    email: text(`customer-${i}@example.com`),
    items: { L: [{ M: { sku: text(`sku-${i % 400}`), qty: number(1 + (i % 4)) } }] },
    // Some prices have a fraction that the column cannot hold.
    price: number(random() < 0.02 ? (price + 0.5).toFixed(2) : price),
    ...(random() < 0.2 ? { discount: number((price * random() * 0.2).toFixed(2)) } : {}),
    address: { M: { city: text("Oslo"), zip: text("0150") } },
    ...(i % 20 === 0 ? { gift_note: text("For the new flat") } : {}),
  };
}

function orderChange(sequence: number, random: () => number, orders: number, fromSeconds: number): object {
  const id = text(`o-${118_000 + Math.floor(random() * orders)}`);
  const isRemove = random() < 0.06;
  const item = { ...orderItem(0, random, fromSeconds), order_id: id, status: text("shipped") };
  return {
    eventName: isRemove ? "REMOVE" : "MODIFY",
    dynamodb: {
      Keys: { order_id: id },
      ...(isRemove ? {} : { NewImage: item }),
      SequenceNumber: String(sequence),
      ApproximateCreationDateTime: fromSeconds + Math.floor(random() * 3_000),
    },
  };
}

/** What a page must not take for more than a text. */
export const HOSTILE_TEXT = '<img src=x onerror="document.title=1"> \u202eright to left';

/** The order that the tests look at: it is placed, paid and shipped. */
export const ORDER_OF_INTEREST = "o-118204";

function itemOfInterest(sequence: number, hour: number, fromSeconds: number): readonly object[] {
  const item = {
    order_id: text(ORDER_OF_INTEREST),
    status: text(hour === 3 ? "placed" : hour === 2 ? "paid" : "shipped"),
    country: text("NO"),
    price: number(hour === 1 ? "3899.50" : 4200),
    items: { L: [{ M: { sku: text("sku-7"), qty: number(hour === 3 ? 4 : 3) } }] },
    address: { M: { city: text("Bergen"), zip: text(hour === 3 ? "5003" : "5014") } },
    ...(hour < 3 ? { gift_note: text("For the new flat") } : {}),
  };
  return [
    {
      eventName: "MODIFY",
      dynamodb: {
        Keys: { order_id: text(ORDER_OF_INTEREST) },
        NewImage: item,
        SequenceNumber: String(sequence + 5),
        ApproximateCreationDateTime: fromSeconds + 3_100,
      },
    },
  ];
}

/** What no value of a record may show up in. */
export const SECRET_VALUE = "a-secret-value";

function brokenRecords(nowSeconds: number): readonly object[] {
  const record = (i: number, rest: object): object => ({
    eventName: "MODIFY",
    dynamodb: {
      Keys: { session_id: text(`s-${i}`) },
      SequenceNumber: String(5_000 + i),
      ApproximateCreationDateTime: nowSeconds - 7_000 - i * 60,
      ...rest,
    },
  });
  return [
    ...Array.from({ length: 28 }, (_, i) => record(i, { OldImage: { session_id: text(`s-${i}`) } })),
    ...Array.from({ length: 9 }, (_, i) =>
      record(100 + i, {
        NewImage: { session_id: text(`s-${100 + i}`), pages: { N: "1e999" }, note: text(SECRET_VALUE) },
      }),
    ),
  ];
}

/** A linear congruential generator: the same numbers each time, in [0, 1). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
