/** The column type for an attribute's values in the sample. docs/schemas.md has the rules. */
import { counted, grouped } from "../counted.ts";
import { type PartType, schemaTypeText } from "../schema/column-type.ts";
import {
  at,
  type Decision,
  exactly,
  mapOf,
  ofNumber,
  type Place,
  setOf,
  withInexact,
} from "./infer-decision.ts";
import { decideKeyNumber, decideNumber } from "./infer-number.ts";
import { allMembers, countOf, type NumberShape, type Shape, type ShapeKind } from "./infer-shape.ts";

/** The share of the values that must have one type for it to become the column's type. */
export const MAJORITY = 0.9;

/** Every statement repeats the text of a column's type. */
const TYPE_CHARACTERS_MAX = 8192;

const TOP: Place = { path: "", depth: 0, maps: 0 };
const STRING: PartType = { kind: "string" };
const KIND_NAMES: Readonly<Record<ShapeKind, string>> = {
  S: "string",
  N: "number",
  B: "binary",
  BOOL: "boolean",
  NULL: "null",
  SS: "string set",
  NS: "number set",
  BS: "binary set",
  L: "list",
  M: "map",
  deep: "deeper list, map or set",
};

/** The type of an attribute's values. */
export function decideAttribute(attribute: string, shape: Shape): Decision {
  const decision = decide(shape, { ...TOP, path: attribute });
  if (decision.kind === "type" && schemaTypeText(decision.type).length > TYPE_CHARACTERS_MAX) {
    return { kind: "mixed", why: "its maps have too many different members" };
  }
  return decision;
}

/** The type of a key attribute: one that every value of its DynamoDB type fits, if possible. */
export function decideKey(shape: Shape | undefined): Decision {
  const counts = shape?.counts ?? {};
  const kinds = (["S", "N", "B"] as const).filter((kind) => counts[kind] !== undefined);
  if (shape === undefined || kinds.length === 0) {
    const why = "no item of the sample has it as a string, number or binary value; string is assumed";
    const decision = exactly(STRING);
    return shape === undefined ? { ...decision, assumed: [why] } : { ...decision, inexact: [why] };
  }
  const kind = kinds.reduce((a, b) => ((counts[b] ?? 0) > (counts[a] ?? 0) ? b : a));
  const others = countOf(shape) - (counts[kind] ?? 0);
  const misfits = `it is not of type ${KIND_NAMES[kind]} in ${grouped(others)} of ${counted(countOf(shape), "item")}`;
  return withInexact(decideKeyKind(kind, shape), others === 0 ? [] : [misfits]);
}

function decideKeyKind(kind: "S" | "N" | "B", shape: Shape): Decision {
  if (kind === "N") return ofNumber(decideKeyNumber(shape.numbers as NumberShape), TOP);
  return exactly(kind === "S" ? STRING : { kind: "binary" });
}

function decide(shape: Shape, place: Place): Decision {
  const { NULL: _, ...counts } = shape.counts;
  const kinds = new Map(Object.entries(counts) as [Exclude<ShapeKind, "NULL">, number][]);
  const total = [...kinds.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) {
    return { kind: "nothing", why: `${at(place)}every value is NULL`, guess: STRING, onlyNull: true };
  }
  const inexact: string[] = [];
  // An empty list among other types suggests nothing: sets cannot be empty, so programs write [] instead.
  if (kinds.size > 1 && kinds.get("L") === shape.emptyLists) {
    kinds.delete("L");
    inexact.push(
      `${at(place)}${shareOf(shape.emptyLists, total)} ${shape.emptyLists === 1 ? "an empty list" : "empty lists"}`,
    );
  }
  const ordered = [...kinds].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const [kind, count] = ordered[0] as (typeof ordered)[number];
  const typedTotal = ordered.reduce((sum, [, n]) => sum + n, 0);
  if (kind === "deep" || count < typedTotal * MAJORITY) {
    const list = ordered.map(([other, n]) => `${grouped(n)} ${KIND_NAMES[other]}`).join(", ");
    const why =
      kind === "deep" ? "the values are nested too deeply" : `the values have several types (${list})`;
    return { kind: "mixed", why: at(place) + why };
  }
  if (count < typedTotal)
    inexact.push(`${at(place)}${shareOf(typedTotal - count, typedTotal)} not of type ${KIND_NAMES[kind]}`);
  return withInexact(decideKind(kind, shape, place), inexact);
}

