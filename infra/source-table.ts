/** The source table as a deployment uses it, and the checks that it can be used. */
import { Annotations, Stack, Token } from "aws-cdk-lib";
import { CfnGlobalTable, CfnTable, type ITable } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { DynalakeError } from "../src/core/error.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import { type KeySchema, keyAttributes } from "../src/core/values/key.ts";
import { ownerOf, type TableOwner } from "./table-owner.ts";

export interface SourceTable {
  readonly tableArn: string;
  readonly streamArn: string;
  /** The KMS key that encrypts the table, unless it is DynamoDB's own. */
  readonly encryptionKeyArn?: string;
  /** Of a table of another account. */
  readonly owner?: TableOwner;
}

/** What is known about a table before it is used; undefined means unknown. */
export interface TableFacts {
  readonly name: string | undefined;
  readonly key: KeySchema | undefined;
  /** false if there is certainly no stream. */
  readonly streamViewType: string | false | undefined;
  readonly recoveryEnabled: boolean | undefined;
}

const NEW_IMAGES: ReadonlySet<string> = new Set(["NEW_IMAGE", "NEW_AND_OLD_IMAGES"]);

/**
 * The table as a source of the lake table. A table of this app is checked fully; only the ARNs of an imported one are known.
 * Throws STREAM_UNUSABLE, BACKUPS_OFF, SCHEMA_INVALID or USAGE.
 */
export function sourceOf(scope: Construct, { ownerRoleArn, table }: OwnedTable, schema: Schema): SourceTable {
  const owner = ownerOf(scope, table, { lakeTable: schema.table, roleArn: ownerRoleArn });
  requireUsable(factsOfDefinition(table), schema, definitionAdvice);
  const streamArn = table.tableStreamArn;
  if (streamArn === undefined) {
    throw new DynalakeError("STREAM_UNUSABLE", `the stream of the table for "${schema.table}" is unknown`, {
      next: `${definitionAdvice.stream} For an imported table, pass tableStreamArn.`,
    });
  }
  const encryptionKeyArn = table.encryptionKey?.keyArn;
  return {
    tableArn: table.tableArn,
    streamArn,
    ...(encryptionKeyArn === undefined ? {} : { encryptionKeyArn }),
    ...(owner === undefined ? {} : { owner }),
  };
}

/** A table, and the role of its owner if that is another account. */
interface OwnedTable {
  readonly table: ITable;
  readonly ownerRoleArn?: string;
}

/** Two readers can read a shard at the same time without throttling (AWS: DynamoDB developer guide, "Streams"). */
const READERS_MAX = 2;
const readersOf = new WeakMap<ITable, number>();

/** Warns if more lake tables read a stream than it supports. */
export function countReader(scope: Construct, table: ITable): void {
  const readers = (readersOf.get(table) ?? 0) + 1;
  readersOf.set(table, readers);
  if (readers <= READERS_MAX) return;
  Annotations.of(scope).addWarningV2(
    "dynalake:stream-readers",
    `${readers} lake tables read the stream of ${table.node.path}; with more than ${READERS_MAX}, DynamoDB throttles the readers`,
  );
}

/** The next step for a table that cannot be used. */
export interface Advice {
  readonly stream: string;
  readonly recovery: string;
}

const definitionAdvice: Advice = {
  stream: "Give the table a stream with NEW_AND_OLD_IMAGES.",
  recovery: "Enable point-in-time recovery for the table.",
};

/** Throws STREAM_UNUSABLE, BACKUPS_OFF, SCHEMA_INVALID or USAGE for a table that certainly cannot feed the lake table. */
export function requireUsable(facts: TableFacts, schema: Schema, advice: Advice): void {
  const name = facts.name === undefined ? `the table for "${schema.table}"` : `table "${facts.name}"`;
  requireNamed(facts, schema);
  requireKey(facts, schema, name);
  const { streamViewType } = facts;
  if (streamViewType === false)
    throw new DynalakeError("STREAM_UNUSABLE", `${name} has no stream`, { next: advice.stream });
  if (streamViewType !== undefined && !NEW_IMAGES.has(streamViewType)) {
    throw new DynalakeError(
      "STREAM_UNUSABLE",
      `the stream of ${name} has view type ${streamViewType}, without new images`,
      { next: advice.stream },
    );
  }
  if (facts.recoveryEnabled === false) {
    throw new DynalakeError("BACKUPS_OFF", `point-in-time recovery is off for ${name}`, {
      next: advice.recovery,
    });
  }
}

