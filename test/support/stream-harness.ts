/** A table for one test of the change source's suite, on any emulator. */
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  PutItemCommand,
  type StreamViewType,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import { connectSource, type SourceConnection } from "../../src/source/source-connection.ts";
import { streamSource } from "../../src/source/stream-source.ts";
import type { ChangeSourceHarness } from "../conformance/change-source.ts";

let tables = 0;

export async function streamHarness(connection: SourceConnection): Promise<ChangeSourceHarness> {
  const { client } = connection;
  const TableName = `Reviews-${++tables}`;
  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [
        { AttributeName: "User", KeyType: "HASH" },
        { AttributeName: "Book", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "User", AttributeType: "S" },
        { AttributeName: "Book", AttributeType: "S" },
      ],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  );
  // Nothing listens on port 1 of the loopback address.
  const nowhere = connectSource({ endpoint: "http://127.0.0.1:1" });
  return {
    source: streamSource(connection, TableName, { pollMs: 20, pollsPerSecondMax: 50 }),
    put: async (Item) => {
      await client.send(new PutItemCommand({ TableName, Item }));
    },
    putAll: async (items) => {
      for (let start = 0; start < items.length; start += 25) {
        const puts = items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
        await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }));
      }
    },
    remove: async (Key) => {
      await client.send(new DeleteItemCommand({ TableName, Key }));
    },
    replaceStream: async (viewType) => {
      const update = (StreamSpecification: { StreamEnabled: boolean; StreamViewType?: StreamViewType }) =>
        client.send(new UpdateTableCommand({ TableName, StreamSpecification }));
      await update({ StreamEnabled: false }).catch(() => undefined);
      if (viewType !== undefined)
        await update({ StreamEnabled: true, StreamViewType: viewType as StreamViewType });
    },
    missingTable: streamSource(connection, `${TableName}-missing`),
    unreachable: streamSource(nowhere, TableName),
    close: async () => {
      nowhere.close();
      await client.send(new DeleteTableCommand({ TableName }));
    },
  };
}
