/** What the segments of a lake table show, and the files that statements wrote. */
import { counted, grouped } from "../counted.ts";
import type { Segment } from "../format/manifest.ts";
import { contradicted, type DoubtAnswer, notSeen, seen } from "./answer.ts";
import type { Doubt } from "./doubts.ts";

export const SEGMENT_DOUBTS: readonly Doubt[] = ["own-locations", "segment-names", "older-partitions"];

export interface SegmentFacts {
  /** Those that were asked for by their names. */
  readonly segments: readonly Pick<Segment, "id" | "rows">[];
  /** Rows by segment, of those found by their names. */
  readonly byNames: ReadonlyMap<string, number>;
  /** The live segments of the table, and what the product's own conditions find of them. */
  readonly live: readonly Pick<Segment, "id">[];
  readonly byRanges: ReadonlyMap<string, number>;
  /** Of the oldest segment's partition, and of its table. */
  readonly columnsOfPartition: number;
  readonly columnsOfTable: number;
}

export function judgeSegments(facts: SegmentFacts): readonly DoubtAnswer[] {
  if (facts.segments.length === 0)
    return SEGMENT_DOUBTS.map((doubt) => notSeen(doubt, "the table has no segments yet"));
  return [locationsOf(facts), namesOf(facts), columnsOf(facts)];
}

/** Segments whose number of rows is not the one that their commit recorded. */
function otherRows({ byNames, segments }: SegmentFacts): number {
  return segments.filter(({ id, rows }) => (byNames.get(id) ?? 0) !== rows).length;
}

function locationsOf(facts: SegmentFacts): DoubtAnswer {
  const other = otherRows(facts);
  const of = counted(facts.segments.length, "segment");
  // breakage: rows-of-segments-counted
  if (other > 0)
    return contradicted(
      "own-locations",
      `${grouped(other)} of ${of} do not have the number of rows that their commit recorded`,
    );
  return seen("own-locations", `${of} have the number of rows that their commits recorded`);
}

function namesOf({ byNames, byRanges, live, segments }: SegmentFacts): DoubtAnswer {
  const wanted = new Set(live.map(({ id }) => id));
  const foreign = [...byRanges.keys()].filter((id) => !wanted.has(id)).length;
  const lacking = live.length - (byRanges.size - foreign);
  const asked = new Set(segments.map(({ id }) => id));
  const strange = [...byNames.keys()].filter((id) => !asked.has(id)).length;
  // breakage: ranges-compared-with-names
  if (foreign + strange > 0 || lacking > 0) {
    const found = `${grouped(foreign + strange)} others were found, and ${grouped(lacking)} were not`;
    return contradicted("segment-names", `of ${counted(live.length, "segment")} ${found}`);
  }
  return seen(
    "segment-names",
    `exactly ${counted(live.length, "segment")} were found, by names and by ranges`,
  );
}

function columnsOf(facts: SegmentFacts): DoubtAnswer {
  const { columnsOfPartition, columnsOfTable } = facts;
  if (columnsOfPartition >= columnsOfTable)
    return notSeen("older-partitions", "no partition has fewer columns than its table");
  const which = `a partition of ${counted(columnsOfPartition, "column")}, in a table of ${grouped(columnsOfTable)}`;
  return otherRows(facts) === 0
    ? seen("older-partitions", `${which}, was read`)
    : notSeen("older-partitions", `${which}, and segments that lack rows`);
}

export const STATEMENT_DOUBTS: readonly Doubt[] = ["unload", "statement-token"];

/** One statement's files. */
export interface StatementFiles {
  /** Ids of queries in the names of its files. */
  readonly queries: number;
  readonly parts: number;
  readonly files: number;
  /** Files whose names have no such id. */
  readonly unnamed: number;
}

export function judgeStatements(statements: readonly StatementFiles[]): readonly DoubtAnswer[] {
  if (statements.length === 0)
    return STATEMENT_DOUBTS.map((doubt) => notSeen(doubt, "no statement has written segments yet"));
  const of = counted(statements.length, "statement");
  const parts = Math.max(...statements.map((statement) => statement.parts));
  const files = Math.max(...statements.map((statement) => Math.ceil(statement.files / statement.parts)));
  const most = `up to ${counted(parts, "part")} each, and ${counted(files, "object")} a part`;
  const unloaded = seen("unload", `${of} wrote segments, ${most}`);
  return [unloaded, tokensOf(statements, of)];
}

function tokensOf(statements: readonly StatementFiles[], of: string): DoubtAnswer {
  const repeated = statements.filter(({ queries }) => queries > 1).length;
  // breakage: repeated-statements-contradict
  if (repeated > 0) return contradicted("statement-token", `${grouped(repeated)} of ${of} ran twice`);
  const unnamed = statements.reduce((sum, statement) => sum + statement.unnamed, 0);
  if (unnamed > 0) {
    const files = counted(unnamed, "file");
    return notSeen(
      "statement-token",
      `the names of ${files} are not Athena's usual ones, so a repeat would not be noticed`,
    );
  }
  return seen("statement-token", `each of ${of} wrote files of one query`);
}
