import type { ScanInput, ScanOutput } from "@aws-sdk/client-dynamodb";
import { DynalakeError } from "../core/error.ts";
import { backoffMs, serviceBackoff, systemTiming, type Timing } from "../sdk/timing.ts";
import { toItemJson } from "./attribute-json.ts";
import { describeSource, type SourceDescription, withinSeconds } from "./describe-source.ts";
import { type ExportLane, ExportWriter } from "./export-writer.ts";
import { isLoopback } from "./loopback.ts";
import { ReadPace } from "./read-pace.ts";
import type { SourceConnection } from "./source-connection.ts";
import { isPassing, sourceError } from "./source-error.ts";

export interface TableScanRequest extends PacedScanRequest {
  /** The folder that gets `AWSDynamoDB/<ExportId>/`; created if need be. */
  readonly folder: string;
}

export interface PacedScanRequest {
  readonly table: string;
  /**
   * Share of a provisioned table's read capacity, above 0 and at most 1. If absent, 0.5, or no limit at all where an
   * emulator on this machine only pretends to have a capacity.
   */
  readonly readShare?: number;
  /** Read units per second, in place of the share; the only limit of a table that is paid per request. */
  readonly readUnitsPerSecond?: number;
  /** Past this the scan fails with INCOMPLETE; absent: no limit. */
  readonly timeLimitSeconds?: number;
  /** Parts that are scanned independently; chosen by the table's size if absent. */
  readonly segments?: number;
  /** "eventual" if absent, at half the price. */
  readonly reads?: "eventual" | "consistent";
  readonly onProgress?: (progress: TableScanProgress) => void;
  readonly signal?: AbortSignal;
}

export interface TableScanProgress {
  readonly items: number;
  /** Uncompressed bytes of DynamoDB JSON. */
  readonly bytes: number;
  readonly segmentsDone: number;
  readonly segments: number;
}

export interface TableScanResult {
  /** `<folder>/AWSDynamoDB/<ExportId>`. */
  readonly exportFolder: string;
  readonly items: number;
  /** When the scan began, in whole seconds since the epoch: every change from then on may or may not be in it. */
  readonly exportTimeSeconds: number;
}

const defaultReadShare = 0.5;
const segmentBytes = 512_000_000;
const segmentsMin = 4;
const segmentsMax = 256;
const workersMax = 4;
const pageSecondsMax = 60;
const outageSecondsMax = 60;

/**
 * Reads the whole table and writes it as a full export in DYNAMODB_JSON. Fails with TABLE_NOT_FOUND, CREDENTIALS,
 * UNREACHABLE, THROTTLED, SOURCE_FAILED, DISK_FULL, STORE_FAILED, and with INCOMPLETE past its time limit or when the
 * signal is aborted; nothing of the export is left then.
 */
