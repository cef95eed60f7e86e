/** Measures the lag from a write to the moment when SQL shows it, by writing at a steady rate and asking again and again. */
import { putReview, type WrittenSource } from "./reviews-table.ts";

export interface LagRequest {
  readonly source: WrittenSource;
  readonly writesPerSecond: number;
  readonly seconds: number;
  /** The books of `user` changed at or after a second that a query shows now. */
  readonly visibleBooks: (user: string, sinceSeconds: number) => Promise<readonly string[]>;
  readonly user: string;
  /** Gives up this long after the last write. */
  readonly patienceSeconds: number;
  /** Fails where a write begins later than this after its time: the rate is not held. Default: writes go on as they can. */
  readonly lateSecondsMax?: number;
}

export interface Lag {
  readonly writes: number;
  readonly writesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Writes that no query showed in time. */
  readonly missing: number;
}

const WRITERS = 8;

/** The lag of a write runs from the service's answer to the end of the first query that shows it. */
export async function measureLag(request: LagRequest): Promise<Lag> {
  const total = Math.round(request.writesPerSecond * request.seconds);
  const writtenAtMs = new Map<string, number>();
  const lagsMs: number[] = [];
  const startMs = performance.now();
  let endMs = startMs;
  let next = 0;
  const write = async (): Promise<void> => {
    for (let i = next++; i < total; i = next++) {
      const dueMs = startMs + (i * 1000) / request.writesPerSecond;
      const earlyMs = dueMs - performance.now();
      if (earlyMs > 1) await new Promise((resolve) => setTimeout(resolve, earlyMs));
      requireRate(request, -earlyMs);
      const book = `probe ${i}`;
      await putReview(request.source, { User: request.user, Book: book, Rating: 1 + (i % 5) });
      endMs = performance.now();
      writtenAtMs.set(book, endMs);
    }
  };
  const writing = Promise.all(Array.from({ length: WRITERS }, write));
  let written = false;
  let failed = false;
  void writing.then(
    () => {
      written = true;
    },
    () => {
      failed = true;
    },
  );
  while (!(written && writtenAtMs.size === 0) && !failed) {
    const books = await request.visibleBooks(request.user, oldestPendingSeconds(writtenAtMs));
    const seenMs = performance.now();
    for (const book of books) {
      const atMs = writtenAtMs.get(book);
      if (atMs !== undefined && writtenAtMs.delete(book)) lagsMs.push(seenMs - atMs);
    }
    if (written && seenMs - endMs > request.patienceSeconds * 1000) break;
  }
  await writing;
  return summary(lagsMs, total, (endMs - startMs) / 1000);
}

function requireRate({ writesPerSecond, lateSecondsMax }: LagRequest, lateMs: number): void {
  if (lateSecondsMax === undefined || lateMs <= lateSecondsMax * 1_000) return;
  throw new Error(
    `${writesPerSecond} writes a second are not held: a write is ${(lateMs / 1_000).toFixed(1)} s late`,
  );
}

/** Map keeps the order of the writes. Two seconds are allowed for the difference of clocks. */
function oldestPendingSeconds(writtenAtMs: ReadonlyMap<string, number>): number {
  const [oldestMs = performance.now()] = writtenAtMs.values();
  return Math.floor((performance.timeOrigin + oldestMs) / 1000) - 2;
}

function summary(lagsMs: number[], total: number, seconds: number): Lag {
  lagsMs.sort((a, b) => a - b);
  const at = (share: number): number =>
    lagsMs[Math.min(lagsMs.length - 1, Math.floor(lagsMs.length * share))] ?? 0;
  return {
    writes: total,
    writesPerSecond: total / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    missing: total - lagsMs.length,
  };
}
