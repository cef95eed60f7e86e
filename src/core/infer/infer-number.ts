/** The type of a number column: wide enough that later numbers are likely to fit. */
import { counted } from "../counted.ts";
import { type ScalarType, schemaTypeText } from "../schema/column-type.ts";
import type { Digits } from "../schema/widening.ts";
import type { NumberShape } from "./infer-shape.ts";
import { DIGITS_MAX, mostHeld, totalDigits } from "./number-digits.ts";

export interface NumberDecision {
  /** Undefined if no type of numbers holds nine in ten of them. */
  readonly type: ScalarType | undefined;
  /** Why some of the numbers do not fit the type. */
  readonly inexact?: string;
}

/** One long number must not leave the others too little room before the point. */
const ROOM_MAX = 4;
/** At most one in so many numbers may not fit. */
const MISFITS_ONE_IN = 10;

/** How many more digits than were seen a side of the point gets, of those that are free: none where it has none. */
export function roomBeside(digits: number, free: number): number {
  return digits === 0 ? 0 : Math.min(Math.max(digits, 2), ROOM_MAX, Math.floor(free / 2)); // breakage: room-beside-long-numbers
}

/**
 * bigint for whole numbers, because int would not hold larger ones; decimal(38,s) with room for more digits on both sides. A type
 * of exact numbers that holds nine in ten of them comes before double, which holds more and adds inexactly: one odd number does not
 * make the sum of all others inexact.
 */
export function decideNumber(shape: NumberShape): NumberDecision {
  const { count, bigints, doubles, digits } = shape;
  if (bigints === count) return { type: { kind: "bigint" } };
  const most = mostHeld(digits);
  const strays = totalDigits(digits) - most.count;
  if (strays === 0) return { type: decimal(scaleWithRoom(most)) };
  const exact: Candidate =
    count - bigints <= strays
      ? { type: { kind: "bigint" }, misfits: count - bigints }
      : { type: decimal(scaleWithRoom(most)), misfits: strays };
  // breakage: exact-types-come-before-double
  if (isMost(exact, count)) return { type: exact.type, inexact: inexactText(exact, count) };
  const double: Candidate = { type: { kind: "double" }, misfits: count - doubles };
  if (double.misfits === 0) return { type: double.type };
  const inexact = inexactText(double.misfits < exact.misfits ? double : exact, count);
  return isMost(double, count) ? { type: double.type, inexact } : { type: undefined, inexact };
}

interface Candidate {
  readonly type: ScalarType;
  /** The number of numbers that it does not hold. */
  readonly misfits: number;
}

function isMost({ misfits }: Candidate, count: number): boolean {
  return misfits * MISFITS_ONE_IN <= count;
}

function inexactText({ type, misfits }: Candidate, count: number): string {
  const fit = misfits === 1 ? "does not fit" : "do not fit";
  return `${misfits} of ${counted(count, "number")} ${fit} ${schemaTypeText(type)}, and no decimal type fits all of them`;
}

/** Never double, because keys are compared and joined. */
export function decideKeyNumber(shape: NumberShape): NumberDecision {
  if (shape.bigints === shape.count) return { type: { kind: "bigint" } };
  const most = mostHeld(shape.digits);
  const type = decimal(scaleWithRoom(most));
  if (most.count === totalDigits(shape.digits)) return { type };
  return { type, inexact: `some of its numbers need more digits than ${schemaTypeText(type)} has` };
}

function scaleWithRoom({ whole, fraction }: Digits): number {
  return fraction + roomBeside(fraction, DIGITS_MAX - whole - fraction);
}

function decimal(scale: number): ScalarType {
  return { kind: "decimal", precision: DIGITS_MAX, scale };
}
