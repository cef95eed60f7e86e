/**
 * The deployment that most test files use: the example and some existing tables, deployed to the shared emulator once per run,
 * with the command in docs/aws.md. Each file has its own table.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
} from "@aws-sdk/client-dynamodb";
import type { SchemaFile } from "../../../src/core/schema/schema.ts";
import { deployStacks } from "./deploy.ts";
import { type AwsEmulator, sharedEmulator, startEmulator } from "./emulator.ts";
import { once } from "./once.ts";
import { DeployedTable } from "./reviews.ts";

export interface WorldTable {
  readonly schema: SchemaFile;
  readonly hash: "S" | "N";
  readonly range?: "S" | "B";
}

const review: Omit<SchemaFile, "table" | "source"> = {
  key: { hash: "User", range: "Book" },
  attributes: {
    User: { type: "string" },
    Book: { type: "string" },
    Rating: { type: "int" },
    Author: { type: "string" },
  },
};

/** Names that SQL could misread. */
export const ODD = {
  hash: "select",
  range: 'it\'s "the" `key` of ключ; --',
} as const;

type OwnTable = "mortal" | "guarded" | "proved" | "watched" | "odd" | "wide" | "examined";

export const WORLD_TABLES: Readonly<Record<OwnTable, WorldTable>> = {
  /** Its compactions die. */
  mortal: { schema: { ...review, table: "mortal", source: "Mortal" }, hash: "S", range: "S" },
  /** Its functions lose their permissions. */
  guarded: {
    schema: {
      ...review,
      table: "guarded",
      source: "Guarded",
      partitionBy: "identity(author)",
      evolve: "types",
    },
    hash: "S",
    range: "S",
  },
  /** It is compared with its source. */
  proved: { schema: { ...review, table: "proved", source: "Proved" }, hash: "S", range: "S" },
  /** A doctor examines it. */
  examined: { schema: { ...review, table: "examined", source: "Examined" }, hash: "S", range: "S" },
  /** Its stream is not read for a while. */
  watched: { schema: { ...review, table: "watched", source: "Watched" }, hash: "S", range: "S" },
  odd: {
    schema: {
      table: "odd",
      source: "Odd.Things-1",
      key: { hash: ODD.hash, range: ODD.range },
      attributes: {
        [ODD.hash]: { type: "decimal(38,9)", name: "select" },
        [ODD.range]: { type: "binary", name: "range_key" },
        from: { type: "string", name: "from" },
        "order by": { type: "int", name: "order_by" },
        "O'Brien": { type: "string", name: "o_brien" },
        'say "hi"': { type: "map<string,string>", name: "said" },
        "`back`": { type: "array<string>", name: "table" },
        "größe 📏": { type: "double", name: "groesse" },
        "'; DROP TABLE reviews; --": { type: "boolean", name: "null" },
      },
    },
    hash: "N",
    range: "B",
  },
  wide: {
    schema: {
      table: "wide",
      source: "Wide",
      key: { hash: "Id" },
      partitionBy: "bucket(130)",
      attributes: { Id: { type: "string" }, N: { type: "int" } },
    },
    hash: "S",
  },
};

export type WorldTableName = Exclude<OwnTable, "guarded"> | "reviews";

/** The shared emulator with everything deployed, and one of its tables. */
export async function openWorld<const Names extends readonly WorldTableName[]>(
  ...names: Names
): Promise<{
  readonly emulator: AwsEmulator;
  readonly tables: Readonly<Record<Names[number], DeployedTable>>;
}> {
  const emulator = await sharedEmulator();
  await once(emulator.folder, "world", () => deployWorld(emulator));
  const entries = names.map(
    async (name) => [name, await DeployedTable.open(emulator, stackOf(name))] as const,
  );
  return { emulator, tables: Object.fromEntries(await Promise.all(entries)) as never };
}

function stackOf(name: string): string {
  return `Dynalake${name[0]?.toUpperCase()}${name.slice(1)}`;
}

async function deployWorld(emulator: AwsEmulator): Promise<boolean> {
  const { guarded: _, ...tables } = WORLD_TABLES;
  await deployTables(emulator, tables, true);
  return true;
}

/** An emulator with this table alone: its tests change what tables share. */
export async function openAlone(
  name: OwnTable,
): Promise<{ readonly emulator: AwsEmulator; readonly table: DeployedTable }> {
  const emulator = await startEmulator({ iam: true });
  try {
    await deployTables(emulator, { [name]: WORLD_TABLES[name] }, false);
    return { emulator, table: await DeployedTable.open(emulator, stackOf(name)) };
  } catch (error) {
    await emulator.stop();
    throw error;
  }
}

/** Creates the source tables, and deploys them with their lake. */
async function deployTables(
  emulator: AwsEmulator,
  tables: Readonly<Record<string, WorldTable>>,
  example: boolean,
): Promise<void> {
  const folder = join(emulator.folder, "schemas");
  await mkdir(folder);
  const dynamodb = new DynamoDBClient(emulator.client);
  const entries: unknown[] = [];
  for (const [name, table] of Object.entries(tables)) {
    const { schema } = table;
    await dynamodb.send(new CreateTableCommand(tableInput(table)));
    await dynamodb.send(
      new UpdateContinuousBackupsCommand({
        TableName: schema.source,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    );
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(schema));
    entries.push({ table: schema.source, schema: file });
  }
  dynamodb.destroy();
  const exports = JSON.stringify(entries);
  const context = { exports, example: String(example), doctor: String(example), readers: '["analysts"]' };
  await deployStacks(emulator, { app: "node_modules/.bin/tsx infra/app.ts", context });
}

function tableInput({ schema, hash, range }: WorldTable): CreateTableCommandInput {
  const key = [
    { name: schema.key.hash, AttributeType: hash, KeyType: "HASH" as const },
    ...(range === undefined
      ? []
      : [{ name: schema.key.range ?? "", AttributeType: range, KeyType: "RANGE" as const }]),
  ];
  return {
    TableName: schema.source,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: key.map(({ name, AttributeType }) => ({ AttributeName: name, AttributeType })),
    KeySchema: key.map(({ name, KeyType }) => ({ AttributeName: name, KeyType })),
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  };
}
