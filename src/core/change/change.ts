/**
 * One stream record as one change, or the reason why it is none. Records come from GetRecords, Lambda events, on-failure
 * objects and recordings; their shape is that of Record in the Amazon DynamoDB Streams API reference. What has one
 * meaning is accepted, what has none is rejected, and nothing is dropped.
 */
import { type AttributeValue, type Item, readItem, UnreadableValue } from "../values/attribute-value.ts";
import { DuplicateMember, parseJson } from "../values/json-members.ts";
import { type KeySchema, keyAttributes, keyOf, sameKey } from "../values/key.ts";

export type Operation = "INSERT" | "MODIFY" | "REMOVE";

export interface Change {
  readonly operation: Operation;
  readonly key: readonly AttributeValue[];
  /** The sequence number padded with zeros to 40 digits: text order is the order of an item's changes. */
  readonly version: string;
  /** Seconds since the epoch; of its arrival where the record tells no time. */
  readonly changedAtSeconds: number;
  /** The item was removed by its time to live. */
  readonly expired: boolean;
  /** The item after the change, key included; its key alone after a REMOVE. */
  readonly item: Item;
  /** The item before the change, key included, where the record tells. */
  readonly before: Item | undefined;
}

/** Why a record is no change, with what that means. The names are stable: quarantine files and metrics carry them. */
const rejectionReasons = {
  "not-json": "The text is no JSON.",
  "duplicate-member": "A JSON object names a member twice, so that it contradicts itself.",
  "not-a-record": "The JSON is no stream record: it lacks its dynamodb part.",
  "unknown-operation": "eventName is not INSERT, MODIFY or REMOVE.",
  "no-sequence-number":
    "SequenceNumber is missing or not 1 to 40 digits, so that the change has no place in the order.",
  "unreadable-time": "ApproximateCreationDateTime is there but means no time.",
  "no-new-image": "The record carries no new image; an old image is never taken for the current one.",
  "unexpected-new-image": "A REMOVE carries a new image.",
  "no-key": "The key attributes are missing or have a type that no key can have.",
  "other-key-schema": "Keys names other attributes than the table's key.",
  "key-mismatch": "The key in the image is not the key in Keys.",
  "unreadable-value": "An attribute value has no meaning in DynamoDB.",
  "same-sequence":
    "Another record of the batch has the same item, operation and sequence number, but another content.",
  "too-large": "The wire row is larger than the delivery can take.",
  "not-a-row": "A line that was to be converted is no row of this table.",
} as const;

export type RejectionReason = keyof typeof rejectionReasons;

/** What each reason means; docs/errors.md lists them. */
export const rejectionMeanings: Readonly<Record<RejectionReason, string>> = rejectionReasons;

/** Thrown by `readChange`. Its message never quotes a value. */
export class Rejection extends Error {
  readonly reason: RejectionReason;

  constructor(reason: RejectionReason, detail?: string) {
    super(detail ?? rejectionReasons[reason]);
    this.reason = reason;
  }
}

/** The change that a record's JSON text stands for; throws Rejection. */
export function readChangeText(text: string, keySchema: KeySchema, arrivedAtSeconds: number): Change {
  let record: unknown;
  try {
    record = parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Rejection("not-json");
    if (error instanceof DuplicateMember) throw new Rejection("duplicate-member");
    throw error;
  }
  return readChange(record, keySchema, arrivedAtSeconds);
}

/** The change that a record (parsed JSON) stands for; throws Rejection. */
export function readChange(record: unknown, keySchema: KeySchema, arrivedAtSeconds: number): Change {
  const envelope = objectOf(record);
  const body = objectOf(envelope?.dynamodb);
  if (envelope === undefined || body === undefined) throw new Rejection("not-a-record");
  const operation = readOperation(envelope.eventName);
  const version = readVersion(body.SequenceNumber);
  const changedAtSeconds = readTime(body.ApproximateCreationDateTime) ?? arrivedAtSeconds;
  const keys = readImage(body.Keys, "Keys");
  const newImage = readNewImage(operation, body);
  const oldImage = readImage(body.OldImage, "OldImage");
  requireKeySchema(keys, keySchema);
  const image = operation === "REMOVE" ? oldImage : newImage;
  const key = readKey(keySchema, keys, image);
  const keyItem = Object.fromEntries(
    keyAttributes(keySchema).map((name, i) => [name, key[i] as AttributeValue]),
  );
  const item = newImage === undefined ? keyItem : completed(newImage, keyItem);
  const before = readBefore(oldImage, keySchema, key, keyItem);
  const expired = operation === "REMOVE" && isTimeToLive(envelope.userIdentity);
  return { operation, key, version, changedAtSeconds, expired, item, before };
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
}

function readOperation(eventName: unknown): Operation {
  if (eventName === "INSERT" || eventName === "MODIFY" || eventName === "REMOVE") return eventName;
  throw new Rejection("unknown-operation");
}

export const VERSION_DIGITS = 40;

function readVersion(sequenceNumber: unknown): string {
  const text = Number.isSafeInteger(sequenceNumber) ? String(sequenceNumber) : sequenceNumber;
  if (typeof text !== "string" || !/^\d{1,40}$/.test(text)) throw new Rejection("no-sequence-number");
  return text.padStart(VERSION_DIGITS, "0");
}

/** The last second of the year 9999; later numbers are milliseconds or microseconds. */
const LAST_SECOND = 253_402_300_799;

