/** The source table as a deployment needs it, and what makes one unusable. */
import { Annotations, Arn, ArnFormat, Stack, Token } from "aws-cdk-lib";
import { CfnGlobalTable, CfnTable, type ITable } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { DynalakeError } from "../src/core/error.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import { type KeySchema, keyAttributes } from "../src/core/values/key.ts";

export interface SourceTable {
  readonly tableArn: string;
  readonly streamArn: string;
  /** The key of its owner that encrypts it; absent for the keys of DynamoDB. */
  readonly encryptionKeyArn?: string;
}

/** What is known of a table before it is used; undefined where nothing tells. */
export interface TableFacts {
  readonly name: string | undefined;
  readonly key: KeySchema | undefined;
  /** false where there is surely none. */
  readonly streamViewType: string | false | undefined;
  readonly recoveryEnabled: boolean | undefined;
}

const NEW_IMAGES: ReadonlySet<string> = new Set(["NEW_IMAGE", "NEW_AND_OLD_IMAGES"]);

/**
 * The table as a source of the lake table. A table of this app is checked whole; of an imported one only its ARNs are known.
 * Throws STREAM_UNUSABLE, BACKUPS_OFF, SCHEMA_INVALID or USAGE.
 */
export function sourceOf(scope: Construct, table: ITable, schema: Schema): SourceTable {
  requireBeside(scope, table, schema);
  requireUsable(factsOfDefinition(table), schema, definitionAdvice);
  const streamArn = table.tableStreamArn;
  if (streamArn === undefined) {
    throw new DynalakeError(
      "STREAM_UNUSABLE",
      `the table for "${schema.table}" has no stream that is known`,
      {
        next: `${definitionAdvice.stream} For a table that is imported, give its tableStreamArn.`,
      },
    );
  }
  const encryptionKeyArn = table.encryptionKey?.keyArn;
  return {
    tableArn: table.tableArn,
    streamArn,
    ...(encryptionKeyArn === undefined ? {} : { encryptionKeyArn }),
  };
}

/**
 * Lambda reads streams of its own region, and the functions ask for the table by its name, which another account may have, too.
 * Throws USAGE.
 */
function requireBeside(scope: Construct, table: ITable, schema: Schema): void {
  const { tableArn } = table;
  const place = Token.isUnresolved(tableArn) ? table.env : Arn.split(tableArn, ArnFormat.SLASH_RESOURCE_NAME);
  const stack = Stack.of(scope);
  for (const what of ["region", "account"] as const) {
    const [theirs, ours] = [place[what], stack[what]];
    if (theirs === undefined || Token.isUnresolved(theirs) || Token.isUnresolved(ours) || theirs === ours)
      continue;
    throw new DynalakeError(
      "USAGE",
      `the table for "${schema.table}" lies in the ${what} ${theirs}, its lake table in ${ours}`,
      { next: `Deploy the lake and the lake table into the ${what} of the table.` },
    );
  }
}

/** DynamoDB lets two read a shard at the same time without throttling them (AWS: DynamoDB developer guide, "Streams"). */
const READERS_MAX = 2;
const readersOf = new WeakMap<ITable, number>();

/** Warns where more lake tables read one stream than it is made for. */
export function countReader(scope: Construct, table: ITable): void {
  const readers = (readersOf.get(table) ?? 0) + 1;
  readersOf.set(table, readers);
  if (readers <= READERS_MAX) return;
  Annotations.of(scope).addWarningV2(
    "dynalake:stream-readers",
    `${readers} lake tables read the stream of ${table.node.path}; from the third on its readers are throttled`,
  );
}

/** What its owner does about a table that cannot be used. */
export interface Advice {
  readonly stream: string;
  readonly recovery: string;
}

const definitionAdvice: Advice = {
  stream: "Define the table with the stream NEW_AND_OLD_IMAGES.",
  recovery: "Define the table with point-in-time recovery.",
};

/** Throws STREAM_UNUSABLE, BACKUPS_OFF, SCHEMA_INVALID or USAGE for a table that surely cannot feed the lake table. */
export function requireUsable(facts: TableFacts, schema: Schema, advice: Advice): void {
  const name = facts.name === undefined ? `the table for "${schema.table}"` : `the table "${facts.name}"`;
  requireNamed(facts, schema);
  requireKey(facts, schema, name);
  const { streamViewType } = facts;
  if (streamViewType === false)
    throw new DynalakeError("STREAM_UNUSABLE", `${name} has no stream`, { next: advice.stream });
  if (streamViewType !== undefined && !NEW_IMAGES.has(streamViewType)) {
    throw new DynalakeError(
      "STREAM_UNUSABLE",
      `the stream of ${name} has the view type ${streamViewType}, which carries no new images`,
      { next: advice.stream },
    );
  }
  if (facts.recoveryEnabled === false) {
    throw new DynalakeError("BACKUPS_OFF", `point-in-time recovery of ${name} is off`, {
      next: advice.recovery,
    });
  }
}

/** A schema file that names its source is meant for that one: items of two tables must never mix. */
function requireNamed({ name }: TableFacts, schema: Schema): void {
  const named = schema.file.source;
  if (named === undefined || name === undefined || named === name) return;
  throw new DynalakeError(
    "USAGE",
    `the schema of "${schema.table}" is for the table "${named}", not for "${name}"`,
    { next: 'Take the schema file of the table, or correct "source" in it.' },
  );
}

function requireKey({ key }: TableFacts, schema: Schema, name: string): void {
  if (key === undefined || (key.hash === schema.key.hash && key.range === schema.key.range)) return;
  const [has, says] = [key, schema.key].map((each) => keyAttributes(each).join(", "));
  throw new DynalakeError(
    "SCHEMA_INVALID",
    `the key of ${name} is ${has}; the schema of "${schema.table}" says ${says}`,
    { next: 'Correct "key" in the schema file.' },
  );
}

/** What the app's own definition of the table tells; nothing for an imported one. */
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

/** Recovery is a property of each replica; the one beside the lake is exported. */
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
