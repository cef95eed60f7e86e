/** Scans a whole source table, several segments at a time. */
import { counted, grouped } from "../core/counted.ts";
import { DynalakeError } from "../core/error.ts";
import { systemTiming, type Timing } from "../sdk/timing.ts";
import { describeSource, type SourceDescription } from "./describe-source.ts";
import { pacedRead } from "./paced-read.ts";
import { paceOf, type ReadLimits, type ReadPace } from "./read-pace.ts";
import type { ScanPageInput, WrittenItem, WrittenPage } from "./scan-page.ts";
import type { SourceConnection } from "./source-connection.ts";

export interface ScanRequest extends ReadLimits {
  readonly table: string;
  /** After this the scan fails with INCOMPLETE. Default: no limit. */
  readonly timeLimitSeconds?: number;
  /** Segments that are scanned independently. Default: chosen by the size of the table. */
  readonly segments?: number;
  /** Default: "eventual", at half the price. */
  readonly reads?: "eventual" | "consistent";
  readonly onProgress?: (progress: ScanProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ScanProgress {
  readonly items: number;
  /** Uncompressed bytes of DynamoDB JSON. */
  readonly bytes: number;
  readonly segmentsDone: number;
  readonly segments: number;
}

/** Receives the pages of one worker. */
export interface ScanLane {
  /** Takes a page. Resolves to the bytes written, once there is room for the next page. */
  write(items: readonly WrittenItem[]): Promise<number>;
  close(): Promise<void>;
}

const SEGMENT_BYTES = 512_000_000;
const SEGMENTS_MIN = 4;
const SEGMENTS_MAX = 256;
const WORKERS_MAX = 4;

/**
 * Scans the table and passes its pages on, from several segments at the same time. Fails with TABLE_NOT_FOUND, CREDENTIALS,
 * UNREACHABLE, THROTTLED or SOURCE_FAILED, with INCOMPLETE at its time limit or when the signal is aborted, and with what
 * `take` throws.
 */
export async function scanPages(
  connection: Pick<SourceConnection, "tables" | "place">,
  request: ScanRequest,
  take: (items: readonly WrittenItem[]) => Promise<void>,
  timing: Timing = systemTiming,
): Promise<void> {
  const source = await describeSource(connection, request.table);
  const lane: ScanLane = {
    write: async (items) => {
      await take(items);
      return 0;
    },
    close: async () => undefined,
  };
  await new TableScan(connection, source, request, timing).run(() => lane);
}

/** One scan. Fails as `scanPages` does, and with USAGE if a limit of the request is out of range. */
export class TableScan {
  readonly beganMs: number;
  readonly #tables: SourceConnection["tables"];
  readonly #source: SourceDescription;
  readonly #request: ScanRequest;
  readonly #timing: Timing;
  readonly #call: { readonly place: SourceConnection["place"]; readonly attempt: string };
  readonly #untilMs: number;
  readonly #pace: ReadPace;
  readonly #segments: number;
  readonly #stop = new AbortController();
  #nextSegment = 0;
  #segmentsDone = 0;
  #items = 0;
  #bytes = 0;

  constructor(
    connection: Pick<SourceConnection, "tables" | "place">,
    source: SourceDescription,
    request: ScanRequest,
    timing: Timing,
  ) {
    this.beganMs = timing.nowMs();
    this.#tables = connection.tables;
    this.#source = source;
    this.#request = request;
    this.#timing = timing;
    this.#call = { place: connection.place, attempt: `scan table "${request.table}"` };
    this.#untilMs = this.beganMs + (request.timeLimitSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
    this.#pace = paceOf(source, request, connection.place, timing);
    const bySize = Math.ceil(source.bytesEstimate / SEGMENT_BYTES);
    this.#segments = request.segments ?? Math.min(SEGMENTS_MAX, Math.max(SEGMENTS_MIN, bySize));
  }

  /** Runs the scan, with a lane for each worker. */
  async run(laneOfWorker: () => ScanLane): Promise<void> {
    const { signal } = this.#request;
    const stop = (): void => this.#stop.abort();
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      const workers = Array.from({ length: Math.min(WORKERS_MAX, this.#segments) }, () =>
        this.#work(laneOfWorker()),
      );
      await firstFailure(workers, stop);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  async #work(lane: ScanLane): Promise<void> {
    while (this.#nextSegment < this.#segments) {
      await this.#scanSegment(this.#nextSegment++, lane);
      this.#segmentsDone++;
      this.#report();
    }
    await lane.close();
  }

  async #scanSegment(segment: number, lane: ScanLane): Promise<void> {
    let startKey: WrittenItem | undefined;
    do {
      const page: WrittenPage = await this.#page(segment, startKey);
      const items = page.Items ?? [];
      const bytes = items.length === 0 ? 0 : await lane.write(items);
      this.#bytes += bytes;
      this.#items += items.length;
      startKey = page.LastEvaluatedKey;
      if (startKey !== undefined) this.#report();
    } while (startKey !== undefined);
  }

  #page(segment: number, startKey: WrittenItem | undefined): Promise<WrittenPage> {
    const read = {
      call: this.#call,
      untilMs: this.#untilMs,
      signal: this.#stop.signal,
      requireTime: () => this.#requireTime(),
      send: (signal: AbortSignal) => this.#tables.scan(this.#input(segment, startKey), signal),
      costOf: (page: WrittenPage) => ({
        units: page.ConsumedCapacity?.CapacityUnits,
        items: page.ScannedCount ?? page.Items?.length ?? 0,
      }),
    };
    return pacedRead(this.#pace, read, this.#timing);
  }

  #input(segment: number, startKey: WrittenItem | undefined): ScanPageInput {
    const limit = this.#pace.pageItemsMax();
    return {
      TableName: this.#request.table,
      Segment: segment,
      TotalSegments: this.#segments,
      ReturnConsumedCapacity: "TOTAL",
      ConsistentRead: this.#request.reads === "consistent",
      ...(limit === undefined ? {} : { Limit: limit }),
      ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
    };
  }

  #requireTime(): void {
    const { table, timeLimitSeconds = Number.POSITIVE_INFINITY } = this.#request;
    const isOver = this.#timing.nowMs() >= this.#untilMs;
    if (!isOver && !this.#stop.signal.aborted) return;
    const what = isOver ? `reached its time limit of ${counted(timeLimitSeconds, "second")}` : "was stopped";
    const total = counted(Math.max(this.#items, this.#source.itemsEstimate), "item");
    const read = `${grouped(this.#items)} of about ${total}`;
    const message = `the scan of table "${table}" ${what} after ${read}; nothing was kept`;
    const next = "Give it more time with --time-limit, or more of the table's capacity with --read-share.";
    throw new DynalakeError("INCOMPLETE", message, isOver ? { next } : {});
  }

  #report(): void {
    const [items, bytes] = [this.#items, this.#bytes];
    this.#request.onProgress?.({ items, bytes, segmentsDone: this.#segmentsDone, segments: this.#segments });
  }
}

/** Waits for all workers. The first failure stops the others and is the one thrown. */
async function firstFailure(workers: readonly Promise<void>[], stop: () => void): Promise<void> {
  const failures: unknown[] = [];
  const settled = workers.map((worker) =>
    worker.catch((error: unknown) => {
      failures.push(error);
      stop();
    }),
  );
  await Promise.all(settled);
  if (failures.length > 0) throw failures[0];
}
