/**
 * DynamoDB's attribute values in DynamoDB JSON, the form that exports, Lambda events and `_unmapped` share. Source:
 * AttributeValue in the Amazon DynamoDB API reference. Binary values are base64 text, numbers are text.
 */
import { jsonString } from "./json-string.ts";
import { canonicalNumber, compareNumbers } from "./number.ts";

export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: Item };

/** Attribute name to value. Only own members count: an attribute may be called "constructor". */
export interface Item {
  readonly [attribute: string]: AttributeValue;
}

export const NULL_VALUE: AttributeValue = { NULL: true };

/** DynamoDB allows 32 levels; recorded events are given some room, the stack is not. */
const DEPTH_MAX = 100;

/** A value that no attribute can have; the message says why and quotes nothing of the value. */
export class UnreadableValue extends Error {}

/**
 * The item that `raw` (parsed JSON) means, or UnreadableValue. What has one meaning is accepted: nulls beside the
 * one type that is set, NULL: false, repeated members of a set. An item in the usual form is returned as it is, not copied.
 */
export function readItem(raw: unknown): Item {
  return readMap(raw, 0);
}

/** The attribute value that `raw` means, or UnreadableValue. */
export function readAttributeValue(raw: unknown): AttributeValue {
  return readValue(raw, 0);
}

function readMap(raw: unknown, depth: number): Item {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    throw new UnreadableValue("a map of attributes was expected");
  }
  const map = raw as Record<string, unknown>;
  let changed: Map<string, AttributeValue> | undefined;
  for (const name in map) {
    if (!name.isWellFormed()) throw new UnreadableValue("an attribute name is not valid Unicode");
    const raw = map[name];
    const value = readValue(raw, depth + 1);
    if (value === raw) continue;
    changed ??= new Map();
    changed.set(name, value);
  }
  if (changed === undefined) return map as Item;
  const entries = Object.entries(map as Item).map(
    ([name, value]) => [name, changed.get(name) ?? value] as const,
  );
  return Object.fromEntries(entries);
}

function readValue(raw: unknown, depth: number): AttributeValue {
  // breakage: value-depth-limited
  if (depth > DEPTH_MAX) throw new UnreadableValue(`values are nested deeper than ${DEPTH_MAX} levels`);
  if (typeof raw !== "object" || raw === null) throw new UnreadableValue("an attribute value has no type");
  const wrapper = raw as Record<string, unknown>;
  let type: string | undefined;
  let members = 0;
  let nullFalse = false;
  for (const name in wrapper) {
    members++;
    const content = wrapper[name];
    if (content === null || content === undefined) continue;
    if (name === "NULL" && content === false) nullFalse = true;
    else if (type === undefined) type = name;
    else throw new UnreadableValue("an attribute value has two types");
  }
  if (type === undefined) {
    if (nullFalse) return NULL_VALUE;
    throw new UnreadableValue("an attribute value has no type");
  }
  return readContent(wrapper, type, members === 1, depth);
}

/** `alone`: the wrapper has no other member, so that it can be returned as it is where its content is canonical. */
function readContent(
  wrapper: Record<string, unknown>,
  type: string,
  alone: boolean,
  depth: number,
): AttributeValue {
  const content = wrapper[type];
  let value: unknown = content;
  switch (type) {
    case "S":
      requireText(content);
      break;
    case "N":
      value = readNumber(content);
      break;
    case "B":
      value = readBase64(content);
      break;
    case "BOOL":
      if (typeof content !== "boolean") throw new UnreadableValue("a boolean is neither true nor false");
      break;
    case "NULL":
      if (content !== true) throw new UnreadableValue("a null is neither true nor false");
      break;
    case "SS":
      value = readSet(content, requireText);
      break;
    case "NS":
      value = readSet(content, readNumber, compareNumbers);
      break;
    case "BS":
      value = readSet(content, readBase64);
      break;
    case "L":
      value = readList(content, depth);
      break;
    case "M":
      value = readMap(content, depth);
      break;
    default:
      throw new UnreadableValue("an attribute value has an unknown type");
  }
  return (alone && value === content ? wrapper : { [type]: value }) as unknown as AttributeValue;
}

function readList(content: unknown, depth: number): readonly AttributeValue[] {
  if (!Array.isArray(content)) throw new UnreadableValue("a list is not a JSON array");
  let changed = false;
  const list = content.map((element) => {
    const value = readValue(element, depth + 1);
    if (value !== element) changed = true;
    return value;
  });
  return changed ? list : content;
}

/** The members in order and without repeats; `content` itself if it is already like that. */
function readSet(
  content: unknown,
  readMember: (raw: unknown) => string,
  compare: (a: string, b: string) => number = compareText,
): readonly string[] {
  if (!Array.isArray(content)) throw new UnreadableValue("a set is not a JSON array");
  let canonical = true;
  const members = content.map((raw, i) => {
    const member = readMember(raw);
    canonical &&= member === raw && (i === 0 || compare(content[i - 1], member) < 0);
    return member;
  });
  return canonical ? content : [...new Set(members)].sort(compare);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function requireText(raw: unknown): string {
  if (typeof raw !== "string") throw new UnreadableValue("a string value is not a JSON string");
  if (!raw.isWellFormed()) throw new UnreadableValue("a string is not valid Unicode");
  return raw;
}

/** A JSON number is refused: what was written is not known any more, since JSON.parse has rounded it. */
function readNumber(raw: unknown): string {
  const number = typeof raw === "string" ? canonicalNumber(raw) : undefined;
  if (number === undefined) throw new UnreadableValue("a number is not the text of a decimal number");
  return number;
}

/** Without a group that repeats: such a group would use up the stack on a long text. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const BASE64_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The one base64 text of the bytes (RFC 4648, section 4): the unused bits of the last digit are zero. */
function readBase64(raw: unknown): string {
  if (typeof raw !== "string" || raw.length % 4 !== 0 || !BASE64.test(raw))
    throw new UnreadableValue("a binary value is not base64");
  if (!raw.endsWith("=")) return raw;
  const unusedBits = raw.endsWith("==") ? 4 : 2;
  const lastAt = raw.length - (unusedBits === 4 ? 3 : 2);
  const digit = BASE64_DIGITS.indexOf(raw.charAt(lastAt));
  const cleared = (digit >> unusedBits) << unusedBits;
  if (cleared === digit) return raw;
  return raw.slice(0, lastAt) + BASE64_DIGITS.charAt(cleared) + raw.slice(lastAt + 1);
}

/**
 * DynamoDB JSON text of an item, the same for equal items: attributes in the order of their names at every depth,
 * numbers and sets in their canonical form. The item has been read by `readItem`.
 */
export function itemText(item: Item): string {
  let text = "{";
  for (const name of Object.keys(item).sort()) {
    if (text !== "{") text += ",";
    text += `${jsonString(name)}:${valueText(item[name] as AttributeValue)}`;
  }
  return `${text}}`;
}

/** DynamoDB JSON text of one value, the same for equal values. */
export function valueText(value: AttributeValue): string {
  if ("S" in value) return `{"S":${jsonString(value.S)}}`;
  // The digits of a canonical number need no escape.
  if ("N" in value) return `{"N":"${value.N}"}`;
  if ("BOOL" in value) return `{"BOOL":${value.BOOL}}`;
  if ("M" in value) return `{"M":${itemText(value.M)}}`;
  if ("L" in value) return `{"L":[${value.L.map(valueText).join(",")}]}`;
  if ("SS" in value) return `{"SS":[${value.SS.map(jsonString).join(",")}]}`;
  return JSON.stringify(value);
}
