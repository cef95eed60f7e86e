/** A source table on an emulator, for tests that write to it. */
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  PutItemCommand,
  ScanCommand,
  type StreamViewType,
  UpdateItemCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import { connectSource, type SourceConnection } from "../../src/source/source-connection.ts";
import { itemTexts } from "../support/cli.ts";

export type SourceItem = Readonly<Record<string, AttributeValue>>;

export class SourceTable {
  readonly name: string;
  readonly #client: SourceConnection["client"];

  private constructor(client: SourceConnection["client"], name: string) {
    this.#client = client;
    this.name = name;
  }

  /** Creates a table with the key `User` and `Book`, both strings. */
  static async create(
    connection: SourceConnection,
    name: string,
    view: StreamViewType | "no stream" = "NEW_AND_OLD_IMAGES",
  ): Promise<SourceTable> {
    await connection.client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [
          { AttributeName: "User", AttributeType: "S" },
          { AttributeName: "Book", AttributeType: "S" },
        ],
        KeySchema: [
          { AttributeName: "User", KeyType: "HASH" },
          { AttributeName: "Book", KeyType: "RANGE" },
        ],
        ...(view === "no stream"
          ? {}
          : { StreamSpecification: { StreamEnabled: true, StreamViewType: view } }),
      }),
    );
    return new SourceTable(connection.client, name);
  }

  /** An existing table. */
  static known(connection: SourceConnection, name: string): SourceTable {
    return new SourceTable(connection.client, name);
  }

  async enableStream(): Promise<void> {
    await this.#client.send(
      new UpdateTableCommand({
        TableName: this.name,
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
      }),
    );
  }

  async put(...items: readonly SourceItem[]): Promise<void> {
    for (const Item of items) await this.#client.send(new PutItemCommand({ TableName: this.name, Item }));
  }

  async update(user: string, book: string, attribute: string, value: AttributeValue): Promise<void> {
    await this.#client.send(
      new UpdateItemCommand({
        TableName: this.name,
        Key: { User: { S: user }, Book: { S: book } },
        UpdateExpression: "SET #name = :value",
        ExpressionAttributeNames: { "#name": attribute },
        ExpressionAttributeValues: { ":value": value },
      }),
    );
  }

  async remove(user: string, book: string): Promise<void> {
    const Key = { User: { S: user }, Book: { S: book } };
    await this.#client.send(new DeleteItemCommand({ TableName: this.name, Key }));
  }

  async drop(): Promise<void> {
    await this.#client.send(new DeleteTableCommand({ TableName: this.name }));
  }

  /** Every item, in the form of `lakeItems`. */
  async items(): Promise<readonly string[]> {
    const items: SourceItem[] = [];
    let start: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new ScanCommand({
          TableName: this.name,
          ConsistentRead: true,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      items.push(...((page.Items ?? []) as SourceItem[]));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return itemTexts(items as readonly Readonly<Record<string, unknown>>[]);
  }
}

/** Connects to an emulator; tests choose distinct table names. */
export function connectTo(endpoint: string): SourceConnection {
  return connectSource({ endpoint });
}
