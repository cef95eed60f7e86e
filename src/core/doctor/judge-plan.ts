/** What a statement is planned to read, as EXPLAIN (TYPE IO, FORMAT JSON) answers. */
import * as z from "zod/mini";
import { checkedShape } from "../checked-shape.ts";
import { counted, grouped } from "../counted.ts";
import { contradicted, type DoubtAnswer, notSeen, seen } from "./answer.ts";

export interface PlanFacts {
  /** The answer of EXPLAIN for a statement on the view. */
  readonly plan: string;
  /** The names of the tables of the change log and of the segments. */
  readonly changes: string;
  readonly segments: string;
  /** The live segments, by their names. */
  readonly live: readonly string[];
  /** The first day of the change log that the view needs: 2026-11-23. */
  readonly sinceDay: string;
}

const bound = z.object({ value: z.optional(z.string()) });
const shape = z.object({
  inputTableColumnInfos: z.array(
    z.object({
      table: z.object({ schemaTable: z.object({ table: z.string() }) }),
      constraint: z.object({
        none: z.boolean(),
        columnConstraints: z.array(
          z.object({
            columnName: z.string(),
            domain: z.object({ ranges: z.array(z.object({ low: bound, high: bound })) }),
          }),
        ),
      }),
    }),
  ),
});

type Scan = z.infer<typeof shape>["inputTableColumnInfos"][number];
type Range = Scan["constraint"]["columnConstraints"][number]["domain"]["ranges"][number];

export function judgePlan(facts: PlanFacts): DoubtAnswer {
  const doubt = "partitions-read";
  const scans = scansOf(facts.plan);
  if (scans === undefined) return notSeen(doubt, "EXPLAIN answers in a form that is not known");
  const ofSegments = rangesOf(scans, facts.segments, "_segment");
  const ofChanges = rangesOf(scans, facts.changes, "dt");
  // breakage: whole-tables-contradict
  if ([...ofSegments, ...ofChanges].some((ranges) => ranges === "all"))
    return contradicted(doubt, "a statement on the view would read all partitions of a table");
  const segments = (ofSegments as readonly (readonly Range[])[]).flat();
  const live = new Set(facts.live);
  const others = segments.filter((range) => !isWithin(range, live)).length;
  // breakage: other-segments-contradict
  if (others > 0)
    return contradicted(doubt, `${counted(others, "partition")} would be read that are not live segments`);
  const days = (ofChanges as readonly (readonly Range[])[]).flat();
  const older = days.filter(({ low: { value = "" } }) => value < facts.sinceDay).length;
  // breakage: older-days-contradict
  if (older > 0)
    return contradicted(doubt, `hours before ${facts.sinceDay} would be read, which the view does not need`);
  const named = new Set(segments.map(({ low: { value = "" } }) => value)).size;
  const log = days.length === 0 ? "none of the change log" : `the change log since ${facts.sinceDay}`;
  return seen(
    doubt,
    `EXPLAIN names ${grouped(named)} of ${counted(live.size, "live segment")}, no others, and ${log}`,
  );
}

function scansOf(plan: string): readonly Scan[] | undefined {
  try {
    const checked = checkedShape(shape, JSON.parse(plan));
    return checked.success ? checked.data.inputTableColumnInfos : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Of each scan of the table: the column's ranges, or "all". */
function rangesOf(
  scans: readonly Scan[],
  table: string,
  column: string,
): readonly (readonly Range[] | "all")[] {
  return scans
    .filter((scan) => scan.table.schemaTable.table === table && !scan.constraint.none)
    .map(
      ({ constraint }) =>
        constraint.columnConstraints.find(({ columnName }) => columnName === column)?.domain.ranges ?? "all",
    );
}

/** Both ends are live: a range of names is only used where it holds no others. */
function isWithin({ high, low }: Range, live: ReadonlySet<string>): boolean {
  return live.has(low.value ?? "") && live.has(high.value ?? "");
}