/** Seconds since the epoch, rounded down. Integer, float, numeric text and ISO 8601 text occur in recorded events. */
function readTime(time: unknown): number | undefined {
  if (time === undefined || time === null) return undefined;
  let seconds = Number.NaN;
  if (typeof time === "number") seconds = toSeconds(time);
  else if (typeof time === "string" && /^\d+(\.\d*)?$/.test(time)) seconds = toSeconds(Number(time));
  else if (typeof time === "string") seconds = isoSeconds(time);
  const whole = Math.floor(seconds);
  if (!(whole >= 0 && whole <= LAST_SECOND)) throw new Rejection("unreadable-time");
  return whole;
}

const ISO_TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)([Zz]|[+-]\d\d:?\d\d)?$/;

/** NaN where the text is no moment. Text without an offset is taken as UTC. A day that no month has is not taken for a later one. */
function isoSeconds(text: string): number {
  const [, day = "", time = "", zone = "Z"] = ISO_TIME.exec(text) ?? [];
  if (new Date(day).toJSON()?.startsWith(day) !== true) return Number.NaN;
  return new Date(`${day}T${time}${zone}`).getTime() / 1000;
}

/** Seconds since the epoch of a record (parsed JSON), or undefined where it tells no time that has a meaning. */
export function recordedTime(record: unknown): number | undefined {
  try {
    return readTime(objectOf(objectOf(record)?.dynamodb)?.ApproximateCreationDateTime);
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

function toSeconds(number: number): number {
  if (number <= LAST_SECOND) return number;
  return number <= LAST_SECOND * 1000 ? number / 1000 : number / 1_000_000;
}

function readImage(image: unknown, name: string): Item | undefined {
  if (image === undefined || image === null) return undefined;
  try {
    return readItem(image);
  } catch (error) {
    if (error instanceof UnreadableValue)
      throw new Rejection("unreadable-value", `${name}: ${error.message}`);
    throw error;
  }
}

/**
 * The new image of an INSERT or MODIFY. Some serializers write {} for an image that is not there, so an empty one counts
 * only where the view type says that the stream has new images.
 */
function readNewImage(operation: Operation, body: Record<string, unknown>): Item | undefined {
  const image = readImage(body.NewImage, "NewImage");
  const empty = image === undefined || Object.keys(image).length === 0;
  if (operation === "REMOVE") {
    if (!empty) throw new Rejection("unexpected-new-image");
    return undefined;
  }
  const viewType = body.StreamViewType;
  const viewHasImage = viewType === "NEW_IMAGE" || viewType === "NEW_AND_OLD_IMAGES";
  const viewHasNone = viewType === "KEYS_ONLY" || viewType === "OLD_IMAGE";
  if (image === undefined || viewHasNone || (empty && !viewHasImage)) throw new Rejection("no-new-image");
  return image;
}

function requireKeySchema(keys: Item | undefined, keySchema: KeySchema): void {
  if (keys === undefined) return;
  const wanted = keyAttributes(keySchema);
  const found = Object.keys(keys);
  if (found.length === 0) return;
  if (found.length !== wanted.length || !wanted.every((name) => Object.hasOwn(keys, name))) {
    throw new Rejection(
      "other-key-schema",
      `Keys has ${found.length} attributes; the key is ${wanted.join(", ")}.`,
    );
  }
}

function readKey(
  keySchema: KeySchema,
  keys: Item | undefined,
  image: Item | undefined,
): readonly AttributeValue[] {
  const told = keys === undefined ? undefined : keyOf(keySchema, keys);
  if (keys !== undefined && Object.keys(keys).length > 0 && told === undefined) throw new Rejection("no-key");
  const shown =
    image === undefined
      ? undefined
      : keyOf(keySchema, completed(image, told === undefined ? {} : (keys ?? {})));
  const key = told ?? shown;
  if (key === undefined) throw new Rejection("no-key");
  if (told !== undefined && image !== undefined && (shown === undefined || !sameKey(told, shown))) {
    throw new Rejection("key-mismatch");
  }
  return key;
}

/** The old image with its key. An empty one is not there: a serializer wrote it (see `readNewImage`). */
function readBefore(
  oldImage: Item | undefined,
  keySchema: KeySchema,
  key: readonly AttributeValue[],
  keyItem: Item,
): Item | undefined {
  if (oldImage === undefined || Object.keys(oldImage).length === 0) return undefined;
  const before = completed(oldImage, keyItem);
  const shown = keyOf(keySchema, before);
  if (shown === undefined || !sameKey(key, shown)) throw new Rejection("key-mismatch");
  return before;
}

/** The image, with the key attributes that it lacks. */
function completed(image: Item, keyItem: Item): Item {
  const missing = Object.keys(keyItem).filter((name) => !Object.hasOwn(image, name));
  if (missing.length === 0) return image;
  return Object.fromEntries([
    ...missing.map((name) => [name, keyItem[name] as AttributeValue] as const),
    ...Object.entries(image),
  ]);
}

/**
 * A TTL delete is a REMOVE by the service's identity. Both are asked for, since recorded events carry that identity on
 * other operations too. Source: "DynamoDB Streams and Time to Live" in the Amazon DynamoDB developer guide.
 */
function isTimeToLive(userIdentity: unknown): boolean {
  const identity = objectOf(userIdentity);
  const type = identity?.type ?? identity?.Type;
  const principal = identity?.principalId ?? identity?.PrincipalId;
  return type === "Service" && principal === "dynamodb.amazonaws.com";
}
