/**
 * What inference remembers of the values at one place: counts, never the values. Shapes can be merged, and do not depend on
 * the order of the values.
 */
import { Inexact } from "../row/encoding.ts";
import { scalarCodec } from "../row/scalar.ts";
import type { AttributeValue, Item } from "../values/attribute-value.ts";
import { addDigits, type DigitCounts, mergedDigits } from "./number-digits.ts";

/** A type of DynamoDB, or "deep" for a list, map or set that is nested too deeply for a column type. */
export type ShapeKind = "S" | "N" | "B" | "BOOL" | "NULL" | "SS" | "NS" | "BS" | "L" | "M" | "deep";

export interface Shape {
  /** The number of values of each type. */
  readonly counts: { [kind in ShapeKind]?: number };
  /** The number of strings that a date column restores exactly; `timestamps` for a timestamp column. */
  dates: number;
  timestamps: number;
  emptyLists: number;
  numbers: NumberShape | undefined;
  setNumbers: NumberShape | undefined;
  /** All elements of all lists. */
  element: Shape | undefined;
  /** The members of the maps by name, while the names can be those of a struct's fields. */
  members: Map<string, Shape> | undefined;
  /** All members of all maps, once a name cannot be that of a struct's field. */
  member: Shape | undefined;
  /** What is within lists and maps was forgotten, because it needs too much room. */
  coarse: boolean;
}

export interface NumberShape {
  count: number;
  bigints: number;
  doubles: number;
  /** By their digits before and after the decimal point. A single zero before it does not count. */
  digits: DigitCounts;
}

/** Levels of an inferred column type. DynamoDB allows 32. */
const DEPTH_MAX = 16;

/** A map with more different members uses names as data. Nested maps get fewer, because the numbers multiply. */
const FIELDS_MAX = [100, 50, 20, 10];

/** A name that begins with a digit is usually an identifier and not a field. */
const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const date = scalarCodec({ kind: "date" });
const timestamp = scalarCodec({ kind: "timestamp" });
const bigint = scalarCodec({ kind: "bigint" });
const double = scalarCodec({ kind: "double" });

export function shapeOf(): Shape {
  return {
    counts: {},
    dates: 0,
    timestamps: 0,
    emptyLists: 0,
    numbers: undefined,
    setNumbers: undefined,
    element: undefined,
    members: undefined,
    member: undefined,
    coarse: false,
  };
}

/** The number of values, explicit NULLs included. */
export function countOf(shape: Shape): number {
  return Object.values(shape.counts).reduce((sum, count) => sum + count, 0);
}

/** About the bytes that a shape without parts needs as JSON. */
const SHAPE_BYTES = 80;
const DIGITS_BYTES = 12;

/** About the bytes that the shape needs as JSON. */
export function bytesOf(shape: Shape): number {
  let bytes = SHAPE_BYTES;
  for (const numbers of [shape.numbers, shape.setNumbers])
    bytes += (numbers?.digits.size ?? 0) * DIGITS_BYTES;
  if (shape.element !== undefined) bytes += bytesOf(shape.element);
  if (shape.member !== undefined) bytes += bytesOf(shape.member);
  for (const [name, member] of shape.members ?? []) bytes += name.length + bytesOf(member);
  return bytes;
}

/** Forgets what is within lists and maps, for good. */
export function coarsen(shape: Shape): void {
  shape.element = undefined;
  shape.members = undefined;
  shape.member = undefined;
  shape.coarse = true;
}

/** The place of a value within its attribute. */
interface Level {
  readonly depth: number;
  /** The number of enclosing maps. */
  readonly maps: number;
}

const TOP: Level = { depth: 0, maps: 0 };

/** Adds a value, read by `readItem`, to the shape. */
export function observeValue(shape: Shape, value: AttributeValue, level: Level = TOP): void {
  const [kind = "NULL"] = Object.keys(value) as ShapeKind[];
  // breakage: sets-have-a-level-too
  if (level.depth >= DEPTH_MAX && ["L", "M", "SS", "NS", "BS"].includes(kind)) {
    add(shape, "deep", 1);
    return;
  }
  add(shape, kind, 1);
  if ("S" in value) observeString(shape, value);
  else if ("N" in value) {
    shape.numbers ??= numberShapeOf();
    observeNumber(shape.numbers, value.N);
  } else if ("NS" in value) {
    shape.setNumbers ??= numberShapeOf();
    for (const member of value.NS) observeNumber(shape.setNumbers, member);
  } else if ("L" in value) {
    if (value.L.length === 0) shape.emptyLists++;
    if (shape.coarse) return;
    const below = { depth: level.depth + 1, maps: level.maps };
    for (const element of value.L) {
      shape.element ??= shapeOf();
      observeValue(shape.element, element, below);
    }
  } else if ("M" in value && !shape.coarse) observeMap(shape, value.M, level);
}

function observeString(shape: Shape, value: AttributeValue): void {
  if (!(date.encode(value) instanceof Inexact)) shape.dates++;
  if (!(timestamp.encode(value) instanceof Inexact)) shape.timestamps++;
}

function observeMap(shape: Shape, map: Item, level: Level): void {
  const below = { depth: level.depth + 1, maps: level.maps + 1 };
  for (const name in map) observeValue(memberOf(shape, name, level), map[name] as AttributeValue, below);
}

