/**
 * A change source over the model's streams. The simulation picks the order in which it reads the shards. `reconcile` and
 * `startable`, the code of the real reader, decide which of them are ready, new or lost.
 */
import type {
  ChangeBatch,
  ChangeReader,
  ChangeSource,
  ShardPosition,
  StreamGap,
  StreamPosition,
} from "../../src/core/ports/change-source.ts";
import { reconcile, startable } from "../../src/source/shard-tree.ts";
import type { Actor } from "./actors.ts";
import { eventOf, type ModelShard, type ModelStream, type ModelTable } from "./model-table.ts";

export interface ModelSourceContext {
  readonly table: ModelTable;
  readonly actor: Actor;
  readonly nowSeconds: () => number;
  /** Picks the next of `among` shards. */
  readonly pick: (among: number) => number;
}

export function modelSource(context: ModelSourceContext): ChangeSource {
  return {
    open: (from) => context.actor.call("open the stream", async () => new ModelReader(context, from)),
  };
}

/** The gate at which a follower waits between two batches. */
export const NEXT_BATCH = "next batch";

/** Shards first read this long after the stream was opened are owed, as by the real reader. */
const FIRST_READ_SECONDS_MAX = 1800;

class ModelReader implements ChangeReader {
  readonly #context: ModelSourceContext;
  #stream: ModelStream;
  #positions: ReadonlyMap<string, ShardPosition> = new Map();
  #gaps: StreamGap[] = [];
  /** Whether the oldest records are owed. A new reader takes a stream as it finds it. */
  #owed: boolean;
  #openedSeconds: number;

  constructor(context: ModelSourceContext, from: StreamPosition | undefined) {
    this.#context = context;
    const { streams } = context.table;
    const newest = streams.at(-1) as ModelStream;
    const older = streams.find(({ arn, shards }) => arn === from?.streamArn && shards.some(isListed));
    this.#stream = older ?? newest;
    this.#owed = older !== undefined;
    this.#openedSeconds = context.nowSeconds();
    if (older !== undefined) this.#positions = new Map(Object.entries(from?.shards ?? {}));
    else if (from !== undefined) this.#gaps.push(recreated(from.streamArn, newest.arn));
  }

  get stream(): ChangeReader["stream"] {
    const { arn, createdAtSeconds } = this.#stream;
    return { arn, createdAtSeconds };
  }

  async next({ recordsMax }: { readonly recordsMax: number }): Promise<ChangeBatch> {
    return this.#context.actor.call(NEXT_BATCH, async () => this.#batch(recordsMax));
  }

  async close(): Promise<void> {}

  #batch(recordsMax: number): ChangeBatch {
    this.#list();
    const readable = startable(this.#positions).flatMap((id) => this.#shard(id) ?? []);
    for (const shard of readable) this.#passTrimmed(shard);
    this.#owed = true;
    const ready = readable.filter((shard) => this.#given(shard) < shard.records.length);
    const shard = ready[this.#context.pick(ready.length)];
    const records = shard === undefined ? [] : this.#take(shard, recordsMax);
    for (const each of readable) {
      if (each.closedAtSeconds !== undefined && this.#given(each) >= each.records.length)
        this.#move(each, { finished: true });
    }
    const caughtUp = ready.length === 0 && startable(this.#positions).every((id) => this.#isRead(id));
    const batch = { records, gaps: this.#gaps, position: this.#position, caughtUp };
    this.#gaps = [];
    return caughtUp && this.#succeed() ? { ...batch, caughtUp: false } : batch;
  }

  get #position(): StreamPosition {
    return { streamArn: this.#stream.arn, shards: Object.fromEntries(this.#positions) };
  }

  #list(): void {
    const listing = this.#stream.shards.filter(isListed);
    const { positions, gaps } = reconcile(this.#positions, listing.map(listedShard), new Set());
    this.#positions = positions;
    this.#gaps.push(...gaps);
  }

  #take(shard: ModelShard, recordsMax: number): readonly unknown[] {
    const given = this.#given(shard);
    const taken = shard.records.slice(given, given + recordsMax);
    this.#move(shard, { after: String(given + taken.length) });
    for (const record of taken) this.#context.table.taken.add(record);
    return taken.map(eventOf);
  }

  #passTrimmed(shard: ModelShard): void {
    if (this.#given(shard) >= shard.trimmed) return;
    const isLate = this.#context.nowSeconds() - this.#openedSeconds > FIRST_READ_SECONDS_MAX;
    if (this.#owed || isLate) this.#gaps.push({ reason: "trimmed", detail: `shard ${shard.id}` });
    this.#move(shard, { after: String(shard.trimmed) });
  }

  #isRead(id: string): boolean {
    const shard = this.#shard(id);
    return (
      shard === undefined ||
      (shard.closedAtSeconds === undefined && this.#given(shard) >= shard.records.length)
    );
  }

  #shard(id: string): ModelShard | undefined {
    return this.#stream.shards.find((shard) => shard.id === id);
  }

  /** How many records of the shard were returned, which the model uses as sequence number. */
  #given(shard: ModelShard): number {
    return Number(this.#positions.get(shard.id)?.after ?? 0);
  }

  #move(shard: ModelShard, change: Partial<ShardPosition>): void {
    const before = this.#positions.get(shard.id) ?? { finished: false };
    this.#positions = new Map(this.#positions).set(shard.id, { ...before, ...change });
  }

  /** Switches to the next stream at the end of this one. */
  #succeed(): boolean {
    const newest = this.#context.table.streams.at(-1) as ModelStream;
    if (newest === this.#stream || [...this.#positions.values()].some(({ finished }) => !finished))
      return false;
    this.#gaps.push(recreated(this.#stream.arn, newest.arn));
    this.#stream = newest;
    this.#positions = new Map();
    this.#owed = false;
    this.#openedSeconds = this.#context.nowSeconds();
    return true;
  }
}

function isListed(shard: ModelShard): boolean {
  return !shard.expired;
}

function listedShard({ id, parent }: ModelShard): { readonly id: string; readonly parent?: string } {
  return parent === undefined ? { id } : { id, parent };
}

function recreated(oldArn: string, newArn: string): StreamGap {
  return { reason: "stream-recreated", detail: `${oldArn} is ${newArn} now` };
}
