/**
 * One item as tools other than ExportTableToPointInTime write it: `aws dynamodb scan`, dynalake's `items`, and the exports of
 * AWS Data Pipeline and EMR, which have several spellings of the types and, before 2014, a form of Hive. Source: the
 * emr-dynamodb-connector, whose DynamoDBItemWritable reads both spellings and that form.
 */
import { parseRecord, Rejection } from "../change/change.ts";
import { type Item, readItem, UnreadableValue } from "../values/attribute-value.ts";

/** Between an attribute's name and its value, and between attributes, in the form of Hive. */
const [NAME_END, VALUE_END] = ["\u0003", "\u0002"];

/** The item in a text; throws Rejection. */
export function readItemText(text: string): Item {
  try {
    return text.includes(NAME_END) ? itemOfHive(text) : itemOf(parseRecord(text));
  } catch (error) {
    if (error instanceof UnreadableValue) throw new Rejection("unreadable-value", error.message);
    throw error;
  }
}

/** `{"Item": {...}}` wraps an item, unless that makes no sense: an attribute may be called "Item", too. */
function itemOf(json: unknown): Item {
  const { Item: wrapped, ...others } = (json ?? {}) as { readonly Item?: unknown };
  if (wrapped !== undefined && Object.keys(others).length === 0) {
    try {
      return readItem(withUsualTypes(wrapped, 0));
    } catch (error) {
      if (!(error instanceof UnreadableValue)) throw error;
    }
  }
  return readItem(withUsualTypes(json, 0));
}

function itemOfHive(text: string): Item {
  const attributes = text.split(VALUE_END).map((attribute) => {
    const end = attribute.indexOf(NAME_END);
    if (end === -1) throw new UnreadableValue("an attribute has no name");
    return [attribute.slice(0, end), parseRecord(attribute.slice(end + 1))] as const;
  });
  const item = Object.fromEntries(attributes);
  if (Object.keys(item).length < attributes.length) throw new Rejection("duplicate-member");
  return itemOf(item);
}

/** The types' names in lower case, each with its usual one. */
const USUAL_TYPES: ReadonlyMap<string, string> = new Map([
  ...["S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL"].map(
    (type) => [type.toLowerCase(), type] as const,
  ),
  ["nullvalue", "NULL"],
]);

/** DynamoDB allows 32 levels; deeper ones are left for readItem to refuse. */
const DEPTH_MAX = 100;

/** A map of attributes whose values have the usual names of types, at all levels. */
function withUsualTypes(map: unknown, depth: number): unknown {
  if (typeof map !== "object" || map === null || Array.isArray(map) || depth > DEPTH_MAX) return map;
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, withUsualType(value, depth + 1)]),
  );
}

function withUsualType(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).map(([type, content]) => {
    const name = USUAL_TYPES.get(type.toLowerCase()) ?? type;
    if (name === "M") return [name, withUsualTypes(content, depth + 1)] as const;
    if (name === "L" && Array.isArray(content))
      return [name, content.map((element) => withUsualType(element, depth + 1))] as const;
    return [name, content] as const;
  });
  const usual = Object.fromEntries(members);
  if (Object.keys(usual).length < members.length)
    throw new UnreadableValue("an attribute value has two types");
  return usual;
}
