/** A model of a DynamoDB table and its streams: shards split and close, and records are trimmed after a day. */
import type { Item } from "../../src/core/values/attribute-value.ts";
import { evolvingAttributes } from "./evolving-item.ts";

export interface ModelChange {
  readonly key: number;
  readonly sequence: number;
  /** By the clock of the host that took the write. The clocks of two hosts differ. */
  readonly timeSeconds: number;
  /** When the change was really made. */
  readonly realSeconds: number;
  readonly operation: "INSERT" | "MODIFY" | "REMOVE";
  /** The value of the item after the change. */
  readonly value: string | undefined;
  /** And before it. */
  readonly last: string | undefined;
  readonly expired: boolean;
}

/** A record that cannot become a change. */
export interface Junk {
  readonly junk: number;
  readonly realSeconds: number;
}

export type ModelRecord = ModelChange | Junk;

export function isJunk(record: ModelRecord): record is Junk {
  return "junk" in record;
}

export interface ModelShard {
  readonly id: string;
  readonly parent: string | undefined;
  /** The hashes of its keys: from here, */
  readonly from: number;
  /** to just below here. */
  readonly below: number;
  readonly records: ModelRecord[];
  /** How many of the oldest records are gone. */
  trimmed: number;
  closedAtSeconds: number | undefined;
  /** No longer listed. */
  expired: boolean;
}

export interface ModelStream {
  readonly arn: string;
  readonly createdAtSeconds: number;
  /** Undefined while the table writes to it. */
  disabledAtSeconds: number | undefined;
  readonly shards: ModelShard[];
}

/** How long a stream keeps its records. */
export const KEPT_SECONDS: number = 24 * 3600;

/** G changes with the value, so that items of a table partitioned by G move between its parts. */
export function itemOf(key: number, value: string): Item {
  return {
    K: { N: String(key) },
    V: { S: value },
    G: { S: `group '${value.length + Number(value.slice(-1))}'` },
    ...evolvingAttributes(value),
  };
}

export class ModelTable {
  readonly changes: ModelChange[] = [];
  /** Every record that has ever been in a stream. */
  readonly records: ModelRecord[] = [];
  /** The records that have been read. */
  readonly taken: Set<ModelRecord> = new Set();
  readonly streams: ModelStream[] = [];
  /** The current value of each key. */
  readonly truth: Map<number, string> = new Map();
  readonly #ofKey: Map<number, ModelChange[]> = new Map();
  readonly #bySequence: Map<number, ModelChange> = new Map();
  #sequence: number;
  #shards = 0;
  #junk = 0;

  constructor(firstSequence: number, shards: number, nowSeconds: number) {
    this.#sequence = firstSequence;
    this.enableStream(shards, nowSeconds);
  }

  /** The stream that the table writes to, if any. */
  get stream(): ModelStream | undefined {
    const last = this.streams.at(-1);
    return last?.disabledAtSeconds === undefined ? last : undefined;
  }

  /** Whether a new reader of the newest stream misses a change that was made before the end of that stream. */
  isLost(change: ModelChange): boolean {
    const { shards = [], disabledAtSeconds = Number.POSITIVE_INFINITY } = this.streams.at(-1) ?? {};
    const isHeld = shards.some((shard) => !shard.expired && shard.records.includes(change, shard.trimmed));
    return !isHeld && change.realSeconds < disabledAtSeconds;
  }

  /** Whether a new reader misses changes. */
  get hasLost(): boolean {
    const { streams } = this;
    return streams.length > 1 || streams.some(({ shards }) => shards.some(({ trimmed }) => trimmed > 0));
  }

