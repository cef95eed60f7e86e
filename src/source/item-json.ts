/** Attributes of the SDK as DynamoDB JSON, the form that Lambda events and exports have. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { ownName } from "./marked-names.ts";

/** An attribute in DynamoDB JSON: `{"S": "text"}`, `{"N": "1.5"}`, `{"B": "AQI="}`, `{"M": {...}}`. */
export type AttributeJson = Readonly<Record<string, unknown>>;

/**
 * One attribute as DynamoDB JSON: binary values as base64 text, numbers as the text that the service sent. A type that
 * the SDK does not know is passed on unchanged, for the core to accept or reject.
 */
export function toAttributeJson(value: AttributeValue): AttributeJson {
  if (value.S !== undefined) return { S: value.S };
  if (value.N !== undefined) return { N: value.N };
  if (value.BOOL !== undefined) return { BOOL: value.BOOL };
  if (value.NULL !== undefined) return { NULL: value.NULL };
  if (value.M !== undefined) return { M: toItemJson(value.M) };
  if (value.L !== undefined) return { L: value.L.map(toAttributeJson) };
  if (value.SS !== undefined) return { SS: value.SS };
  if (value.NS !== undefined) return { NS: value.NS };
  if (value.B !== undefined) return { B: base64(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map(base64) };
  const unknown: readonly [string, unknown] | undefined = value.$unknown;
  return unknown === undefined ? { ...(value as object) } : { [unknown[0]]: unknown[1] };
}

/** An item, or any map of attributes, in the given order. */
export function toItemJson(
  item: Readonly<Record<string, AttributeValue>>,
): Readonly<Record<string, AttributeJson>> {
  // Not by assignment: an attribute may be named __proto__.
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [ownName(name), toAttributeJson(value)]),
  );
}

/** A key's attribute in DynamoDB JSON as the SDK sends it. */
export function toSdkAttribute(value: AttributeJson): AttributeValue {
  if (typeof value.S === "string") return { S: value.S };
  if (typeof value.N === "string") return { N: value.N };
  return { B: Buffer.from(String(value.B), "base64") };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
