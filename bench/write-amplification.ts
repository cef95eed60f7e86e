/**
 * How many rows compactions write for each change, and how large the overlay gets that each query reads, by the policy: the rules
 * of src/core/compaction/compaction-policy.ts over keys in memory. `npm run bench:write-amplification -- [rounds]`
 */
import {
  type CompactionPolicy,
  DEFAULT_POLICY,
  isMajorDue,
  partsToRewrite,
} from "../src/core/compaction/compaction-policy.ts";
import type { Segment } from "../src/core/format/manifest.ts";
import { ALL_KEYS, segmentName } from "../src/core/format/segment-name.ts";
import { bucketLabel } from "../src/core/schema/partitioning.ts";

const rounds = Number(process.argv[2] ?? 100);
const PARTS = 1000;
const KEYS_OF_PART = 1000;
const KEYS = PARTS * KEYS_OF_PART;
/** A hundredth of the table changes in each round. */
const CHANGES = KEYS / 100;

/** A repeatable random number from 0 to below 1 (mulberry32). */
let state = 1;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

const any = (below: number): number => Math.floor(random() * below);

/** Which key a change is of. Keys of a part lie together. */
const CHANGED: Readonly<Record<string, () => number>> = {
  "random keys": () => any(KEYS),
  "hot keys: 80% of the changes in 5% of the keys": () => (random() < 0.8 ? any(KEYS / 20) * 20 : any(KEYS)),
  "hot parts: 80% of the changes in 5% of the parts": () => any(random() < 0.8 ? KEYS / 20 : KEYS),
};

const POLICIES: readonly Pick<CompactionPolicy, "majorShare" | "majorDeltas">[] = [
  0.05, 0.1, 0.2, 0.4,
].flatMap((majorShare) => [4, 8, 16].map((majorDeltas) => ({ majorShare, majorDeltas })));

const base: readonly Segment[] = Array.from({ length: PARTS }, (_, i) =>
  segment("base", "r", bucketLabel(i), KEYS_OF_PART),
);

function segment(kind: Segment["kind"], run: string, part: string, rows: number): Segment {
  return { id: segmentName({ kind, run, part }), run, part, kind, rows, bytes: rows };
}

interface Cost {
  /** Rows written for each change, its row in the delta included. */
  readonly written: number;
  /** The mean share of the overlay's rows in the table's. */
  readonly overlay: number;
}

function costOf(changed: () => number, policy: CompactionPolicy): Cost {
  let deltas: ReadonlySet<number>[] = [];
  let [written, overlay] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const delta = new Set(Array.from({ length: CHANGES }, changed));
    deltas.push(delta);
    written += delta.size;
    const segments = [...base, ...deltas.map(({ size }, i) => segment("delta", `d${i}`, ALL_KEYS, size))];
    if (isMajorDue({ segments }, policy, "grown")) {
      const all = new Set(deltas.flatMap((keys) => [...keys]));
      const parts = partsToRewrite({ segments }, policy, "grown", keysOfParts(all));
      if (parts !== undefined) {
        const taken = new Set(parts);
        const left = new Set([...all].filter((key) => !taken.has(partOf(key))));
        written += parts.length * KEYS_OF_PART + left.size;
        deltas = left.size > 0 ? [left] : [];
      }
    }
    overlay += deltas.reduce((rows, { size }) => rows + size, 0) / KEYS;
  }
  return { written: written / (rounds * CHANGES), overlay: overlay / rounds };
}

function partOf(key: number): string {
  return bucketLabel(Math.floor(key / KEYS_OF_PART));
}

function keysOfParts(keys: ReadonlySet<number>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(partOf(key), (counts.get(partOf(key)) ?? 0) + 1);
  return counts;
}

for (const [name, changed] of Object.entries(CHANGED)) {
  console.log(
    `\n${name}\n${["share", "deltas", "rows written", "overlay"].map((each) => each.padStart(14)).join("")}`,
  );
  for (const own of POLICIES) {
    const { written, overlay } = costOf(changed, { ...DEFAULT_POLICY, majorRowsMin: 1, ...own });
    const cells = [own.majorShare, own.majorDeltas, written.toFixed(1), `${(overlay * 100).toFixed(1)}%`];
    console.log(cells.map((cell) => String(cell).padStart(14)).join(""));
  }
}