export async function scanTable(
  connection: Pick<SourceConnection, "tables" | "place" | "clockOffsetMs">,
  request: TableScanRequest,
  timing: Timing = systemTiming,
): Promise<TableScanResult> {
  const source = await describeSource(connection, request.table);
  const plan = scanPlan(connection, source, request, timing);
  const { beganMs } = plan;
  // Changes are stamped by the service's clock. If this machine's is ahead of it, changes that the scan missed would
  // count as older than the scan; too early a time costs nothing.
  const exportTimeMs = Math.floor((beganMs + Math.min(0, connection.clockOffsetMs())) / 1_000) * 1_000;
  const writer = new ExportWriter(request.folder, source, exportTimeMs);
  try {
    await writer.begin();
    await new TableScan(plan, () => exportLane(writer.lane())).run();
    const { items } = await writer.finish(timing.nowMs());
    return { exportFolder: writer.exportFolder, items, exportTimeSeconds: exportTimeMs / 1_000 };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** The items of one page, as the SDK gives them. */
export type ScannedItems = NonNullable<ScanOutput["Items"]>;

/**
 * Reads the whole table and hands its pages on, of several parts at the same time. Fails as `scanTable` does; the failures of
 * `take` are its own.
 */
export async function scanPages(
  connection: Pick<SourceConnection, "tables" | "place">,
  request: PacedScanRequest,
  take: (items: ScannedItems) => Promise<void>,
  timing: Timing = systemTiming,
): Promise<void> {
  const source = await describeSource(connection, request.table);
  const plan = scanPlan(connection, source, request, timing);
  const lane: ScanLane = {
    write: async (items) => {
      await take(items);
      return 0;
    },
    close: async () => undefined,
  };
  await new TableScan(plan, () => lane).run();
}

/** Where the pages of one worker go. */
interface ScanLane {
  /** Takes a page; resolves when there is room for more, with the bytes that it has become. */
  write(items: ScannedItems): Promise<number>;
  close(): Promise<void>;
}

function exportLane(lane: ExportLane): ScanLane {
  return {
    write: async (items) => {
      const lines = items.map((item) => `${JSON.stringify({ Item: toItemJson(item) })}\n`).join("");
      await lane.write(lines, items.length);
      return Buffer.byteLength(lines);
    },
    close: () => lane.close(),
  };
}

interface ScanPlan {
  readonly connection: Pick<SourceConnection, "tables" | "place">;
  readonly request: PacedScanRequest;
  readonly source: SourceDescription;
  readonly timing: Timing;
  readonly beganMs: number;
  readonly unitsPerSecond: number;
}

function scanPlan(
  connection: ScanPlan["connection"],
  source: SourceDescription,
  request: PacedScanRequest,
  timing: Timing,
): ScanPlan {
  const unitsPerSecond = readUnitsPerSecond(source, request, connection.place);
  return { connection, request, source, timing, beganMs: timing.nowMs(), unitsPerSecond };
}

class TableScan {
  readonly #plan: ScanPlan;
  readonly #lane: () => ScanLane;
  readonly #pace: ReadPace;
  readonly #segments: number;
  readonly #stop = new AbortController();
  #nextSegment = 0;
  #segmentsDone = 0;
  #items = 0;
  #bytes = 0;

  constructor(plan: ScanPlan, lane: () => ScanLane) {
    this.#plan = plan;
    this.#lane = lane;
    this.#pace = new ReadPace(plan.unitsPerSecond, plan.timing);
    const bySize = Math.ceil(plan.source.bytesEstimate / segmentBytes);
    this.#segments = plan.request.segments ?? Math.min(segmentsMax, Math.max(segmentsMin, bySize));
  }

  async run(): Promise<void> {
    const { signal } = this.#plan.request;
    const stop = (): void => this.#stop.abort();
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      const workers = Array.from({ length: Math.min(workersMax, this.#segments) }, () => this.#work());
      await firstFailure(workers, stop);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  async #work(): Promise<void> {
    const lane = this.#lane();
    while (this.#nextSegment < this.#segments) {
      await this.#scanSegment(this.#nextSegment++, lane);
      this.#segmentsDone++;
      this.#report();
    }
    await lane.close();
  }

  async #scanSegment(segment: number, lane: ScanLane): Promise<void> {
    let startKey: ScanInput["ExclusiveStartKey"];
    do {
      const page: ScanOutput = await this.#page(segment, startKey);
      const items = page.Items ?? [];
      const bytes = items.length === 0 ? 0 : await lane.write(items);
      this.#bytes += bytes;
      this.#items += items.length;
      startKey = page.LastEvaluatedKey;
      if (startKey !== undefined) this.#report();
    } while (startKey !== undefined);
  }

  /** One page, at its time; what passes by itself is retried. */
  async #page(segment: number, startKey: ScanInput["ExclusiveStartKey"]): Promise<ScanOutput> {
    const { timing } = this.#plan;
    let failingSinceMs: number | undefined;
    for (let failures = 1; ; failures++) {
      const reserved = await this.#pace.reserve(this.#untilMs, this.#stop.signal);
      this.#checkTime();
      try {
        const page = await this.#ask(segment, startKey);
        const items = page.ScannedCount ?? page.Items?.length ?? 0;
        this.#pace.settle(reserved, { units: page.ConsumedCapacity?.CapacityUnits ?? reserved, items });
        return page;
      } catch (error) {
        this.#pace.settle(reserved, { units: 0, items: 0 });
        this.#checkTime();
        failingSinceMs ??= timing.nowMs();
        const hopeless = timing.nowMs() - failingSinceMs > outageSecondsMax * 1_000;
        if (hopeless || !isPassing(error)) throw sourceError(error, this.#call);
        await timing.sleep(backoffMs(serviceBackoff, failures, timing), this.#stop.signal);
      }
    }
  }

  #ask(segment: number, startKey: ScanInput["ExclusiveStartKey"]): Promise<ScanOutput> {
    const { request, connection, timing } = this.#plan;
    const limit = this.#pace.pageItemsMax();
    const input: ScanInput = {
      TableName: request.table,
      Segment: segment,
      TotalSegments: this.#segments,
      ReturnConsumedCapacity: "TOTAL",
      ConsistentRead: request.reads === "consistent",
      ...(limit === undefined ? {} : { Limit: limit }),
      ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
    };
    const seconds = Math.min(pageSecondsMax, (this.#untilMs - timing.nowMs()) / 1_000);
    return withinSeconds(seconds, this.#call, (deadline) =>
      connection.tables.scan(input, AbortSignal.any([deadline, this.#stop.signal])),
    );
  }

  get #call(): { readonly place: SourceConnection["place"]; readonly attempt: string } {
    return { place: this.#plan.connection.place, attempt: `scan table "${this.#plan.request.table}"` };
  }

  get #untilMs(): number {
    const { request, beganMs } = this.#plan;
    return beganMs + (request.timeLimitSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
  }

  #checkTime(): void {
    const { request, source, timing } = this.#plan;
    const read = `${this.#items} of about ${Math.max(this.#items, source.itemsEstimate)} items`;
    if (timing.nowMs() >= this.#untilMs) {
      const limit = `its time limit of ${request.timeLimitSeconds} seconds`;
      const message = `the scan of table "${request.table}" reached ${limit} after ${read}; nothing of it was kept`;
      const next = "Give it more time with --time-limit, or more of the table's capacity with --read-share.";
      throw new DynalakeError("INCOMPLETE", message, { next });
    }
    if (this.#stop.signal.aborted) {
      const message = `the scan of table "${request.table}" was stopped after ${read}; nothing of it was kept`;
      throw new DynalakeError("INCOMPLETE", message);
    }
  }

  #report(): void {
    const { onProgress } = this.#plan.request;
    const [items, bytes] = [this.#items, this.#bytes];
    onProgress?.({ items, bytes, segmentsDone: this.#segmentsDone, segments: this.#segments });
  }
}

/** Waits for all; the first failure stops the others and is the one that is thrown. */
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

export function readUnitsPerSecond(
  source: SourceDescription,
  request: Pick<PacedScanRequest, "readShare" | "readUnitsPerSecond">,
  place: SourceConnection["place"],
): number {
  const { readShare, readUnitsPerSecond: given } = request;
  if (readShare !== undefined && !(readShare > 0 && readShare <= 1)) {
    throw new DynalakeError("USAGE", `the read share ${readShare} is not above 0 and at most 1`);
  }
  if (given !== undefined && !(given > 0)) {
    throw new DynalakeError("USAGE", `a scan cannot read ${given} units per second`);
  }
  const share = readShare ?? (isLoopback(place.endpoint) ? Number.POSITIVE_INFINITY : defaultReadShare);
  return given ?? (source.readUnitsPerSecond ?? Number.POSITIVE_INFINITY) * share;
}
