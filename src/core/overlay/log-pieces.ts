/**
 * How a reader that stays open reads the change log. A busy stream delivers several objects a second, each of which costs time to open;
 * the reader keeps their rows in pieces of many, and opens only those objects that came since.
 */
import { batchesOf } from "../batches-of.ts";
import type { ChangeObject } from "../format/lake-path.ts";

/** A file with the rows of some objects, all of them. */
export interface LogPiece {
  readonly file: string;
  /** Their paths. No two pieces have one in common. */
  readonly objects: ReadonlySet<string>;
}

/** All rows of the objects that a statement reads: those of the pieces, and those of the other objects. */
export interface LogReading {
  /**
   * Pieces have other objects' rows, too, if these were joined with one that is read. The statement's window leaves out those that are
   * too old; others were delivered since its listing, and make its answer newer.
   */
  readonly pieces: readonly LogPiece[];
  readonly others: readonly ChangeObject[];
}

export function readingOf(pieces: readonly LogPiece[], objects: readonly ChangeObject[]): LogReading {
  const read = new Set(objects.map(({ path }) => path));
  // breakage: pieces-without-objects-are-not-read
  const needed = pieces.filter((piece) => [...piece.objects].some((path) => read.has(path)));
  const kept = new Set(needed.flatMap((piece) => [...piece.objects]));
  return { pieces: needed, others: objects.filter(({ path }) => !kept.has(path)) }; // breakage: joined-objects-are-read-once
}

/** So many objects take about as long to open as to join. */
const JOINED_MIN = 32;
/** A piece is read for as long as one of its objects is. */
const JOINED_MAX = 128;

/** Objects without a piece, as pieces should be made of them: those of one time together. None where they are few. */
export function piecesToMake(others: readonly ChangeObject[]): readonly (readonly ChangeObject[])[] {
  if (others.length < JOINED_MIN) return [];
  const timeOf = ({ newestChangeSeconds: newest = Number.MAX_SAFE_INTEGER }: ChangeObject): number => newest;
  const ordered = [...others].sort((one, other) => timeOf(one) - timeOf(other));
  return batchesOf(ordered, JOINED_MAX);
}
