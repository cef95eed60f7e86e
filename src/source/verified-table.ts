/** A source table as `verify` reads it: consistently, at the pace that it was given. */
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
import { backoffMs, serviceBackoff, systemTiming, type Timing } from "../sdk/timing.ts";
import { toItemJson } from "./attribute-json.ts";
import { describeSource, withinSeconds } from "./describe-source.ts";
import { ReadPace } from "./read-pace.ts";
import type { SourceConnection } from "./source-connection.ts";
import { isPassing, sourceError } from "./source-error.ts";
import { type PacedScanRequest, readUnitsPerSecond, scanPages } from "./table-scan.ts";

/** What BatchGetItem takes at once (AWS: its API reference). */
const KEYS_PER_CALL_MAX = 100;
const CALL_SECONDS_MAX = 60;
const OUTAGE_SECONDS_MAX = 60;

export type BatchGet = (input: BatchGetItemInput, signal: AbortSignal) => Promise<BatchGetItemOutput>;

export interface VerifiedTableRequest extends Pick<PacedScanRequest, "readShare" | "readUnitsPerSecond"> {
  readonly schema: Schema;
  readonly signal: AbortSignal;
}

export function verifiedTable(
  connection: Pick<SourceConnection, "tables" | "place"> & { readonly batchGet: BatchGet },
  request: VerifiedTableRequest,
  timing: Timing = systemTiming,
): VerifiedSource {
  const table = request.schema.source;
  let itemPace: Promise<ReadPace> | undefined;
  const madePace = async (): Promise<ReadPace> => {
    const source = await describeSource(connection, table);
    return new ReadPace(readUnitsPerSecond(source, request, connection.place), timing);
  };
  return {
    scan: async (take) => {
      // An eventually consistent read may show an item as it was: a change that the lake has lost would not be seen.
      const { schema, ...pace } = request;
      const scan: PacedScanRequest = { ...pace, table, reads: "consistent" };
      await scanPages(connection, scan, (items) => take(items.map((item) => itemOf(table, item))), timing);
    },
    items: async (keys) => {
      itemPace ??= madePace();
      const reader = new ItemReader(connection, request, await itemPace, timing);
      const found = new Map<string, Item>();
      for (let from = 0; from < keys.length; from += KEYS_PER_CALL_MAX) {
        for (const item of await reader.read(keys.slice(from, from + KEYS_PER_CALL_MAX))) {
          found.set(keyHash(keyOf(request.schema.key, item) ?? []), item);
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

function itemOf(table: string, item: Readonly<Record<string, AttributeValue>>): Item {
  try {
    return readItem(toItemJson(item));
  } catch (error) {
    if (!(error instanceof UnreadableValue)) throw error;
    const message = `an item of table "${table}" cannot be compared: ${error.message}`;
    throw new DynalakeError("SOURCE_FAILED", message, { cause: error });
  }
}

class ItemReader {
  readonly #connection: Pick<SourceConnection, "place"> & { readonly batchGet: BatchGet };
  readonly #request: VerifiedTableRequest;
  readonly #pace: ReadPace;
  readonly #timing: Timing;
  readonly #signal: AbortSignal;

  constructor(
    connection: Pick<SourceConnection, "place"> & { readonly batchGet: BatchGet },
    request: VerifiedTableRequest,
    pace: ReadPace,
    timing: Timing,
  ) {
    this.#connection = connection;
    this.#request = request;
    this.#pace = pace;
    this.#timing = timing;
    this.#signal = request.signal;
  }

  /** The items of at most 100 keys; what the service leaves out is asked for again. */
  async read(keys: readonly KeyValues[]): Promise<readonly Item[]> {
    const table = this.#request.schema.source;
    const names = keyAttributes(this.#request.schema.key);
    let left: Record<string, AttributeValue>[] = keys.map((key) =>
      Object.fromEntries(names.map((name, i) => [name, toSdk(key[i] as KeyValues[number])])),
    );
    const items: Item[] = [];
    for (let fruitless = 0; left.length > 0; ) {
      const answer = await this.#answer({
        RequestItems: { [table]: { Keys: left, ConsistentRead: true } },
        ReturnConsumedCapacity: "TOTAL",
      });
      const found = answer.Responses?.[table] ?? [];
      items.push(...found.map((item) => itemOf(table, item)));
      const next = answer.UnprocessedKeys?.[table]?.Keys ?? [];
      fruitless = next.length < left.length ? 0 : fruitless + 1;
      if (next.length > 0)
        await this.#timing.sleep(backoffMs(serviceBackoff, fruitless + 1, this.#timing), this.#signal);
      left = next;
    }
    return items;
  }

  /** What passes by itself is retried. */
  async #answer(input: BatchGetItemInput): Promise<BatchGetItemOutput> {
    const call = {
      place: this.#connection.place,
      attempt: `read items of table "${this.#request.schema.source}"`,
    };
    let failingSinceMs: number | undefined;
    for (let failures = 1; ; failures++) {
      const reserved = await this.#pace.reserve(Number.POSITIVE_INFINITY, this.#signal);
      if (this.#signal.aborted) throw new DynalakeError("INCOMPLETE", "the verification was interrupted");
      try {
        const answer = await withinSeconds(CALL_SECONDS_MAX, call, (deadline) =>
          this.#connection.batchGet(input, AbortSignal.any([deadline, this.#signal])),
        );
        const [consumed] = answer.ConsumedCapacity ?? [];
        const [items] = Object.values(answer.Responses ?? {});
        this.#pace.settle(reserved, {
          units: consumed?.CapacityUnits ?? reserved,
          items: items?.length ?? 0,
        });
        return answer;
      } catch (error) {
        this.#pace.settle(reserved, { units: 0, items: 0 });
        failingSinceMs ??= this.#timing.nowMs();
        const hopeless = this.#timing.nowMs() - failingSinceMs > OUTAGE_SECONDS_MAX * 1_000;
        if (hopeless || this.#signal.aborted || !isPassing(error)) throw sourceError(error, call);
        await this.#timing.sleep(backoffMs(serviceBackoff, failures, this.#timing), this.#signal);
      }
    }
  }
}

function toSdk(value: KeyValues[number]): AttributeValue {
  if ("S" in value) return { S: value.S };
  if ("N" in value) return { N: value.N };
  return { B: Buffer.from((value as { readonly B: string }).B, "base64") };
}