  write(
    write: Pick<ModelChange, "key" | "realSeconds" | "timeSeconds" | "value" | "expired">,
    sequenceStep: number,
  ): ModelChange {
    const { key, value } = write;
    this.#sequence += sequenceStep;
    const operation = value === undefined ? "REMOVE" : this.truth.has(key) ? "MODIFY" : "INSERT";
    const last = this.truth.get(key);
    if (value === undefined) this.truth.delete(key);
    else this.truth.set(key, value);
    const change: ModelChange = { ...write, operation, last, sequence: this.#sequence };
    this.changes.push(change);
    this.#bySequence.set(change.sequence, change);
    const own = this.#ofKey.get(key);
    if (own === undefined) this.#ofKey.set(key, [change]);
    else own.push(change);
    this.#record(key, change);
    return change;
  }

  /** Adds an unreadable record among the others of a key. */
  writeJunk(key: number, realSeconds: number): void {
    this.#record(key, { junk: ++this.#junk, realSeconds });
  }

  changeOf(sequence: number): ModelChange | undefined {
    return this.#bySequence.get(sequence);
  }

  /** The last change of a key up to that time. */
  lastBy(key: number, realSeconds: number): ModelChange | undefined {
    return this.#ofKey.get(key)?.findLast((change) => change.realSeconds <= realSeconds);
  }

  /** The keys that have ever had an item. */
  keys(): Iterable<number> {
    return this.#ofKey.keys();
  }

  /** Closes an open shard. One or two new shards continue with its keys. */
  split(pick: number, children: 1 | 2, nowSeconds: number): ModelShard | undefined {
    const open = this.stream?.shards.filter(isOpen) ?? [];
    const shard = open[pick % Math.max(1, open.length)];
    if (shard === undefined) return undefined;
    shard.closedAtSeconds = nowSeconds;
    const middle = (shard.from + shard.below) / 2;
    const ranges =
      children === 1
        ? [[shard.from, shard.below]]
        : [
            [shard.from, middle],
            [middle, shard.below],
          ];
    for (const [from, below] of ranges)
      this.stream?.shards.push(this.#shard(shard.id, from as number, below as number));
    return shard;
  }

  /** Removes records older than a day, and returns their number. */
  trim(nowSeconds: number): number {
    let trimmed = 0;
    const keptFrom = nowSeconds - KEPT_SECONDS;
    for (const stream of this.streams) {
      for (const shard of stream.shards) {
        const before = shard.trimmed;
        while ((shard.records[shard.trimmed]?.realSeconds ?? nowSeconds) < keptFrom) shard.trimmed++;
        trimmed += shard.trimmed - before;
        if ((shard.closedAtSeconds ?? nowSeconds) < keptFrom) shard.expired = true;
      }
    }
    return trimmed;
  }

  disableStream(nowSeconds: number): void {
    const { stream } = this;
    if (stream === undefined) return;
    stream.disabledAtSeconds = nowSeconds;
    for (const shard of stream.shards.filter(isOpen)) shard.closedAtSeconds = nowSeconds;
  }

  enableStream(shards: number, nowSeconds: number): void {
    if (this.stream !== undefined) return;
    const arn = `arn:aws:dynamodb:eu-west-1:123456789012:table/model/stream/${this.streams.length}`;
    const stream: ModelStream = {
      arn,
      createdAtSeconds: nowSeconds,
      disabledAtSeconds: undefined,
      shards: [],
    };
    for (let i = 0; i < shards; i++) stream.shards.push(this.#shard(undefined, i / shards, (i + 1) / shards));
    this.streams.push(stream);
  }

  #shard(parent: string | undefined, from: number, below: number): ModelShard {
    const id = `shardId-${String(++this.#shards).padStart(6, "0")}`;
    return { id, parent, from, below, records: [], trimmed: 0, closedAtSeconds: undefined, expired: false };
  }

  #record(key: number, record: ModelRecord): void {
    const hash = (key * 0.618_033_988_75) % 1;
    const shard = this.stream?.shards.find((each) => isOpen(each) && each.from <= hash && hash < each.below);
    if (shard === undefined) return;
    shard.records.push(record);
    this.records.push(record);
  }
}

function isOpen(shard: ModelShard): boolean {
  return shard.closedAtSeconds === undefined;
}

/** The record in the form of a Lambda event. */
export function eventOf(record: ModelRecord): unknown {
  if (isJunk(record))
    return { eventName: "MODIFY", dynamodb: { Keys: { K: { N: "1" } } }, junk: record.junk };
  const { key, sequence, timeSeconds, operation, value, expired, last } = record;
  return {
    eventName: operation,
    ...(expired ? { userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" } } : {}),
    dynamodb: {
      Keys: { K: { N: String(key) } },
      SequenceNumber: String(sequence),
      ApproximateCreationDateTime: timeSeconds,
      ...(value === undefined ? {} : { NewImage: itemOf(key, value) }),
      ...(last === undefined ? {} : { OldImage: itemOf(key, last) }),
    },
  };
}
