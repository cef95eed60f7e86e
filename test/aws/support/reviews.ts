/** A table deployed to the emulator, and its lake as users see it, through Athena. */
import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  type ScanCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { DeleteTableCommand } from "@aws-sdk/client-glue";
import {
  type FunctionConfiguration,
  InvokeCommand,
  LambdaClient,
  paginateListFunctions,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import {
  DescribeExecutionCommand,
  paginateListExecutions,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { expect } from "@jest/globals";
import { type AwsLake, openAwsLake } from "../../../src/aws/aws-lake.ts";
import { SOURCE_HANDLERS } from "../../../src/aws/contracts/handlers.ts";
import { chosenDeployment, type Deployment, readDeployments } from "../../../src/aws/deployment.ts";
import { readMapping } from "../../../src/aws/event-source-mapping.ts";
import { s3Store } from "../../../src/aws/s3-store.ts";
import { changesFolder, failedBatchesFolder } from "../../../src/core/format/lake-path.ts";
import { wireRows } from "../../../src/core/overlay/lake-view.ts";
import type { WireValue } from "../../../src/core/row/encoding.ts";
import { rowCodec, toItem } from "../../../src/core/row/row.ts";
import { latestManifest } from "../../../src/core/table/commits.ts";
import { requireTable } from "../../../src/core/table/open-table.ts";
import { itemText, readItem } from "../../../src/core/values/attribute-value.ts";
import { toItemJson } from "../../../src/source/item-json.ts";
import type { AwsEmulator } from "./emulator.ts";

/** In the SDK's form. */
export type StoredItem = Readonly<Record<string, AttributeValue>>;

/** An item of the example or of a similar table. */
export type Review = StoredItem;

export interface Ended {
  readonly status: string;
  /** Its output, or its error and cause. */
  readonly output: unknown;
}

export interface MappingChange {
  readonly Enabled?: boolean;
  /** Retries before a failing batch is saved to the bucket. */
  readonly MaximumRetryAttempts?: number;
}

export type MachineKind = "snapshot" | "compaction";

export type Answered = { readonly answer: unknown } | { readonly error: string };

/** The limit of BatchWriteItem. */
const WRITTEN_AT_ONCE = 25;

export class DeployedTable {
  readonly deployment: Deployment;
  readonly lake: AwsLake;
  readonly #dynamodb: DynamoDBClient;
  readonly #functions: LambdaClient;
  readonly #machines: SFNClient;

  constructor(emulator: AwsEmulator, deployment: Deployment) {
    this.deployment = deployment;
    this.lake = openAwsLake(deployment);
    this.#dynamodb = new DynamoDBClient(emulator.client);
    this.#functions = new LambdaClient(emulator.client);
    this.#machines = new SFNClient(emulator.client);
  }

  /** The stack's only table, unless one is named. */
  static async open(emulator: AwsEmulator, stack: string, table?: string): Promise<DeployedTable> {
    // The adapters read their settings from the environment.
    Object.assign(process.env, emulator.environment);
    const clients = openAwsLake({ bucket: "", database: "", workGroup: "" }).clients;
    const { cloudFormation, s3: client } = clients;
    const storeOf = (bucket: string) => s3Store({ client, bucket });
    const deployments = await readDeployments({ cloudFormation, storeOf }, stack);
    clients.close();
    return new DeployedTable(emulator, chosenDeployment(deployments, table));
  }

  async put(...items: readonly StoredItem[]): Promise<void> {
    for (const Item of items) await this.#dynamodb.send(new PutItemCommand({ TableName: this.source, Item }));
  }

  /** Puts items with distinct keys, in any order. */
  async putMany(items: readonly StoredItem[]): Promise<void> {
    for (let at = 0; at < items.length; at += WRITTEN_AT_ONCE) {
      const requests = items.slice(at, at + WRITTEN_AT_ONCE).map((Item) => ({ PutRequest: { Item } }));
      const { UnprocessedItems = {} } = await this.#dynamodb.send(
        new BatchWriteItemCommand({ RequestItems: { [this.source]: requests } }),
      );
      expect(UnprocessedItems).toEqual({});
    }
  }

  async remove(...keys: readonly StoredItem[]): Promise<void> {
    for (const Key of keys) await this.#dynamodb.send(new DeleteItemCommand({ TableName: this.source, Key }));
  }

  /** The table's items, or those of another one, from a scan, as sorted DynamoDB JSON. */
  async scanned(table: string = this.source): Promise<readonly string[]> {
    const lines: string[] = [];
    let start: ScanCommandOutput["LastEvaluatedKey"];
    do {
      const page: ScanCommandOutput = await this.#dynamodb.send(
        new ScanCommand({ TableName: table, ExclusiveStartKey: start, ConsistentRead: true }),
      );
      for (const item of page.Items ?? []) lines.push(itemText(readItem(toItemJson(item))));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return lines.sort();
  }

  /** The items in the view `<table>`, as sorted DynamoDB JSON. */
  async items(): Promise<readonly string[]> {
    const { engine, store } = this.lake;
    const { table } = this.deployment;
    const schema = (await requireTable(store, table)).schema;
    const codec = rowCodec(schema);
    const sql = wireRows(engine, schema, { name: table, sql: `SELECT * FROM "${table}"` });
    const lines: string[] = [];
    for await (const { rows } of engine.statements.pages(await engine.statements.run(sql)))
      for (const row of rows) {
        const unmapped = (row.at(-1) ?? null) as string | null;
        lines.push(itemText(toItem(codec, { values: row.slice(0, -1) as WireValue[], unmapped })));
      }
    return lines.sort();
  }

  /** Waits until the view has the items of the table, because changes take a moment to arrive. Fails with the difference. */
  async becomesEqual(secondsMax = 60): Promise<void> {
    const expected = await this.scanned();
    let shown: readonly string[] = [];
    await until(
      `${this.deployment.table} has the table's items`,
      async () => {
        shown = await this.items();
        return JSON.stringify(shown) === JSON.stringify(expected) ? true : undefined;
      },
      secondsMax,
    ).catch(() => expect(shown).toEqual(expected));
  }

  async rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.lake.engine.rows(sql);
  }

  /** Makes one change and waits until it is in the change log. */
  async delivered(change: () => Promise<void>): Promise<void> {
    const { store } = this.lake;
    const folder = changesFolder(this.deployment.table);
    const before = (await store.list(folder)).length;
    await change();
    await until("the change is delivered", async () =>
      (await store.list(folder)).length > before ? true : undefined,
    );
  }

  /** Waits for the first snapshot, which starts automatically. */
  async seeded(): Promise<void> {
    const { store } = this.lake;
    const { table } = this.deployment;
    await until("the first snapshot is there", async () =>
      (await latestManifest(store, table)).snapshots.length > 0 ? true : undefined,
    );
    await this.idle();
    const [first] = await this.ends("snapshot");
    expect(first).toMatchObject({ status: "SUCCEEDED", output: { outcome: "committed" } });
  }

  /** Waits until no execution works on the table. */
  async idle(): Promise<void> {
    for (const kind of ["snapshot", "compaction"] as const) await this.ends(kind);
  }

  async compacted(input: object = { scope: "all", settleSeconds: 0 }): Promise<Ended> {
    return this.run("compaction", input);
  }

  /** Repeats the query until the work is done. Returns the work's result and all distinct answers. */
  async askDuring<T>(
    sql: string,
    work: Promise<T>,
  ): Promise<{ readonly ended: T; readonly answers: unknown[] }> {
    const answers = new Map<string, unknown>();
    let isDone = false;
    const asking = (async () => {
      while (!isDone) {
        const rows = await this.rows(sql);
        answers.set(JSON.stringify(rows), rows);
      }
    })();
    const ended = await work.finally(() => {
      isDone = true;
    });
    await asking;
    return { ended, answers: [...answers.values()] };
  }

  /** A function of its lake or of its source. */
  async functionOf(handler: string): Promise<FunctionConfiguration> {
    const isOfSource = (SOURCE_HANDLERS as readonly string[]).includes(handler);
    const owner = isOfSource ? this.deployment.source : this.deployment.database;
    const wanted = `dynalake ${owner}: ${handler}`;
    for await (const { Functions = [] } of paginateListFunctions({ client: this.#functions }, {})) {
      const found = Functions.find(({ Description }) => Description === wanted);
      if (found !== undefined) return found;
    }
    throw new Error(`function "${wanted}" does not exist`);
  }

  /** Makes the next run of the function start in a new instance, with these variables added. */
  async renew(handler: string, variables: Readonly<Record<string, string>> = {}): Promise<void> {
    const { Environment, FunctionName } = await this.functionOf(handler);
    const Variables = { ...Environment?.Variables, ...variables, RENEWED: randomUUID() };
    await this.#functions.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }),
    );
  }

  /** The batches that failed for good, as events in the form of docs/aws.md. */
  async failedBatches(): Promise<readonly { readonly Records: readonly unknown[] }[]> {
    const { store } = this.lake;
    const objects = await store.list(failedBatchesFolder(this.deployment.eventSourceMapping));
    return Promise.all(
      objects.map(async ({ path }) => {
        const { payload } = JSON.parse(new TextDecoder().decode(await store.read(path))) as {
          readonly payload: unknown;
        };
        return typeof payload === "string" ? JSON.parse(payload) : payload;
      }),
    );
  }

  /** Changes the event source mapping of the stream. */
  async changeMapping(change: MappingChange): Promise<void> {
    const UUID = this.deployment.eventSourceMapping;
    await this.#functions.send(new UpdateEventSourceMappingCommand({ UUID, ...change }));
  }

  /** What Lambda says of its last try to read the stream and to run the function: "OK", or a problem. */
  async lastResult(): Promise<string | undefined> {
    const { eventSourceMapping } = this.deployment;
    return (await readMapping(this.#functions, eventSourceMapping)).LastProcessingResult;
  }

  /** Removes a table or a view from the catalog. */
  async dropTable(Name: string): Promise<void> {
    const { database } = this.deployment;
    await this.lake.clients.glue.send(new DeleteTableCommand({ DatabaseName: database, Name }));
  }

  /** Runs one of its functions. Returns its answer or the name of its error. */
  async invoke(handler: string, event: unknown): Promise<Answered> {
    return (await this.invokeLogged(handler, event)).said;
  }

  /** With the last 4 KB of what the function has logged. */
  async invokeLogged(
    handler: string,
    event: unknown,
  ): Promise<{ readonly said: Answered; readonly log: string }> {
    const { FunctionName } = await this.functionOf(handler);
    const { FunctionError, LogResult, Payload } = await this.#functions.send(
      new InvokeCommand({ FunctionName, LogType: "Tail", Payload: JSON.stringify(event) }),
    );
    const answer: unknown = JSON.parse(Payload?.transformToString() ?? "null");
    const said =
      FunctionError === undefined
        ? { answer }
        : { error: (answer as { readonly errorType?: string }).errorType ?? FunctionError };
    return { said, log: Buffer.from(LogResult ?? "", "base64").toString() };
  }

  /** Runs a machine on the table to its end. */
  async run(kind: MachineKind, input: object = {}): Promise<Ended> {
    return this.ended(await this.start(kind, input));
  }

  async ended(executionArn: string): Promise<Ended> {
    const ended = await until(`the execution ${executionArn} ends`, async () => {
      const told = await this.#machines.send(new DescribeExecutionCommand({ executionArn }));
      return told.status === "RUNNING" ? undefined : told;
    });
    const output =
      ended.output === undefined ? { error: ended.error, cause: ended.cause } : JSON.parse(ended.output);
    return { status: String(ended.status), output };
  }

  /** How the table's executions of the machine ended, newest first. Waits for running ones. */
  async ends(kind: MachineKind): Promise<readonly Ended[]> {
    const ends: Ended[] = [];
    for (const execution of await this.executions(kind)) ends.push(await this.ended(execution));
    return ends;
  }

  /** Starts a machine on the table and returns the execution's ARN. */
  async start(kind: MachineKind, input: object = {}): Promise<string> {
    const { table } = this.deployment;
    const stateMachineArn = this.machineArn(kind);
    const command = new StartExecutionCommand({
      stateMachineArn,
      input: JSON.stringify({ table, ...input }),
    });
    return (await this.#machines.send(command)).executionArn as string;
  }

  /** Those that work on the table, newest first. */
  async executions(kind: MachineKind): Promise<readonly string[]> {
    const stateMachineArn = this.machineArn(kind);
    const own: string[] = [];
    for await (const { executions = [] } of paginateListExecutions(
      { client: this.#machines },
      { stateMachineArn },
    )) {
      for (const { executionArn = "" } of executions) {
        const { input = "{}" } = await this.#machines.send(new DescribeExecutionCommand({ executionArn }));
        if ((JSON.parse(input) as { readonly table?: string }).table === this.deployment.table)
          own.push(executionArn);
      }
    }
    return own;
  }

  machineArn(kind: MachineKind): string {
    const { compactionMachineArn, snapshotMachineArn } = this.deployment;
    return kind === "snapshot" ? snapshotMachineArn : compactionMachineArn;
  }

  /** The name of the source table. */
  get source(): string {
    return this.deployment.sourceTableArn.replace(/^.*\//, "");
  }

  close(): void {
    this.lake.close();
    this.#dynamodb.destroy();
    this.#functions.destroy();
    this.#machines.destroy();
  }
}

const ASK_EVERY_MS = 200;

/** Waits for a result, with a time limit. Fails with the name of what was expected. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  secondsMax = 120,
): Promise<T> {
  const endMs = Date.now() + secondsMax * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > endMs) throw new Error(`timed out after ${secondsMax} s, waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
