/** The doctor's items on their whole way: by the stream and by a snapshot, compared, and removed again. */
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import type { Deployment } from "../../aws/deployment.ts";
import { batchesOf } from "../../core/batches-of.ts";
import { burst, itemsOfEachType } from "../../core/doctor/doctor-items.ts";
import type { OwnSnapshot, WrittenFacts } from "../../core/doctor/judge-tries.ts";
import { DynalakeError } from "../../core/error.ts";
import { quoted } from "../../core/ports/dialect.ts";
import { type Item, itemText } from "../../core/values/attribute-value.ts";
import { awsError } from "../../sdk/aws-error.ts";
import { backoffMs, serviceBackoff, type Timing } from "../../sdk/timing.ts";
import type { OpenedStack } from "../open-stack.ts";
import { snapshotDeployment } from "../snapshot.ts";
import { verifyDeployment } from "../verify.ts";
import { arrivalSeconds, withinPatience } from "./patience.ts";
import { thenRemoved } from "./then-removed.ts";

export async function writeItems(
  stack: OpenedStack,
  deployment: Deployment,
  timing: Timing,
): Promise<WrittenFacts> {
  const { signal } = stack;
  const { engine } = stack.lakeOf(deployment);
  const items = [...itemsOfEachType(), ...burst()];
  const shown = async (): Promise<number> => {
    const [row] = await engine.rows(`SELECT count(*) AS rows FROM ${quoted(deployment.table)}`);
    return Number(row?.rows);
  };
  // Without a view, nothing is written.
  await shown();
  return thenRemoved(async () => {
    const puts = items.map((item) => ({ PutRequest: { Item: sdkItem(item) } }));
    await writeAll(stack.clients, deployment, puts, timing, signal);
    const patience = { seconds: arrivalSeconds(deployment), timing, signal };
    const arrived = await withinPatience(patience, async () =>
      (await shown()) < items.length ? undefined : true,
    );
    if (arrived === undefined) return { items: items.length, differences: undefined };
    const differences = await differencesOf(stack, deployment, timing);
    const snapshot = await snapshotOf(stack, deployment, timing);
    return { items: items.length, differences, ...(snapshot && { snapshot }) };
  }, [
    () => {
      const removals = items.map(({ Id }) => ({ DeleteRequest: { Key: sdkItem({ Id } as Item) } }));
      // An interrupt leaves none of them behind.
      return writeAll(stack.clients, deployment, removals, timing, new AbortController().signal);
    },
  ]);
}

async function differencesOf(stack: OpenedStack, deployment: Deployment, timing: Timing): Promise<number> {
  const options = { config: {}, namedMax: 0, timing, onProgress: () => undefined };
  const { different, extra, missing } = (await verifyDeployment(stack, deployment, options)).counts;
  return different + extra + missing;
}

/** Undefined if another one was first: the tick may take one at the same time. */
async function snapshotOf(
  stack: OpenedStack,
  deployment: Deployment,
  timing: Timing,
): Promise<OwnSnapshot | undefined> {
  const events = { onStarted: () => undefined, onProgress: () => undefined };
  try {
    const taken = await snapshotDeployment(stack, deployment, events);
    if (taken === undefined) return undefined;
    return { items: taken.items, differences: await differencesOf(stack, deployment, timing) };
  } catch (error) {
    if (error instanceof DynalakeError && error.code === "CONFLICT") return undefined;
    throw error;
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
