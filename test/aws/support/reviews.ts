/** The Reviews table on the emulator, and its lake as people see it: through Athena. */
import {
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  type ScanCommandOutput,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { athenaItems } from "../../../src/aws/athena-items.ts";
import { type AwsLake, openAwsLake } from "../../../src/aws/aws-lake.ts";
import { type Deployment, readDeployments } from "../../../src/aws/deployment.ts";
import { itemText, readItem } from "../../../src/core/attribute-value.ts";
import { requireSchema } from "../../../src/core/lake-table.ts";
import type { AwsEmulator } from "./emulator.ts";

export type Review = Readonly<Record<string, { readonly S: string } | { readonly N: string }>>;

export class DeployedTable {
  readonly deployment: Deployment;
  readonly lake: AwsLake;
  readonly #dynamodb: DynamoDBClient;
  readonly #machines: SFNClient;

  constructor(emulator: AwsEmulator, deployment: Deployment) {
    this.deployment = deployment;
    this.lake = openAwsLake(deployment);
    this.#dynamodb = new DynamoDBClient(emulator.client);
    this.#machines = new SFNClient(emulator.client);
  }

  static async open(emulator: AwsEmulator, stack: string): Promise<DeployedTable> {
    // The adapters read the environment, as they do everywhere.
    Object.assign(process.env, emulator.environment);
    const clients = openAwsLake({ bucket: "", database: "", workGroup: "" }).clients;
    const [deployment] = await readDeployments(clients.cloudFormation, stack);
    clients.close();
    return new DeployedTable(emulator, deployment as Deployment);
  }

  async put(...items: readonly Review[]): Promise<void> {
    for (const Item of items)
      await this.#dynamodb.send(new PutItemCommand({ TableName: this.#source, Item: Item as never }));
  }

  async remove(...keys: readonly Review[]): Promise<void> {
    for (const Key of keys)
      await this.#dynamodb.send(new DeleteItemCommand({ TableName: this.#source, Key: Key as never }));
  }

  /** The table's items, by a scan, as sorted DynamoDB JSON. */
  async scanned(): Promise<readonly string[]> {
    const lines: string[] = [];
    let start: ScanCommandOutput["LastEvaluatedKey"];
    do {
      const page: ScanCommandOutput = await this.#dynamodb.send(
        new ScanCommand({ TableName: this.#source, ExclusiveStartKey: start, ConsistentRead: true }),
      );
      for (const item of page.Items ?? []) lines.push(itemText(readItem(item)));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return lines.sort();
  }

  /** The lake's items, by the newest manifest, as sorted DynamoDB JSON. */
  async items(): Promise<readonly string[]> {
    const schema = await requireSchema(this.lake.store, this.deployment.table);
    const lines: string[] = [];
    for await (const items of athenaItems(this.lake, schema))
      lines.push(...items.map((item) => itemText(item)));
    return lines.sort();
  }

  async rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.lake.engine.rows(sql);
  }

  /** Runs a machine to its end; what it ended with. */
  async run(
    machineArn: string,
    input: object,
  ): Promise<{ readonly status: string; readonly output: unknown }> {
    return this.ended(await this.start(machineArn, input));
  }

  async ended(executionArn: string): Promise<{ readonly status: string; readonly output: unknown }> {
    const ended = await until(`the execution ${executionArn} ends`, async () => {
      const told = await this.#machines.send(new DescribeExecutionCommand({ executionArn }));
      return told.status === "RUNNING" ? undefined : told;
    });
    const output =
      ended.output === undefined ? { error: ended.error, cause: ended.cause } : JSON.parse(ended.output);
    return { status: String(ended.status), output };
  }

  /** Starts a machine; the execution's ARN. */
  async start(machineArn: string, input: object): Promise<string> {
    const started = await this.#machines.send(
      new StartExecutionCommand({ stateMachineArn: machineArn, input: JSON.stringify(input) }),
    );
    return started.executionArn as string;
  }

  async executions(machineArn: string): Promise<readonly string[]> {
    const told = await this.#machines.send(new ListExecutionsCommand({ stateMachineArn: machineArn }));
    return (told.executions ?? []).map(({ executionArn }) => executionArn as string);
  }

  get #source(): string {
    return this.deployment.sourceTableArn.replace(/^.*\//, "");
  }

  close(): void {
    this.lake.close();
    this.#dynamodb.destroy();
    this.#machines.destroy();
  }
}

const ASK_EVERY_MS = 200;

/** Waits for an answer, with a bound; fails with what was waited for. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  secondsMax = 120,
): Promise<T> {
  const endMs = Date.now() + secondsMax * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > endMs) throw new Error(`${secondsMax} seconds were not enough until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
