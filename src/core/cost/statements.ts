/** How many statements Athena gets for a seed and for a compaction. */

/** The most parts that one statement writes (AWS: Athena user guide, "UNLOAD"). */
const PARTS_PER_STATEMENT = 100;
/** The newest change, the oldest late one, what is not in SQL, the delta itself, and its rows counted. */
export const MINOR_STATEMENTS = 5;
/** The keys of each part, newer rows than those of the deltas, the delta of what is left, and the rows counted. */
const MAJOR_STATEMENTS_BESIDE = 4;

/** Statements that write the base of so many parts: a seed has these, and a fold of all parts. */
export function writingStatements(parts: number): number {
  return Math.ceil(parts / PARTS_PER_STATEMENT);
}

/** Of a major compaction that rewrites so many parts. */
export function majorStatements(parts: number): number {
  return writingStatements(parts) + MAJOR_STATEMENTS_BESIDE; // breakage: fold-statements-by-parts
}
