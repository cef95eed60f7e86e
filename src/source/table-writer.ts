/** Writes items to a table, at a pace, many at a time, and gives back those that the service refuses. */
import { setMaxListeners } from "node:events";
import { BatchWriteItemCommand, type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { batchesOf } from "../core/batches-of.ts";
import type { Item } from "../core/values/attribute-value.ts";
import { itemText, readItem } from "../core/values/attribute-value.ts";
import { type KeySchema, keyHash, keyOf } from "../core/values/key.ts";
import { awsFailure } from "../sdk/aws-error.ts";
import { backoffMs, serviceBackoff, type Timing } from "../sdk/timing.ts";
import { pacedRead } from "./paced-read.ts";
import type { ReadPace } from "./read-pace.ts";
import type { SourcePlace } from "./source-error.ts";
import { writtenAnswer } from "./written-answer.ts";
import { withWrittenInput } from "./written-input.ts";

/** Source: "BatchWriteItem", docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html. */
const ITEMS_PER_CALL_MAX = 25;

export interface TableToWrite {
  readonly client: DynamoDBClient;
  readonly place: SourcePlace;
  readonly table: string;
  readonly key: KeySchema;
  /**
   * fresh: nothing else writes to the table, so that items are put in batches. keep: an item whose key is there stays. replace: it is
   * replaced.
   */
  readonly mode: "fresh" | "keep" | "replace";
  readonly pace: ReadPace;
  readonly timing: Timing;
  readonly signal: AbortSignal;
}

export interface PutItems {
  readonly written: number;
  /** Items whose keys were there already, in the mode "keep". */
  readonly kept: number;
  readonly refused: readonly RefusedItem[];
}

export interface RefusedItem {
  readonly item: Item;
  /** In the service's words, such as the type that a key of an index must have. */
  readonly reason: string;
}

/** Puts all items; resolves once each is written, kept or refused. Fails as reading a source does. */
export async function putItems(target: TableToWrite, items: readonly Item[]): Promise<PutItems> {
  const puts: Promise<PutItems>[] = [];
  // Each call that is under way listens to it, and Node would warn of a leak.
  setMaxListeners(0, target.signal);
  // breakage: batches-fit-the-pace
  const atOnce = Math.min(ITEMS_PER_CALL_MAX, target.pace.pageItemsMax() ?? ITEMS_PER_CALL_MAX);
  if (target.mode === "fresh") puts.push(...batchesOf(items, atOnce).map((batch) => putBatch(target, batch)));
  else puts.push(...items.map((item) => putOne(target, item)));
  const done = await Promise.all(puts);
  return {
    written: done.reduce((sum, { written }) => sum + written, 0),
    kept: done.reduce((sum, { kept }) => sum + kept, 0),
    refused: done.flatMap(({ refused }) => refused),
  };
}

/** The answer of BatchWriteItem. */
interface BatchAnswer {
  readonly UnprocessedItems?: Readonly<
    Record<string, readonly { readonly PutRequest: { readonly Item: unknown } }[]>
  >;
  readonly ConsumedCapacity?: readonly { readonly CapacityUnits?: number }[];
}

/** The answer of PutItem. */
interface PutAnswer {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

/** One item that the service refuses makes it refuse the whole batch: each is then put by itself. */
async function putBatch(target: TableToWrite, items: readonly Item[]): Promise<PutItems> {
  const { table, key, signal, timing } = target;
  let left = items;
  for (let fruitless = 0; left.length > 0; ) {
    const puts = left.map((item) => `{"PutRequest":{"Item":${itemText(item)}}}`).join(",");
    const json = `{"RequestItems":{${JSON.stringify(table)}:[${puts}]},"ReturnConsumedCapacity":"TOTAL"}`;
    const command = () =>
      withWrittenInput(new BatchWriteItemCommand({ RequestItems: { [table]: [] } }), json);
    const units = ({ ConsumedCapacity }: BatchAnswer) => ConsumedCapacity?.[0]?.CapacityUnits;
    const sent = await refusable(send(target, command, left.length, units));
    if ("reason" in sent) {
      const each = await Promise.all(left.map((item) => putOne(target, item)));
      const refused = each.flatMap((put) => put.refused);
      return { written: items.length - refused.length, kept: 0, refused };
    }
    const unprocessed = sent.answer?.UnprocessedItems?.[table] ?? [];
    const hashes = new Set(unprocessed.map(({ PutRequest }) => hashOf(key, readItem(PutRequest.Item))));
    // breakage: unprocessed-items-again
    const next = hashes.size === 0 ? [] : left.filter((item) => hashes.has(hashOf(key, item)));
    fruitless = next.length < left.length ? 0 : fruitless + 1;
    if (next.length > 0) await timing.sleep(backoffMs(serviceBackoff, fruitless + 1, timing), signal);
    left = next;
  }
  return { written: items.length, kept: 0, refused: [] };
}

async function putOne(target: TableToWrite, item: Item): Promise<PutItems> {
  const { table, key, mode } = target;
  const keeps = mode === "keep"; // breakage: restore-keeps-items
  const condition = keeps
    ? `,"ConditionExpression":"attribute_not_exists(#k)","ExpressionAttributeNames":{"#k":${JSON.stringify(key.hash)}}`
    : "";
  const json = `{"TableName":${JSON.stringify(table)},"Item":${itemText(item)},"ReturnConsumedCapacity":"TOTAL"${condition}}`;
  const command = () => withWrittenInput(new PutItemCommand({ TableName: table, Item: {} }), json);
  const units = ({ ConsumedCapacity }: PutAnswer) => ConsumedCapacity?.CapacityUnits;
  const sent = await refusable(send(target, command, 1, units));
  if (!("reason" in sent)) return { written: 1, kept: 0, refused: [] };
  if (sent.name === "ConditionalCheckFailedException") return { written: 0, kept: 1, refused: [] };
  return { written: 0, kept: 0, refused: [{ item, reason: sent.reason }] };
}

function hashOf(key: KeySchema, item: Item): string {
  return keyHash(keyOf(key, item) ?? []);
}

/** Sends the command at the pace, and again after a passing failure. */
function send<Answer extends object>(
  { client, place, table, pace, timing, signal }: TableToWrite,
  command: () => BatchWriteItemCommand | PutItemCommand,
  items: number,
  unitsOf: (answer: Answer) => number | undefined,
): Promise<Answer | undefined> {
  return pacedRead(
    pace,
    {
      call: { place, attempt: `write items to table "${table}"` },
      untilMs: Number.POSITIVE_INFINITY,
      signal,
      requireTime: () => signal.throwIfAborted(),
      send: (abortSignal) => {
        const sent = command() as PutItemCommand;
        return writtenAnswer<Answer>(sent, () => client.send(sent, { abortSignal }));
      },
      costOf: (answer) => ({ units: answer === undefined ? undefined : unitsOf(answer), items }),
    },
    timing,
  );
}

/** The failures that mean an item, and no other: the request is as it should be. */
const REFUSALS: ReadonlySet<string> = new Set([
  "ConditionalCheckFailedException",
  "ItemCollectionSizeLimitExceededException",
  "ValidationException",
]);

async function refusable<Answer>(
  sending: Promise<Answer>,
): Promise<{ readonly answer: Answer } | { readonly name: string; readonly reason: string }> {
  try {
    return { answer: await sending };
  } catch (error) {
    const { name, said = "" } = awsFailure((error as { readonly cause?: unknown }).cause ?? error);
    if (!REFUSALS.has(name)) throw error;
    return { name, reason: said };
  }
}
