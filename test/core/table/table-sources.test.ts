import { expect, test } from "@jest/globals";
import type { NamedSource } from "../../../src/core/change/named-source.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { knownSources, rememberKnownSource } from "../../../src/core/table/table-sources.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const arn = (table: string, region = "eu-central-1"): string =>
  `arn:aws:dynamodb:${region}:111122223333:table/${table}`;

const schemaOf = (source?: string) =>
  parseSchema(
    {
      table: "orders",
      ...(source && { source }),
      key: { hash: "id" },
      attributes: { id: { type: "string" } },
    },
    "test",
  );

async function othersOf(remembered: readonly NamedSource[], source?: string) {
  const store = new MemoryStore();
  for (const each of remembered) await rememberKnownSource(store, "orders", each);
  const sources = await knownSources(store, schemaOf(source), true);
  return (record: object) => sources?.otherSourceOf(record)?.table;
}

test("a record that names no source is the table's own", async () => {
  const other = await othersOf([{ table: "Orders", tableArn: arn("Orders") }]);
  expect(other({ dynamodb: {} })).toBeUndefined();
  expect(other({ eventSourceARN: "arn:aws:sqs:eu-central-1:111122223333:queue" })).toBeUndefined();
});

test("every source that the table was filled from counts, so that a restored table keeps its old recordings", async () => {
  const other = await othersOf([
    { table: "Orders", tableArn: arn("Orders") },
    { table: "OrdersRestored", tableArn: arn("OrdersRestored") },
  ]);
  expect(other({ eventSourceARN: `${arn("Orders")}/stream/2025-01-01T00:00:00.000` })).toBeUndefined();
  expect(other({ eventSourceARN: `${arn("OrdersRestored")}/stream/1764000000` })).toBeUndefined();
  expect(other({ tableName: "Orders" })).toBeUndefined();
  expect(other({ tableName: "Users" })).toBe("Users");
});

test("a table of the same name in another region is another table, whose sequence numbers mean nothing here", async () => {
  const other = await othersOf([{ table: "Orders", tableArn: arn("Orders") }], "Orders");
  expect(other({ eventSourceARN: `${arn("Orders", "us-west-2")}/stream/1` })).toBe("Orders");
});

test("a source of which only the name is known is known by its name", async () => {
  const other = await othersOf([{ table: "Orders" }]);
  expect(other({ eventSourceARN: `${arn("Orders", "us-west-2")}/stream/1` })).toBeUndefined();
});

test("a table of an older version has the source that its name was made of", async () => {
  const other = await othersOf([]);
  expect(other({ tableName: "Orders" })).toBeUndefined();
  expect(other({ tableName: "Users" })).toBe("Users");
});

test("an empty table has no source yet", async () => {
  expect(await knownSources(new MemoryStore(), schemaOf(), false)).toBeUndefined();
});
