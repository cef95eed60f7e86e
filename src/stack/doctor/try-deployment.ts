/** The doctor's trials, on a source table and a lake table of its own, which it leaves empty. */
import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import type { TableInput } from "@aws-sdk/client-glue";
import type { AwsLake } from "../../aws/aws-lake.ts";
import { deliveredWithinSeconds } from "../../aws/aws-policy.ts";
import type { Deployment } from "../../aws/deployment.ts";
import { batchesOf } from "../../core/batches-of.ts";
import type { Examination } from "../../core/doctor/answer.ts";
import { burst, DOCTOR_TABLE, itemsOfEachType } from "../../core/doctor/doctor-items.ts";
import {
  judgeRace,
  judgeVersions,
  judgeWritten,
  type RaceFacts,
  type VersionFacts,
  type WrittenFacts,
} from "../../core/doctor/judge-tries.ts";
import { DynalakeError } from "../../core/error.ts";
import { quoted } from "../../core/ports/dialect.ts";
import { type Item, itemText } from "../../core/values/attribute-value.ts";
import { awsError } from "../../sdk/aws-error.ts";
import { backoffMs, serviceBackoff, systemTiming, type Timing } from "../../sdk/timing.ts";
import type { OpenedStack } from "../open-stack.ts";
import { verifyDeployment } from "../verify.ts";

/** Throws USAGE unless the table is a doctor's own. */
export function trialsOf(
  stack: OpenedStack,
  deployment: Deployment,
  timing: Timing = systemTiming,
): readonly Examination[] {
  // breakage: only-own-table-is-written
  if (deployment.table !== DOCTOR_TABLE) {
    throw new DynalakeError(
      "USAGE",
      `--write works only on the doctor's own table, not on "${deployment.table}"`,
      {
        next: "Deploy it with `npx cdk deploy --all -c doctor=true`, and use --stack DynalakeDoctor.",
      },
    );
  }
  const lake = stack.lakeOf(deployment);
  return [
    { doubts: ["conditional-create"], answers: async () => [judgeRace(await race(lake))] },
    {
      doubts: ["exact-casts"],
      answers: async () => [judgeWritten(await writeItems(stack, deployment, timing))],
    },
    {
      doubts: ["version-id"],
      answers: async () => {
        const facts = await updateTwice(lake);
        return facts === undefined ? [] : [judgeVersions(facts)];
      },
    },
  ];
}

const WRITERS = 8;

/** Objects of this folder are the doctor's. No lake table can have its name. */
const FOLDER = "_doctor/";

async function race({ store }: Pick<AwsLake, "store">): Promise<RaceFacts> {
  const path = `${FOLDER}${randomUUID()}`;
  const contents = Array.from({ length: WRITERS }, (_, i) => new TextEncoder().encode(`writer ${i}`));
  try {
    const outcomes = await Promise.all(contents.map((content) => store.create(path, content)));
    const winners = contents.filter((_, i) => outcomes[i] === "created");
    const found = new TextDecoder().decode(await store.read(path));
    return {
      writers: WRITERS,
      winners: winners.length,
      isWinners: winners.some((content) => new TextDecoder().decode(content) === found),
    };
  } finally {
    await store.remove([path]);
  }
}

/** Writes the doctor's view as it is, and once more with the version that it had. Undefined if there is no view yet. */
async function updateTwice({ engine }: Pick<AwsLake, "engine">): Promise<VersionFacts | undefined> {
  const view = await engine.catalog.table(DOCTOR_TABLE);
  if (view?.VersionId === undefined) return undefined;
  const input: TableInput = {
    Name: view.Name,
    TableType: view.TableType,
    Parameters: view.Parameters,
    StorageDescriptor: view.StorageDescriptor,
    PartitionKeys: view.PartitionKeys,
    ViewOriginalText: view.ViewOriginalText,
    ViewExpandedText: view.ViewExpandedText,
  };
  const present = await engine.catalog.updateTable(input, view.VersionId);
  return { present, old: await engine.catalog.updateTable(input, view.VersionId) };
}

/** What Firehose's buffers and Athena may take beside. */
const PATIENCE_SECONDS = 300;
const POLL_MS = 5_000;

async function writeItems(stack: OpenedStack, deployment: Deployment, timing: Timing): Promise<WrittenFacts> {
  const { signal } = stack;
  const { engine } = stack.lakeOf(deployment);
  const items = [...itemsOfEachType(), ...burst()];
  const shown = async (): Promise<number> => {
    const [row] = await engine.rows(`SELECT count(*) AS rows FROM ${quoted(deployment.table)}`);
    return Number(row?.rows);
  };
  // Without a view, nothing is written.
  await shown();
  const untilMs =
    timing.nowMs() + (deliveredWithinSeconds(deployment.bufferSeconds) + PATIENCE_SECONDS) * 1000;
  try {
    const puts = items.map((item) => ({ PutRequest: { Item: sdkItem(item) } }));
    await writeAll(stack.clients, deployment, puts, timing, signal);
    while ((await shown()) < items.length) {
      if (timing.nowMs() > untilMs) return { items: items.length, differences: 0, hasArrived: false };
      await timing.sleep(POLL_MS, signal);
    }
    const options = { config: {}, namedMax: 0, timing, onProgress: () => undefined };
    const { counts } = await verifyDeployment(stack, deployment, options);
    const { different, extra, missing } = counts;
    return { items: items.length, differences: different + extra + missing, hasArrived: true };
  } finally {
    const removals = items.map(({ Id }) => ({ DeleteRequest: { Key: sdkItem({ Id } as Item) } }));
    // An interrupt leaves none of them behind.
    await writeAll(stack.clients, deployment, removals, timing, new AbortController().signal);
  }
}

/** AWS: DynamoDB API reference, BatchWriteItem. */
const WRITTEN_AT_ONCE_MAX = 25;
/** About half a minute. */
const TRIES_MAX = 12;

async function writeAll(
  { dynamodb }: OpenedStack["clients"],
  { sourceTableArn }: Deployment,
  requests: readonly WriteRequest[],
  timing: Timing,
  signal: AbortSignal,
): Promise<void> {
  for (const batch of batchesOf(requests, WRITTEN_AT_ONCE_MAX)) {
    let left: WriteRequest[] | undefined = [...batch];
    for (let tries = 1; left !== undefined; tries++) {
      signal.throwIfAborted();
      if (tries > TRIES_MAX)
        throw new DynalakeError("THROTTLED", "DynamoDB takes no more of the doctor's items");
      left = await unprocessed(dynamodb, sourceTableArn, left);
      if (left !== undefined) await timing.sleep(backoffMs(serviceBackoff, tries, timing), signal);
    }
  }
}

async function unprocessed(
  dynamodb: DynamoDBClient,
  table: string,
  requests: WriteRequest[],
): Promise<WriteRequest[] | undefined> {
  const command = new BatchWriteItemCommand({ RequestItems: { [table]: requests } });
  const { UnprocessedItems = {} } = await dynamodb.send(command).catch((error: unknown) => {
    const attempt = "write the doctor's items";
    throw awsError(error, { service: "DynamoDB", attempt, otherwise: "SOURCE_FAILED" });
  });
  return Object.values(UnprocessedItems)[0];
}

/** With bytes in place of base64, as the SDK wants it. */
function sdkItem(item: Item): Record<string, AttributeValue> {
  return JSON.parse(itemText(item), (name, value: unknown) =>
    name === "B" && typeof value === "string" ? Buffer.from(value, "base64") : value,
  );
}