/** A schema file that names its source is only for that table: items of two tables must never mix. */
function requireNamed({ name }: TableFacts, schema: Schema): void {
  const named = schema.file.source;
  if (named === undefined || name === undefined || named === name) return;
  throw new DynalakeError("USAGE", `the schema of "${schema.table}" is for table "${named}", not "${name}"`, {
    next: `Use the schema file for "${name}", or correct "source" in this one.`,
  });
}

function requireKey({ key }: TableFacts, schema: Schema, name: string): void {
  if (key === undefined || (key.hash === schema.key.hash && key.range === schema.key.range)) return;
  const [has, says] = [key, schema.key].map((each) => keyAttributes(each).join(", "));
  throw new DynalakeError(
    "SCHEMA_INVALID",
    `the key of ${name} is ${has}, but the schema of "${schema.table}" says ${says}`,
    { next: 'Correct "key" in the schema file.' },
  );
}

/** The facts in the app's definition of the table; an imported table has none. */
function factsOfDefinition(table: ITable): TableFacts {
  const definition = table.node.defaultChild;
  if (definition instanceof CfnTable) return factsOfTable(definition);
  if (definition instanceof CfnGlobalTable) return factsOfGlobalTable(definition);
  return { name: undefined, key: undefined, streamViewType: undefined, recoveryEnabled: undefined };
}

interface Definition {
  readonly tableName?: string;
  readonly keySchema?: readonly { readonly attributeName: string; readonly keyType: string }[];
  readonly streamSpecification?: { readonly streamViewType?: string };
  readonly pointInTimeRecoverySpecification?: { readonly pointInTimeRecoveryEnabled?: boolean };
}

interface GlobalDefinition extends Definition {
  readonly replicas?: readonly (Definition & { readonly region: string })[];
}

function factsOfTable(table: CfnTable): TableFacts {
  const { tableName, keySchema, streamSpecification, pointInTimeRecoverySpecification } = table;
  return factsOf(
    Stack.of(table).resolve({
      tableName,
      keySchema,
      streamSpecification,
      pointInTimeRecoverySpecification,
    }) as Definition,
  );
}

/** Point-in-time recovery is set per replica; the replica in the lake's region is exported. */
function factsOfGlobalTable(table: CfnGlobalTable): TableFacts {
  const stack = Stack.of(table);
  const { tableName, keySchema, streamSpecification, replicas } = table;
  const own = stack.resolve({ tableName, keySchema, streamSpecification, replicas }) as GlobalDefinition;
  const region = stack.resolve(stack.region) as unknown;
  const isHere = (replica: { readonly region: unknown }): boolean =>
    JSON.stringify(replica.region) === JSON.stringify(region);
  const replica = own.replicas?.find(isHere) ?? own.replicas?.[0];
  const recovery = replica?.pointInTimeRecoverySpecification;
  return factsOf({
    ...own,
    ...(recovery === undefined ? {} : { pointInTimeRecoverySpecification: recovery }),
  });
}

function factsOf(definition: Definition): TableFacts {
  const attribute = (type: string): string | undefined =>
    definition.keySchema?.find(({ keyType }) => keyType === type)?.attributeName;
  const [hash, range] = [attribute("HASH"), attribute("RANGE")];
  const { tableName } = definition;
  return {
    name: typeof tableName === "string" && !Token.isUnresolved(tableName) ? tableName : undefined,
    key: hash === undefined ? undefined : { hash, ...(range === undefined ? {} : { range }) },
    streamViewType: definition.streamSpecification?.streamViewType ?? false,
    recoveryEnabled: definition.pointInTimeRecoverySpecification?.pointInTimeRecoveryEnabled === true,
  };
}
