/** What is decided of one place in an attribute's values: a type and what it leaves open, or why there is no type. */
import type { PartType } from "../schema/column-type.ts";
import type { NumberDecision } from "./infer-number.ts";

/** The type of one place, or why there is none. */
export type Decision =
  | {
      readonly kind: "type";
      readonly type: PartType;
      readonly set: boolean;
      /** Why some of the values seen do not come back from the type alone, a sentence each. */
      readonly inexact: readonly string[];
      /** What nothing was seen of, so that a type was taken for granted, a sentence each. */
      readonly assumed: readonly string[];
    }
  /** The values have several types. */
  | { readonly kind: "mixed"; readonly why: string }
  /** The values have one type, but no column type holds most of them. */
  | { readonly kind: "unfit"; readonly why: string }
  /** There are no values that tell a type; `guess` is one that holds what was seen. */
  | { readonly kind: "nothing"; readonly why: string; readonly guess: PartType; readonly onlyNull: boolean };

/** Where a shape lies: its path, for people, and the levels around it. */
export interface Place {
  readonly path: string;
  readonly depth: number;
  readonly maps: number;
}

export function exactly(type: PartType): Extract<Decision, { kind: "type" }> {
  return { kind: "type", type, set: false, inexact: [], assumed: [] };
}

export function ofNumber({ type, inexact }: NumberDecision, place: Place): Decision {
  const why = inexact === undefined ? [] : [at(place) + inexact];
  if (type === undefined) return { kind: "unfit", why: why.join() };
  return { kind: "type", type, set: false, inexact: why, assumed: [] };
}

/** Adds what is inexact besides. Values beside those that tell no type are no minority, but all there is. */
export function withInexact(decision: Decision, inexact: readonly string[]): Decision {
  const [why] = inexact;
  if (decision.kind === "nothing" && why !== undefined) return { kind: "mixed", why };
  if (decision.kind !== "type") return decision;
  return { ...decision, inexact: [...inexact, ...decision.inexact] };
}

export function setOf(element: Decision, place: Place): Decision {
  if (element.kind !== "type") return element;
  const type: PartType = { kind: "array", element: element.type };
  if (place.depth === 0) return { ...element, type, set: true };
  const why = `${at(place)}sets within other values come back from _unmapped only`;
  return { ...element, type, inexact: [...element.inexact, why] };
}

export function mapOf(value: Decision): Decision {
  if (value.kind === "type") return { ...value, set: false, type: { kind: "map", value: value.type } };
  if (value.kind !== "nothing") return value;
  return { ...value, guess: { kind: "map", value: value.guess }, onlyNull: false };
}

/** Names the place where it is not the attribute itself. */
export function at({ path, depth }: Place): string {
  return depth === 0 ? "" : `at ${path} `;
}
