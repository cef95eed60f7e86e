/**
 * Columns of type json: any value as plain JSON, numbers and binary values as JSON strings. Only strings, booleans,
 * nulls, lists and maps come back from it alone.
 */
import { type AttributeValue, type Item, NULL_VALUE } from "../attribute-value.ts";
import { Inexact, MISFIT, type WireValue } from "./encoding.ts";

export function jsonText(value: AttributeValue): WireValue | Inexact {
  if ("NULL" in value) return MISFIT;
  const exactness = { exact: true };
  const text = JSON.stringify(plain(value, exactness));
  return exactness.exact ? text : new Inexact(text);
}

function plain(value: AttributeValue, exactness: { exact: boolean }): unknown {
  if ("S" in value) return value.S;
  if ("BOOL" in value) return value.BOOL;
  if ("NULL" in value) return null;
  if ("L" in value) return value.L.map((element) => plain(element, exactness));
  if ("M" in value) {
    const map = value.M;
    const names = Object.keys(map).sort();
    return Object.fromEntries(names.map((name) => [name, plain(map[name] as AttributeValue, exactness)]));
  }
  exactness.exact = false;
  return Object.values(value)[0];
}

export function jsonFromText(text: string): AttributeValue {
  return fromPlain(JSON.parse(text));
}

function fromPlain(plainValue: unknown): AttributeValue {
  if (typeof plainValue === "string") return { S: plainValue };
  if (typeof plainValue === "boolean") return { BOOL: plainValue };
  if (plainValue === null) return NULL_VALUE;
  if (Array.isArray(plainValue)) return { L: plainValue.map(fromPlain) };
  const entries = Object.entries(plainValue as object).map(
    ([name, member]) => [name, fromPlain(member)] as const,
  );
  return { M: Object.fromEntries(entries) as Item };
}
