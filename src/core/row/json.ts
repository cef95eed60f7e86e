/**
 * Columns of type json: any value as plain JSON, numbers and binary values as JSON strings. Only strings, booleans,
 * nulls, lists and maps come back from it alone.
 */
import { type AttributeValue, type Item, NULL_VALUE } from "../values/attribute-value.ts";
import { jsonString } from "../values/json-string.ts";
import { Inexact, MISFIT, type WireValue } from "./encoding.ts";

export function jsonText(value: AttributeValue): WireValue | Inexact {
  if ("NULL" in value) return MISFIT;
  const exactness = { exact: true };
  const text = plainText(value, exactness);
  return exactness.exact ? text : new Inexact(text);
}

/** Text, and not an object: those of JavaScript put names that are whole numbers first. */
function plainText(value: AttributeValue, exactness: { exact: boolean }): string {
  if ("S" in value) return jsonString(value.S);
  if ("BOOL" in value) return String(value.BOOL);
  if ("NULL" in value) return "null";
  if ("L" in value) return `[${value.L.map((element) => plainText(element, exactness)).join(",")}]`;
  if ("M" in value) {
    const map = value.M;
    const members = Object.keys(map)
      .sort()
      .map((name) => `${jsonString(name)}:${plainText(map[name] as AttributeValue, exactness)}`);
    return `{${members.join(",")}}`;
  }
  exactness.exact = false;
  return JSON.stringify(Object.values(value)[0]);
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
