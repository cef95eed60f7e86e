/** Which statements write the base of a snapshot: each writes the parts whose rows are in the same splits, and reads those alone. */
import { baseCut, requireFewParts, valuePartitioning } from "../overlay/table-parts.ts";
import type { Cut, QueryEngine, Stage } from "../ports/query-engine.ts";
import type { Schema } from "../schema/schema.ts";
import { bucketGroups, type NumberRange } from "../schema/staging-splits.ts";

/** Staged rows in splits, as `splitsFor` counts them and `lineSplit` divides them. */
export interface StagedSplits {
  readonly count: number;
  /** How many of them an engine may sort at once. Default: all. */
  readonly together?: number;
  /** A relation over some of them, with the wire columns of items. */
  readonly relation: (splits: NumberRange) => string;
}

export interface SeedInput {
  readonly engine: QueryEngine;
  readonly schema: Schema;
  readonly buckets: number;
  readonly splits: StagedSplits;
  /** The base rows of a relation of staged ones. */
  readonly baseRows: (staged: string) => string;
}

type SeedStage = Pick<Stage, "rows" | "pieces" | "cut">;

export async function seedStages(input: SeedInput): Promise<readonly SeedStage[]> {
  if (input.splits.count > 1 && valuePartitioning(input.schema) !== undefined) return valueStages(input);
  const { engine, schema, buckets, splits, baseRows } = input;
  const all = baseRows(splits.relation({ from: 0, below: splits.count }));
  const cut = await baseCut(engine, schema, all, buckets);
  if (splits.count === 1) return [{ rows: all, cut }];
  return bucketGroups(buckets, splits.count).map((group) => {
    const parts = cut.parts.slice(group.buckets.from, group.buckets.below);
    const rows = baseRows(splits.relation(group.splits));
    // The rows of these splits are those of the bucket, no more.
    // breakage: shared-splits-select-rows
    if (group.isWhole) {
      const few = ranges(group.splits, splits.together).map((range) => baseRows(splits.relation(range)));
      const pieces = few.length > 1 ? { pieces: few } : {};
      return { rows, ...pieces, cut: { parts: parts.map(({ part }) => ({ part })) } };
    }
    return { rows, cut: { ...cut, parts } };
  });
}

/** The range in pieces of this length, the last one perhaps shorter. */
function ranges({ from, below }: NumberRange, length: number = below - from): readonly NumberRange[] {
  return Array.from({ length: Math.ceil((below - from) / length) }, (_, i) => {
    const start = from + i * length;
    return { from: start, below: Math.min(below, start + length) };
  });
}

/** The splits themselves tell which values they hold: a value that is spelled in two ways may be in two of them. */
async function valueStages(input: SeedInput): Promise<readonly SeedStage[]> {
  const { engine, schema, buckets, splits, baseRows } = input;
  const spans = new Map<string, { readonly part: Cut["parts"][number]; readonly splits: NumberRange }>();
  let partOf: Cut["partOf"];
  for (let split = 0; split < splits.count; split++) {
    const rows = baseRows(splits.relation({ from: split, below: split + 1 }));
    const cut = await baseCut(engine, schema, rows, buckets);
    partOf = cut.partOf;
    for (const part of cut.parts) {
      const from = spans.get(part.part)?.splits.from ?? split;
      spans.set(part.part, { part, splits: { from, below: split + 1 } });
    }
    requireFewParts(spans.size);
  }
  const stages = new Map<string, SeedStage & { readonly cut: { readonly parts: Cut["parts"][number][] } }>();
  for (const { part, splits: span } of spans.values()) {
    const name = `${span.from}-${span.below}`;
    const stage = stages.get(name) ?? { rows: baseRows(splits.relation(span)), cut: { parts: [], partOf } };
    stage.cut.parts.push(part);
    stages.set(name, stage);
  }
  return [...stages.values()];
}
