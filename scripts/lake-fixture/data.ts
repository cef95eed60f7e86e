/** What the tables of a lake fixture hold: their schemas, items and changes, and the questions that are asked about them. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

export type Item = Readonly<Record<string, AttributeValue>>;

/** The first snapshot of the tables that come from exports. */
export const FIRST_SNAPSHOT: number = Date.UTC(2026, 10, 20, 9) / 1000;
export const SECOND_SNAPSHOT: number = FIRST_SNAPSHOT + 86_400;

export const SCHEMAS = {
  narrowReviews: {
    table: "reviews",
    source: "Reviews",
    key: { hash: "User", range: "Book" },
    attributes: { User: { type: "string" }, Book: { type: "string" }, Rating: { type: "int" } },
  },
  reviews: {
    table: "reviews",
    source: "Reviews",
    key: { hash: "User", range: "Book" },
    attributes: {
      User: { type: "string" },
      Book: { type: "string" },
      Rating: { type: "int" },
      Author: { type: "string" },
      Tags: { type: "array<string>", set: true },
    },
  },
  orders: {
    table: "orders",
    source: "Shop",
    key: { hash: "PK", range: "SK" },
    where: { SK: { beginsWith: "ORDER#" } },
    partitionBy: "day(placed_at)",
    attributes: {
      PK: { type: "string", name: "customer" },
      SK: { type: "string", name: "order_id" },
      placed: { type: "timestamp", format: "epoch_seconds", name: "placed_at" },
      total: { type: "decimal(12,2)" },
      quantity: { type: "bigint" },
      weight: { type: "double" },
      gift: { type: "boolean" },
      due: { type: "date" },
      seal: { type: "binary" },
      tags: { type: "array<string>", set: true },
      lines: { type: "array<struct<sku:string,price:decimal(10,2),marks:array<int>>>" },
      address: { type: "struct<City:string,Zip:string>" },
      counters: { type: "map<string,bigint>" },
      extra: { type: "json" },
    },
  },
  customers: {
    table: "customers",
    source: "Shop",
    key: { hash: "PK", range: "SK" },
    where: { SK: { equals: "PROFILE" } },
    partitionBy: "bucket(4)",
    attributes: {
      PK: { type: "string", name: "customer" },
      Email: { mask: "sha256" },
      Legacy: { mask: "drop" },
      joined: { type: "date" },
    },
  },
  visits: {
    table: "visits",
    source: "Visits",
    key: { hash: "Id" },
    attributes: { Id: { type: "bigint" }, page: { type: "string" } },
  },
};

export const DAY_1: number = Date.UTC(2026, 10, 18, 12) / 1000;
export const DAY_2: number = Date.UTC(2026, 10, 19, 23, 59, 59) / 1000;
export const TIME_TO_LIVE = { type: "Service", principalId: "dynamodb.amazonaws.com" };

/** An attribute for each type of column, some of which do not fit it. */
export const EVERYTHING: Item = {
  quantity: { N: "9223372036854775807" },
  weight: { N: "0.1" },
  gift: { BOOL: true },
  due: { S: "2026-02-29" },
  seal: { B: "AAEC" as unknown as Uint8Array },
  tags: { SS: ["urgent", "a"] },
  lines: {
    L: [
      { M: { sku: { S: "A1" }, price: { N: "9.95" }, marks: { L: [{ N: "1" }, { S: "two" }] } } },
      { M: { sku: { S: "B2" }, colour: { S: "red" } } },
    ],
  },
  address: { M: { City: { S: "Paris" }, Zip: { N: "75001" } } },
  counters: { M: { "a b": { N: "1" }, c: { NULL: true } } },
  extra: { M: { b: { BOOL: true }, a: { NS: ["10", "9.5"] } } },
  "note to self": { S: "line one\nline two" },
};

export const QUERIES: readonly string[] = [
  "SELECT user, book, rating, author, tags, _op, _unmapped FROM reviews ORDER BY user, book",
  "SELECT user, book, rating, author, tags, _op, _expired FROM reviews_history ORDER BY _version, dt",
  "SELECT user, book, author, tags FROM reviews_snapshots ORDER BY user, book",
  "SELECT * FROM orders ORDER BY customer, order_id",
  "SELECT * EXCLUDE (dt, hr) FROM orders_history ORDER BY _version",
  "SELECT order_id, total, ddb_export_timestamp FROM orders_snapshots ORDER BY order_id, ddb_export_timestamp",
  "SELECT lines[1].sku AS sku, address.city AS city, count(*) AS orders FROM orders GROUP BY ALL ORDER BY ALL",
  "SELECT * FROM customers ORDER BY customer",
  "SELECT * EXCLUDE (dt, hr) FROM customers_history ORDER BY _version",
  "SELECT * FROM visits ORDER BY id",
];

export function order(customer: string, number: number, placedSeconds: number | undefined, more: Item): Item {
  const placed: Item = placedSeconds === undefined ? {} : { placed: { N: String(placedSeconds) } };
  return { PK: { S: customer }, SK: { S: `ORDER#${number}` }, ...placed, ...more };
}

export function profile(customer: string, more: Item): Item {
  return { PK: { S: customer }, SK: { S: "PROFILE" }, ...more };
}

export function change(
  sequence: number,
  seconds: number,
  eventName: string,
  before: Item | undefined,
  after: Item | undefined,
): object {
  const { PK, SK } = (after ?? before) as Item;
  const dynamodb = {
    ApproximateCreationDateTime: seconds,
    Keys: { PK, SK },
    SequenceNumber: String(sequence),
    ...(before === undefined ? {} : { OldImage: before }),
    ...(after === undefined ? {} : { NewImage: after }),
  };
  return { eventName, dynamodb };
}

export const PROFILES: readonly Item[] = [
  profile("c1", { Email: { S: "ann@example.com" }, joined: { S: "2024-02-29" }, Legacy: { S: "x" } }),
  profile("c2", { Email: { N: "5" }, joined: { S: "not a date" }, Phone: { S: "+1 555 0100" } }),
  profile("c3", { joined: { S: "2025-12-31" } }),
  profile("c4", { Email: { S: "dan@example.com" } }),
];
export const ORDERS: readonly Item[] = [
  order("c1", 1, DAY_1, { total: { N: "19.90" }, ...EVERYTHING }),
  order("c1", 2, DAY_1 + 60, { total: { N: "0.123456789012345678901234567890" }, gift: { BOOL: false } }),
  order("c2", 3, DAY_2, { total: { N: "1234567890.12" }, quantity: { N: "9007199254740993" } }),
  order("c3", 4, undefined, { total: { N: "5" }, lines: { L: [] }, extra: { L: [{ N: "1.50" }] } }),
];
