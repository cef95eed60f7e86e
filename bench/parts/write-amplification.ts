/**
 * How many rows compactions write for each change, and how large the overlay gets that each query reads, by the policy: the rules
 * of src/core/compaction/compaction-policy.ts over keys in memory.
 * `npm run bench:write-amplification -- [rounds] [policies: all or default]`
 */
import {
  type CompactionPolicy,
  DEFAULT_POLICY,
  isMajorDue,
  partsToRewrite,
} from "../../src/core/compaction/compaction-policy.ts";
import type { Segment } from "../../src/core/format/manifest.ts";
import { ALL_KEYS, segmentName } from "../../src/core/format/segment-name.ts";
import { bucketLabel } from "../../src/core/schema/partitioning.ts";
import { type Random, randomOf } from "../../test/support/random.ts";
import type { Report } from "../part.ts";
import { lineChart } from "../plots/line-chart.ts";
import { counted, textTable } from "../report/text-table.ts";

const PARTS = 1000;
const KEYS_OF_PART = 1000;
const KEYS = PARTS * KEYS_OF_PART;
/** A hundredth of the table changes in each round. */
const CHANGES = KEYS / 100;

type Choice = (random: Random) => number;

const any = (random: Random, below: number): number => random.integer(0, below - 1);

/** Which key a change is of. Keys of a part lie together. */
const CHOICES: Readonly<Record<string, Choice>> = {
  "random keys": (random) => any(random, KEYS),
  "hot keys": (random) => (random.next() < 0.8 ? any(random, KEYS / 20) * 20 : any(random, KEYS)),
  "hot parts": (random) => any(random, random.next() < 0.8 ? KEYS / 20 : KEYS),
};

type Policy = Pick<CompactionPolicy, "majorShare" | "majorDeltas">;

const SHARES = [0.05, 0.1, 0.2, 0.4] as const;
const DELTAS = [4, 8, 16] as const;
const POLICIES: readonly Policy[] = SHARES.flatMap((majorShare) =>
  DELTAS.map((majorDeltas) => ({ majorShare, majorDeltas })),
);

interface Outcome {
  readonly policy: Policy;
  readonly costs: Readonly<Record<string, Cost>>;
}

interface Cost {
  /** Rows written for each change, its row in the delta included. */
  readonly written: number;
  /** The mean share of the overlay's rows in the table's. */
  readonly overlay: number;
}

export async function writeAmplificationPart([
  rounds = "100",
  policies = "all",
]: readonly string[]): Promise<Report> {
  const outcomes = POLICIES.filter((policy) => policies === "all" || isDefault(policy)).map(
    (policy): Outcome => {
      const costs = Object.entries(CHOICES).map(([name, choice]) => [
        name,
        costOf(choice, policy, Number(rounds)),
      ]);
      return { policy, costs: Object.fromEntries(costs) as Readonly<Record<string, Cost>> };
    },
  );
  const byDefault = outcomes.find(({ policy }) => isDefault(policy))?.costs ?? {};
  return {
    text: `${rounds} rounds of changes of 1% of a table; rows written for each change, and the overlay's mean share\n${table(outcomes)}`,
    ratios: Object.fromEntries(
      Object.entries(byDefault).map(([name, { written }]) => [`${name}: rows written / change`, [written]]),
    ),
    plots: policies === "all" ? { "write-amplification": chart(outcomes) } : {},
  };
}

function isDefault({ majorShare, majorDeltas }: Policy): boolean {
  return majorShare === DEFAULT_POLICY.majorShare && majorDeltas === DEFAULT_POLICY.majorDeltas;
}

function table(outcomes: readonly Outcome[]): string {
  const heads = ["share, deltas", ...Object.keys(CHOICES).flatMap((name) => [name, "overlay"])];
  const rows = outcomes.map(({ policy, costs }) => [
    `${percent(policy.majorShare, 0)}, ${policy.majorDeltas}${isDefault(policy) ? " (the policy)" : ""}`,
    ...Object.values(costs).flatMap(({ written, overlay }) => [counted(written, 1), percent(overlay, 1)]),
  ]);
  return textTable(heads, rows);
}

function percent(share: number, digits: number): string {
  return `${(share * 100).toFixed(digits)}%`;
}

/** The policies that look at the deltas as early as the default one. */
function chart(outcomes: readonly Outcome[]): string {
  const own = outcomes.filter(({ policy }) => policy.majorDeltas === DEFAULT_POLICY.majorDeltas);
  const series = Object.keys(CHOICES).map((name) => ({
    name,
    points: own.map(({ policy, costs }) => ({ x: policy.majorShare * 100, y: costs[name]?.written ?? 0 })),
  }));
  return lineChart({
    title: "Write amplification against the policy",
    x: { label: "a part is rewritten when the deltas have this % of its keys", kind: "linear" },
    y: { label: "rows written for each change", kind: "linear" },
    series,
  });
}

const base: readonly Segment[] = Array.from({ length: PARTS }, (_, i) =>
  segment("base", "r", bucketLabel(i), KEYS_OF_PART),
);

function segment(kind: Segment["kind"], run: string, part: string, rows: number): Segment {
  return { id: segmentName({ kind, run, part }), run, part, kind, rows, bytes: rows };
}

/** The same at every run. */
function costOf(choice: Choice, own: Policy, rounds: number): Cost {
  const policy: CompactionPolicy = { ...DEFAULT_POLICY, majorRowsMin: 1, ...own };
  const random = randomOf(1);
  let deltas: ReadonlySet<number>[] = [];
  let [written, overlay] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const delta = new Set(Array.from({ length: CHANGES }, () => choice(random)));
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
