/** What inference decides about one place in an attribute's values: a type with its reservations, or why there is none. */
import type { PartType } from "../schema/column-type.ts";
import type { NumberDecision } from "./infer-number.ts";

export type Decision =
  | {
      readonly kind: "type";
      readonly type: PartType;
      readonly set: boolean;
      /** Why the type alone cannot restore some of the values in the sample, a sentence each. */
      readonly inexact: readonly string[];
      /** Parts that the sample shows nothing of, so that a type was assumed, a sentence each. */
      readonly assumed: readonly string[];
    }
  /** The values have several types, or numbers that no type holds most of: json shows all of them. */
  | { readonly kind: "mixed"; readonly why: string }
  /** The values suggest no type; `guess` is one that holds them. */
  | { readonly kind: "nothing"; readonly why: string; readonly guess: PartType; readonly onlyNull: boolean };

/** The place of a shape: its path, for messages, and the levels around it. */
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
  if (type === undefined) return { kind: "mixed", why: why.join() };
  return { kind: "type", type, set: false, inexact: why, assumed: [] };
}

/** Adds reasons to a decision. If the other values suggest no type, the exceptions are all there is: the types are mixed. */
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
  const why = `${at(place)}sets inside other values are restored from _unmapped only`;
  return { ...element, type, inexact: [...element.inexact, why] };
}

export function mapOf(value: Decision): Decision {
  if (value.kind === "type") return { ...value, set: false, type: { kind: "map", value: value.type } };
  if (value.kind !== "nothing") return value;
  return { ...value, guess: { kind: "map", value: value.guess }, onlyNull: false };
}

/** Begins a sentence with the place, unless that is the attribute itself. */
export function at({ path, depth }: Place): string {
  return depth === 0 ? "" : `at ${path}, `;
}
