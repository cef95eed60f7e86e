/**
 * Arrays, maps and structs as JSON text. Every number inside is a JSON string, since engines read JSON numbers through a
 * double. What does not fit inside becomes null there, and the whole attribute is kept in `_unmapped` as well.
 */

import type { PartType, ScalarType, StructField } from "../schema/column-type.ts";
import { type AttributeValue, type Item, NULL_VALUE } from "../values/attribute-value.ts";
import { jsonString } from "../values/json-string.ts";
import { type Codec, Inexact, MISFIT, type WireValue } from "./encoding.ts";
import { scalarCodec } from "./scalar.ts";

type ArrayType = Extract<PartType, { kind: "array" }>;
type MapType = Extract<PartType, { kind: "map" }>;
type StructType = Extract<PartType, { kind: "struct" }>;

/** Whether all that was encoded so far comes back from the text alone. */
interface Exactness {
  exact: boolean;
}

export function nestedText(type: PartType, value: AttributeValue): WireValue | Inexact {
  const exactness: Exactness = { exact: true };
  const text = partText(type, value, exactness);
  if (text === undefined) return MISFIT;
  return exactness.exact ? text : new Inexact(text);
}

/** JSON text of one part, or undefined where it does not fit at all. */
function partText(type: PartType, value: AttributeValue, exactness: Exactness): string | undefined {
  switch (type.kind) {
    case "array":
      return arrayText(type, value, exactness);
    case "map":
      return mapText(type, value, exactness);
    case "struct":
      return structText(type, value, exactness);
    default:
      return leafText(type, value, exactness);
  }
}

const leafCodecs = new WeakMap<ScalarType, Codec>();

function leafCodec(type: ScalarType): Codec {
  let codec = leafCodecs.get(type);
  if (codec === undefined) {
    codec = scalarCodec(type);
    leafCodecs.set(type, codec);
  }
  return codec;
}

function leafText(type: ScalarType, value: AttributeValue, exactness: Exactness): string | undefined {
  const encoded = leafCodec(type).encode(value);
  if (!(encoded instanceof Inexact)) return wireText(encoded);
  exactness.exact = false;
  return encoded.value === null ? undefined : wireText(encoded.value);
}

function wireText(wire: WireValue): string {
  return typeof wire === "boolean" ? String(wire) : jsonString(String(wire));
}

/** A null element is an explicit NULL; a misfitting element is null too, but then the text is inexact. */
function elementText(type: PartType, value: AttributeValue, exactness: Exactness): string {
  if ("NULL" in value) return "null";
  const text = partText(type, value, exactness);
  if (text !== undefined) return text;
  exactness.exact = false;
  return "null";
}

function arrayText(type: ArrayType, value: AttributeValue, exactness: Exactness): string | undefined {
  if (!("L" in value)) return setAsArrayText(type, value, exactness);
  let text = "[";
  for (const element of value.L) {
    if (text.length > 1) text += ",";
    text += elementText(type.element, element, exactness);
  }
  return `${text}]`;
}

/** A set in an array declared from a list shows its members, but does not come back as a set. */
function setAsArrayText(type: ArrayType, value: AttributeValue, exactness: Exactness): string | undefined {
  const [name = "", members] = Object.entries(value)[0] ?? [];
  if (name !== "SS" && name !== "NS" && name !== "BS") return undefined;
  exactness.exact = false;
  const elements = (members as readonly string[]).map(
    (member) => ({ [name.charAt(0)]: member }) as unknown as AttributeValue,
  );
  return arrayText(type, { L: elements }, exactness);
}

function mapText(type: MapType, value: AttributeValue, exactness: Exactness): string | undefined {
  if (!("M" in value)) return undefined;
  let text = "{";
  for (const name of Object.keys(value.M).sort()) {
    if (text.length > 1) text += ",";
    text += `${jsonString(name)}:${elementText(type.value, value.M[name] as AttributeValue, exactness)}`;
  }
  return `${text}}`;
}

/** Fields in the order of the type. An attribute that is no field, or an explicit NULL, makes the text inexact. */
function structText(type: StructType, value: AttributeValue, exactness: Exactness): string | undefined {
  if (!("M" in value)) return undefined;
  const map = value.M;
  let text = "{";
  let found = 0;
  for (const field of type.fields) {
    if (!Object.hasOwn(map, field.attribute)) continue;
    found++;
    const part = fieldText(field, map[field.attribute] as AttributeValue, exactness);
    if (part === undefined) exactness.exact = false;
    else text += text.length > 1 ? `,${part}` : part;
  }
  if (found !== Object.keys(map).length) exactness.exact = false;
  return `${text}}`;
}

function fieldText(field: StructField, value: AttributeValue, exactness: Exactness): string | undefined {
  const text = partText(field.type, value, exactness);
  return text === undefined ? undefined : `"${field.name}":${text}`;
}

/** The attribute value whose exact encoding the text is. */
export function nestedFromText(type: PartType, text: string): AttributeValue {
  return fromJson(type, JSON.parse(text));
}

function fromJson(type: PartType, json: unknown): AttributeValue {
  if (json === null) return NULL_VALUE;
  switch (type.kind) {
    case "array":
      return { L: (json as readonly unknown[]).map((element) => fromJson(type.element, element)) };
    case "map": {
      const entries = Object.entries(json as object).map(
        ([name, member]) => [name, fromJson(type.value, member)] as const,
      );
      return { M: Object.fromEntries(entries) as Item };
    }
    case "struct":
      return structFromJson(type, json as Record<string, unknown>);
    default:
      return leafCodec(type).decode(json as NonNullable<WireValue>) as AttributeValue;
  }
}

/** A field that is null or missing was not there. */
function structFromJson(type: StructType, json: Record<string, unknown>): AttributeValue {
  const entries: [string, AttributeValue][] = [];
  for (const field of type.fields) {
    const member = Object.hasOwn(json, field.name) ? json[field.name] : null;
    if (member !== null && member !== undefined)
      entries.push([field.attribute, fromJson(field.type, member)]);
  }
  return { M: Object.fromEntries(entries) as Item };
}
