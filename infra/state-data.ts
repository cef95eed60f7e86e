/**
 * The data of a state machine by the names of the contracts: where a function's answer is kept, and what a state is given. A name
 * that a contract does not have does not compile.
 */
import type { State } from "./states.ts";

/** A reference path, or a path into the context object. */
export type Path = `$.${string}` | `$$.${string}`;

type Member<T> = T extends unknown ? keyof T & string : never;
type Value<T, Name extends string> = T extends { readonly [Key in Name]?: infer Found } ? Found : never;

/** Something that a machine keeps: an answer, or its input. */
export interface Kept<T> {
  /** Where it is kept. */
  readonly path: `$.${string}`;
  /** The path of one of its members. */
  readonly at: (name: Member<T>) => `$.${string}`;
  /** A rule of a Choice: the member has this value. */
  readonly is: <Name extends Member<T>>(name: Name, value: Value<T, Name> & Comparable) => State;
}

type Comparable = string | number | boolean;

export function kept<T>(path: `$.${string}`): Kept<T> {
  const at = (name: string): `$.${string}` => `${path}.${name}`;
  return { path, at, is: (name, value) => ({ Variable: at(name), ...comparison(value) }) };
}

function comparison(value: Comparable): State {
  if (typeof value === "boolean") return { BooleanEquals: value };
  return typeof value === "number" ? { NumericEquals: value } : { StringEquals: value };
}

/** What a function or a topic is given: each member is a value, or the path of one. */
export function given<T extends object>(
  members: {
    readonly [Name in keyof T]: Path | (T[Name] & Comparable);
  },
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) =>
      typeof value === "string" && value.startsWith("$") ? [`${name}.$`, value] : [name, value],
    ),
  );
}
