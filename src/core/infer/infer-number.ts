/** The type of a column of numbers: one that later numbers fit as well, as far as the sample can tell. */
import type { ScalarType } from "../schema/column-type.ts";
import type { NumberShape } from "./infer-shape.ts";

export interface NumberDecision {
  /** Undefined where no type holds nine in ten of the numbers. */
  readonly type: ScalarType | undefined;
  /** Why some of the numbers do not come back from the type. */
  readonly inexact?: string;
}

const DIGITS_MAX = 38;
const MAJORITY = 0.9;

/**
 * bigint for whole numbers, since int would lose the first larger one; decimal(38,s) with room for more digits on both sides;
 * double only where decimals cannot hold what doubles can.
 */
export function decideNumber(shape: NumberShape): NumberDecision {
  if (shape.bigints === shape.count) return { type: { kind: "bigint" } };
  if (shape.wholeDigits + shape.fractionDigits <= DIGITS_MAX) return { type: decimal(scaleWithRoom(shape)) };
  if (shape.doubles === shape.count) return { type: { kind: "double" } };
  const kind = shape.doubles > shape.bigints ? "double" : "bigint";
  const misfits = shape.count - Math.max(shape.doubles, shape.bigints);
  const inexact = `${misfits} of ${shape.count} numbers do not fit ${kind}, nor all of them any decimal`;
  if (misfits > shape.count * (1 - MAJORITY)) return { type: undefined, inexact };
  return { type: { kind }, inexact };
}

/** Keys are compared and joined, so that they are never doubles. */
export function decideKeyNumber(shape: NumberShape): NumberDecision {
  if (shape.bigints === shape.count) return { type: { kind: "bigint" } };
  if (shape.wholeDigits + shape.fractionDigits <= DIGITS_MAX) return { type: decimal(scaleWithRoom(shape)) };
  const scale = Math.min(shape.fractionDigits, Math.max(0, DIGITS_MAX - shape.wholeDigits));
  return {
    type: decimal(scale),
    inexact: `some of its numbers need more digits than decimal(38,${scale}) has`,
  };
}

/** As many digits again after the point as were seen, at least two, but never more than half of those that are free. */
function scaleWithRoom({ wholeDigits, fractionDigits }: NumberShape): number {
  if (fractionDigits === 0) return 0;
  const free = DIGITS_MAX - wholeDigits - fractionDigits;
  return fractionDigits + Math.min(Math.max(fractionDigits, 2), Math.floor(free / 2));
}

function decimal(scale: number): ScalarType {
  return { kind: "decimal", precision: DIGITS_MAX, scale };
}
