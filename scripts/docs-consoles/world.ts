/** The source tables of the consoles in the documents, and what happens to them between the commands. */
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";

type Item = NonNullable<PutItemCommandInput["Item"]>;

const ORDERS = 2_000;
const CUSTOMERS = ["ann", "bob", "cat", "dan", "eve"];
const STATUSES = ["placed", "paid", "shipped", "shipped"];

/** An order, whole in every run: prices and statuses follow from its number. */
function order(number: number): Item {
  const placed = new Date(Date.UTC(2026, 8, 1) + number * 3_600_000);
  return {
    OrderId: { S: `o-${number}` },
    Customer: { S: CUSTOMERS[number % CUSTOMERS.length] as string },
    Status: { S: STATUSES[number % STATUSES.length] as string },
    Total: { N: String((number * 37) % 200) },
    PlacedAt: { S: placed.toISOString() },
  };
}

/** Customers and their orders in one table: single-table design. */
function shopItems(): readonly Item[] {
  return Array.from({ length: 200 }, (_, customer): readonly Item[] => {
    const PK = { S: `CUSTOMER#${customer}` };
    const profile: Item = {
      PK,
      SK: { S: "PROFILE" },
      Kind: { S: "customer" },
      Name: { S: `Customer ${customer}` },
    };
    const orders = Array.from({ length: 4 }, (__, number): Item => {
      const Total = { N: `${customer % 50}.${10 + number}` };
      return { PK, SK: { S: `ORDER#${number}` }, Kind: { S: "order" }, Total };
    });
    return [profile, ...orders];
  }).flat();
}

/** What a comment above a console names. */
export const EVENTS: Readonly<Record<string, (client: DynamoDBClient) => Promise<void>>> = {
  tables: async (client) => {
    await createTable(client, "Orders", ["OrderId"]);
    await load(
      client,
      "Orders",
      Array.from({ length: ORDERS }, (_, number) => order(number)),
    );
    await createTable(client, "Shop", ["PK", "SK"]);
    await load(client, "Shop", shopItems());
  },
  "order-changes": async (client) => {
    for (const Status of ["paid", "shipped", "returned"]) await setStatus(client, "o-3", Status);
    await client.send(new DeleteItemCommand({ TableName: "Orders", Key: { OrderId: { S: "o-4" } } }));
  },
  "new-attribute": async (client) => {
    const Item = { ...order(ORDERS), Coupon: { S: "WELCOME" }, Total: { N: "19.99" } };
    await client.send(new PutItemCommand({ TableName: "Orders", Item }));
  },
};

async function createTable(client: DynamoDBClient, TableName: string, key: readonly string[]): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: key.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: key.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  );
}

/** A BatchWriteItem takes up to 25 items. */
async function load(client: DynamoDBClient, table: string, items: readonly Item[]): Promise<void> {
  for (let from = 0; from < items.length; from += 25) {
    const puts = items.slice(from, from + 25).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
  }
}

async function setStatus(client: DynamoDBClient, order: string, status: string): Promise<void> {
  await client.send(
    new UpdateItemCommand({
      TableName: "Orders",
      Key: { OrderId: { S: order } },
      UpdateExpression: "SET #status = :status",
      ExpressionAttributeNames: { "#status": "Status" },
      ExpressionAttributeValues: { ":status": { S: status } },
    }),
  );
}
