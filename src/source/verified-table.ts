/** A source table as `verify` reads it: consistently, at the requested pace. */
import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemInput,
  type BatchGetItemOutput,
} from "@aws-sdk/client-dynamodb";
import { DynalakeError } from "../core/error.ts";
import type { KeyValues, VerifiedSource } from "../core/ports/verified.ts";
import type { Schema } from "../core/schema/schema.ts";
import { type Item, readItem, UnreadableValue } from "../core/values/attribute-value.ts";
import { keyAttributes, keyHash, keyOf } from "../core/values/key.ts";
import { itemInHand } from "../core/verify/scanned-item.ts";
import { backoffMs, serviceBackoff, systemTiming, type Timing } from "../sdk/timing.ts";
import { describeSource } from "./describe-source.ts";
import { toItemJson, toSdkAttribute } from "./item-json.ts";
import { pacedRead } from "./paced-read.ts";
import { paceOf, type ReadLimits, type ReadPace } from "./read-pace.ts";
import type { WrittenItem } from "./scan-page.ts";
import { scanPages } from "./scan-pages.ts";
import type { SourceConnection } from "./source-connection.ts";

/** Source: "BatchGetItem", docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html. */
const KEYS_PER_CALL_MAX = 100;

export type BatchGet = (input: BatchGetItemInput, signal: AbortSignal) => Promise<BatchGetItemOutput>;

type VerifiedConnection = Pick<SourceConnection, "tables" | "place"> & { readonly batchGet: BatchGet };

export interface VerifiedTableRequest extends ReadLimits {
  readonly schema: Schema;
  /** The ARN of a table of another account: a name means one of the caller's. Default: the schema's source. */
  readonly tableArn?: string;
  readonly signal: AbortSignal;
}

/** Reads fail as those of `scanPages` do. */
export function verifiedTable(
  connection: VerifiedConnection,
  request: VerifiedTableRequest,
  timing: Timing = systemTiming,
): VerifiedSource {
  const { schema, signal, tableArn, ...limits } = request;
  const table = tableArn ?? schema.source; // breakage: foreign-tables-are-verified-by-arn
  let itemPace: Promise<ReadPace> | undefined;
  const newPace = async (): Promise<ReadPace> =>
    paceOf(await describeSource(connection, table), limits, connection.place, timing);
  return {
    scan: async (take) => {
      // An eventually consistent read may return an old item, which would hide a change that the lake has lost.
      // breakage: verify-reads-consistently
      const scan = { ...limits, signal, table, reads: "consistent" } as const;
      const takeWritten = (items: readonly WrittenItem[]): Promise<void> =>
        take(items.map((item) => itemInHand(itemOf(table, item))));
      await scanPages(connection, scan, takeWritten, timing);
    },
    items: async (keys) => {
      itemPace ??= newPace();
      const reader = new ItemReader(connection, { schema, signal, table }, await itemPace, timing);
      const found = new Map<string, Item>();
      for (let from = 0; from < keys.length; from += KEYS_PER_CALL_MAX) {
        for (const item of await reader.read(keys.slice(from, from + KEYS_PER_CALL_MAX))) {
          found.set(keyHash(keyOf(schema.key, item) ?? []), item);
        }
      }
      return keys.map((key) => found.get(keyHash(key)));
    },
  };
}

/** BatchGetItem of a connection. */
export function batchGetOf(connection: Pick<SourceConnection, "client">): BatchGet {
  return (input, abortSignal) => connection.client.send(new BatchGetItemCommand(input), { abortSignal });
}

/** The item that its DynamoDB JSON means. */
function itemOf(table: string, written: WrittenItem): Item {
  try {
    return readItem(written);
  } catch (error) {
    if (!(error instanceof UnreadableValue)) throw error;
    const message = `cannot compare an item of table "${table}": ${error.message}`;
    throw new DynalakeError("SOURCE_FAILED", message, { cause: error });
  }
}

interface ReadItems extends Pick<VerifiedTableRequest, "schema" | "signal"> {
  /** By its name or ARN. */
  readonly table: string;
}

class ItemReader {
  readonly #connection: VerifiedConnection;
  readonly #schema: Schema;
  readonly #table: string;
  readonly #signal: AbortSignal;
  readonly #pace: ReadPace;
  readonly #timing: Timing;

  constructor(
    connection: VerifiedConnection,
    { schema, signal, table }: ReadItems,
    pace: ReadPace,
    timing: Timing,
  ) {
    this.#connection = connection;
    this.#schema = schema;
    this.#table = table;
    this.#signal = signal;
    this.#pace = pace;
    this.#timing = timing;
  }

  /** The items of at most 100 keys. Keys that the service leaves unprocessed are requested again. */
  async read(keys: readonly KeyValues[]): Promise<readonly Item[]> {
    const table = this.#table;
    const names = keyAttributes(this.#schema.key);
    let left: Record<string, AttributeValue>[] = keys.map((key) =>
      Object.fromEntries(names.map((name, i) => [name, toSdkAttribute(key[i] as KeyValues[number])])),
    );
    const items: Item[] = [];
    for (let fruitless = 0; left.length > 0; ) {
      const answer = await this.#batchGet({
        RequestItems: { [table]: { Keys: left, ConsistentRead: true } },
        ReturnConsumedCapacity: "TOTAL",
      });
      const found = answer.Responses?.[table] ?? [];
      items.push(...found.map((item) => itemOf(table, toItemJson(item))));
      const next = answer.UnprocessedKeys?.[table]?.Keys ?? [];
      fruitless = next.length < left.length ? 0 : fruitless + 1;
      if (next.length > 0)
        await this.#timing.sleep(backoffMs(serviceBackoff, fruitless + 1, this.#timing), this.#signal);
      left = next;
    }
    return items;
  }

  #batchGet(input: BatchGetItemInput): Promise<BatchGetItemOutput> {
    const read = {
      call: { place: this.#connection.place, attempt: `read items of table "${this.#schema.source}"` },
      untilMs: Number.POSITIVE_INFINITY,
      signal: this.#signal,
      requireTime: () => {
        if (this.#signal.aborted) throw new DynalakeError("INCOMPLETE", "the verification was interrupted");
      },
      send: (signal: AbortSignal) => this.#connection.batchGet(input, signal),
      costOf: (answer: BatchGetItemOutput) => ({
        units: answer.ConsumedCapacity?.[0]?.CapacityUnits,
        items: Object.values(answer.Responses ?? {})[0]?.length ?? 0,
      }),
    };
    return pacedRead(this.#pace, read, this.#timing);
  }
}