/** The shape of the members of this name; that of all members once their names cannot be field names. */
function memberOf(shape: Shape, name: string, level: Level): Shape {
  if (shape.member !== undefined) return shape.member;
  shape.members ??= new Map();
  const known = shape.members.get(name);
  if (known !== undefined) return known;
  const fieldsMax = FIELDS_MAX[Math.min(level.maps, FIELDS_MAX.length - 1)] as number;
  if (!FIELD_NAME.test(name) || shape.members.size >= fieldsMax) {
    shape.member = allMembers(shape, level);
    shape.members = undefined;
    return shape.member;
  }
  const member = shapeOf();
  shape.members.set(name, member);
  return member;
}

/** One shape for the members of all names. `level` is the level of the map. */
export function allMembers(shape: Shape, level: Level = TOP): Shape {
  const all = shapeOf();
  const below = { depth: level.depth + 1, maps: level.maps + 1 };
  if (shape.member !== undefined) merge(all, shape.member, below);
  for (const member of shape.members?.values() ?? []) merge(all, member, below);
  return all;
}

/** Adds `from` to `into`, and leaves `from` unchanged. */
export function merge(into: Shape, from: Shape, level: Level = TOP): void {
  for (const [kind, count] of Object.entries(from.counts)) add(into, kind as ShapeKind, count);
  into.dates += from.dates;
  into.timestamps += from.timestamps;
  into.emptyLists += from.emptyLists;
  into.numbers = mergedNumbers(into.numbers, from.numbers);
  into.setNumbers = mergedNumbers(into.setNumbers, from.setNumbers);
  if (from.coarse) coarsen(into);
  if (into.coarse) return;
  if (from.element !== undefined) {
    into.element ??= shapeOf();
    merge(into.element, from.element, { depth: level.depth + 1, maps: level.maps });
  }
  const below = { depth: level.depth + 1, maps: level.maps + 1 };
  if (from.member !== undefined) {
    if (into.member === undefined) {
      into.member = allMembers(into, level); // breakage: merged-maps-keep-their-members
      into.members = undefined;
    }
    merge(into.member, from.member, below);
  }
  for (const [name, member] of from.members ?? []) merge(memberOf(into, name, level), member, below);
}

/** The shape, as if it had been observed of so many values of each type as `counts` says, in equal shares. */
export function withCounts(shape: Shape, counts: Shape["counts"]): Shape {
  const factor = (kind: ShapeKind): number => (counts[kind] ?? 0) / (shape.counts[kind] ?? 1);
  return {
    ...shape,
    counts,
    dates: times(shape.dates, factor("S")),
    timestamps: times(shape.timestamps, factor("S")),
    emptyLists: times(shape.emptyLists, factor("L")),
    numbers: shape.numbers && numbersTimes(shape.numbers, factor("N")),
    setNumbers: shape.setNumbers && numbersTimes(shape.setNumbers, factor("NS")),
    element: shape.element && shapeTimes(shape.element, factor("L")),
    member: shape.member && shapeTimes(shape.member, factor("M")),
    members: shape.members && membersTimes(shape.members, factor("M")),
  };
}

/** Equal counts stay equal, and what was seen stays seen. */
function times(count: number, factor: number): number {
  return count === 0 ? 0 : Math.max(1, Math.round(count * factor));
}

function shapeTimes(shape: Shape, factor: number): Shape {
  const counts = Object.entries(shape.counts).map(([kind, count]) => [kind, times(count, factor)]);
  return withCounts(shape, Object.fromEntries(counts));
}

function membersTimes(members: ReadonlyMap<string, Shape>, factor: number): Map<string, Shape> {
  return new Map([...members].map(([name, member]) => [name, shapeTimes(member, factor)]));
}

function numbersTimes(shape: NumberShape, factor: number): NumberShape {
  return {
    ...shape,
    count: times(shape.count, factor),
    bigints: times(shape.bigints, factor),
    doubles: times(shape.doubles, factor),
    digits: new Map([...shape.digits].map(([digits, count]) => [digits, times(count, factor)])),
  };
}

function add(shape: Shape, kind: ShapeKind, count: number): void {
  shape.counts[kind] = (shape.counts[kind] ?? 0) + count;
}

function numberShapeOf(): NumberShape {
  return { count: 0, bigints: 0, doubles: 0, digits: new Map() };
}

/** `canonical` is a canonical number. */
function observeNumber(shape: NumberShape, canonical: string): void {
  const value = { N: canonical };
  shape.count++;
  if (!(bigint.encode(value) instanceof Inexact)) shape.bigints++;
  if (!(double.encode(value) instanceof Inexact)) shape.doubles++;
  const [whole = "", fraction = ""] = canonical.replace("-", "").split(".");
  addDigits(shape.digits, {
    whole: whole === "0" ? 0 : whole.length,
    fraction: fraction.length,
    count: 1,
  });
}

function mergedNumbers(a: NumberShape | undefined, b: NumberShape | undefined): NumberShape | undefined {
  if (a === undefined || b === undefined)
    return a ?? (b === undefined ? undefined : { ...b, digits: new Map(b.digits) });
  return {
    count: a.count + b.count,
    bigints: a.bigints + b.bigints,
    doubles: a.doubles + b.doubles,
    digits: mergedDigits(a.digits, b.digits),
  };
}
