/** The type of a number column: wide enough that later numbers are likely to fit. */
import { counted } from "../counted.ts";
import type { ScalarType } from "../schema/column-type.ts";
import type { NumberShape } from "./infer-shape.ts";

export interface NumberDecision {
  /** Undefined if no type holds nine in ten of the numbers. */
  readonly type: ScalarType | undefined;
  /** Why some of the numbers do not fit the type. */
  readonly inexact?: string;
}

const DIGITS_MAX = 38;
/** One long number must not leave the others too little room before the point. */
const ROOM_MAX = 4;
const MAJORITY = 0.9;

/** How many more digits than were seen a side of the point gets, of those that are free: none where it has none. */
export function roomBeside(digits: number, free: number): number {
  return digits === 0 ? 0 : Math.min(Math.max(digits, 2), ROOM_MAX, Math.floor(free / 2)); // breakage: room-beside-long-numbers
}

/**
 * bigint for whole numbers, because int would not hold larger ones; decimal(38,s) with room for more digits on both sides;
 * double only if it holds the numbers and no decimal does.
 */
export function decideNumber(shape: NumberShape): NumberDecision {
  if (shape.bigints === shape.count) return { type: { kind: "bigint" } };
  if (shape.wholeDigits + shape.fractionDigits <= DIGITS_MAX) return { type: decimal(scaleWithRoom(shape)) };
  if (shape.doubles === shape.count) return { type: { kind: "double" } };
  const kind = shape.doubles > shape.bigints ? "double" : "bigint";
  const misfits = shape.count - Math.max(shape.doubles, shape.bigints);
  const fit = misfits === 1 ? "does not fit" : "do not fit";
  const inexact = `${misfits} of ${counted(shape.count, "number")} ${fit} ${kind}, and no decimal type fits all of them`;
  if (misfits > shape.count * (1 - MAJORITY)) return { type: undefined, inexact };
  return { type: { kind }, inexact };
}

/** Never double, because keys are compared and joined. */
export function decideKeyNumber(shape: NumberShape): NumberDecision {
  if (shape.bigints === shape.count) return { type: { kind: "bigint" } };
  if (shape.wholeDigits + shape.fractionDigits <= DIGITS_MAX) return { type: decimal(scaleWithRoom(shape)) };
  const scale = Math.min(shape.fractionDigits, Math.max(0, DIGITS_MAX - shape.wholeDigits));
  return {
    type: decimal(scale),
    inexact: `some of its numbers need more digits than decimal(38,${scale}) has`,
  };
}

function scaleWithRoom({ wholeDigits, fractionDigits }: NumberShape): number {
  return fractionDigits + roomBeside(fractionDigits, DIGITS_MAX - wholeDigits - fractionDigits);
}

function decimal(scale: number): ScalarType {
  return { kind: "decimal", precision: DIGITS_MAX, scale };
}
