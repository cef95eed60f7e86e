/**
 * A year of hourly commits: what a reader and a vacuum ask for, and the memory that the vacuum takes. Prints both: for a process of
 * its own (year-of-manifests.deep.test.ts).
 */
import { vacuum } from "../../../src/core/compaction/vacuum.ts";
import { manifestPath, manifestSequence } from "../../../src/core/format/lake-path.ts";
import { initialManifest, manifestText, type Segment } from "../../../src/core/format/manifest.ts";
import type { ObjectStore } from "../../../src/core/ports/object-store.ts";
import { manifestAsOf, readCommits } from "../../../src/core/table/commits.ts";

const COMMITS = 365 * 24;
const BUCKETS = 300;
const HOUR_SECONDS = 3600;
const START_SECONDS = 1_800_000_000;
const NOW_SECONDS = START_SECONDS + COMMITS * HOUR_SECONDS;

const committedAtSeconds = (sequence: number): number => START_SECONDS + sequence * HOUR_SECONDS;

/** Each commit rewrites one part after the other, and names what the others have left. */
function segmentsOf(sequence: number): readonly Segment[] {
  return Array.from({ length: BUCKETS }, (_, number) => {
    const last = Math.max(0, sequence - ((sequence - number + BUCKETS) % BUCKETS));
    const [run, part] = [`run-${String(last).padStart(6, "0")}`, `b${String(number).padStart(4, "0")}`];
    return { id: `b-${run}-${part}`, run, part, kind: "base", rows: 1, bytes: 1 };
  });
}

let sent: Record<"lists" | "reads" | "removed", number> = { lists: 0, reads: 0, removed: 0 };

/** What it answers is made when it is asked for. */
const store: Pick<ObjectStore, "folders" | "list" | "read" | "remove"> = {
  list: async (prefix) => {
    sent.lists++;
    if (!prefix.startsWith("t/manifest")) return [];
    return Array.from({ length: COMMITS }, (_, i) => {
      return { path: manifestPath("t", i + 1), bytes: 1, modifiedMs: committedAtSeconds(i + 1) * 1000 };
    });
  },
  folders: async () => [],
  read: async (path) => {
    sent.reads++;
    const sequence = manifestSequence(path) as number;
    const commit = {
      sequence,
      kind: "major",
      run: `run-${sequence}`,
      segments: segmentsOf(sequence),
    } as const;
    const manifest = {
      ...initialManifest(BUCKETS),
      ...commit,
      committedAtSeconds: committedAtSeconds(sequence),
    };
    return new TextEncoder().encode(manifestText(manifest));
  },
  remove: async (paths) => {
    sent.removed += paths.length;
  },
};
const lake = store as ObjectStore;

/** What a piece of work has asked for. */
async function asked<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly sent: typeof sent }> {
  sent = { lists: 0, reads: 0, removed: 0 };
  return { result: await work(), sent };
}

const newest = await asked(async () => (await readCommits(lake, "t")).manifest.sequence);
const asOf = await asked(async () => {
  const commits = await readCommits(lake, "t");
  return (await manifestAsOf(lake, "t", commits, committedAtSeconds(1234) + 5)).sequence;
});
const policy = { retentionSeconds: 7 * 24 * HOUR_SECONDS, graceSeconds: 24 * HOUR_SECONDS };
const vacuumed = await asked(async () => (await vacuum(lake, "t", policy, NOW_SECONDS)).manifests);
const megabytes = Math.round(process.resourceUsage().maxRSS / 1000);
process.stdout.write(JSON.stringify({ newest, asOf, vacuumed, megabytes }));