function decideKind(kind: Exclude<ShapeKind, "NULL" | "deep">, shape: Shape, place: Place): Decision {
  switch (kind) {
    case "S":
      return exactly(stringType(shape));
    case "N":
      return ofNumber(decideNumber(shape.numbers as NumberShape), place);
    case "B":
      return exactly({ kind: "binary" });
    case "BOOL":
      return exactly({ kind: "boolean" });
    case "SS":
      return setOf(exactly(STRING), place);
    case "BS":
      return setOf(exactly({ kind: "binary" }), place);
    case "NS":
      return setOf(ofNumber(decideNumber(shape.setNumbers as NumberShape), place), place);
    case "L":
    case "M":
      if (shape.coarse) return { kind: "mixed", why: "its values have too many different members" };
      return kind === "L" ? decideList(shape, place) : decideMap(shape, place);
  }
}

/** "3 of 100 values are", "1 of 100 values is". */
function shareOf(count: number, total: number): string {
  return `${grouped(count)} of ${counted(total, "value")} ${count === 1 ? "is" : "are"}`;
}

/** A date or timestamp only if such a column restores every string exactly. */
function stringType(shape: Shape): PartType {
  if (shape.dates === shape.counts.S) return { kind: "date" };
  if (shape.timestamps === shape.counts.S) return { kind: "timestamp" };
  return STRING;
}

function decideList(shape: Shape, place: Place): Decision {
  const below = { path: `${place.path}[]`, depth: place.depth + 1, maps: place.maps };
  if (shape.element === undefined) {
    const guess: PartType = { kind: "array", element: STRING };
    return { kind: "nothing", why: `${at(place)}every list is empty`, guess, onlyNull: false };
  }
  const element = decide(shape.element, below);
  if (element.kind === "type") return { ...element, type: { kind: "array", element: element.type } };
  if (element.kind !== "nothing") return element;
  return { ...element, guess: { kind: "array", element: element.guess }, onlyNull: false };
}

function decideMap(shape: Shape, place: Place): Decision {
  const below = { path: `${place.path}{}`, depth: place.depth + 1, maps: place.maps + 1 };
  if (shape.member === undefined && shape.members === undefined) {
    const guess: PartType = { kind: "map", value: STRING };
    return { kind: "nothing", why: `${at(place)}every map is empty`, guess, onlyNull: false };
  }
  const members = shape.members;
  const values = (): Decision => decide(allMembers(shape, place), below);
  if (members === undefined || hasTwins([...members.keys()])) return mapOf(values());
  const seen = [...members.values()].reduce((sum, member) => sum + countOf(member), 0);
  if (seen > (members.size * (shape.counts.M ?? 0)) / 2) return structOf(members, place);
  const merged = values();
  if (merged.kind === "nothing" || (merged.kind === "type" && merged.inexact.length === 0))
    return mapOf(merged);
  return seen >= 2 * members.size ? structOf(members, place) : mapOf(merged);
}

/** Whether two of the names are the same in SQL. */
function hasTwins(names: readonly string[]): boolean {
  return new Set(names.map((name) => name.toLowerCase())).size < names.length;
}

function structOf(members: ReadonlyMap<string, Shape>, place: Place): Decision {
  const fields: { attribute: string; name: string; type: PartType }[] = [];
  const inexact: string[] = [];
  const assumed: string[] = [];
  for (const attribute of [...members.keys()].sort()) {
    const below = { path: `${place.path}.${attribute}`, depth: place.depth + 1, maps: place.maps + 1 };
    const field = decide(members.get(attribute) as Shape, below);
    if (field.kind === "mixed") return field;
    if (field.kind === "nothing" && field.onlyNull) {
      inexact.push(`${field.why}, so it is not a field`);
      continue;
    }
    if (field.kind === "nothing") assumed.push(`${field.why}; ${schemaTypeText(field.guess)} is assumed`);
    else {
      inexact.push(...field.inexact);
      assumed.push(...field.assumed);
    }
    const type = field.kind === "type" ? field.type : field.guess;
    fields.push({ attribute, name: attribute.toLowerCase(), type });
  }
  if (fields.length > 0)
    return { kind: "type", type: { kind: "struct", fields }, set: false, inexact, assumed };
  const guess: PartType = { kind: "map", value: STRING };
  return { kind: "nothing", why: `${at(place)}every member is NULL`, guess, onlyNull: false };
}
