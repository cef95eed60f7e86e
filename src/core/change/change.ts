/**
 * One stream record as one change, or the reason why it is none. Records come from GetRecords, Lambda events, on-failure
 * objects and recordings; their shape is that of Record in the Amazon DynamoDB Streams API reference. What has one
 * meaning is accepted, what has none is rejected, and nothing is dropped.
 */
import type { Schema } from "../schema/schema.ts";
import { type AttributeValue, type Item, readItem, UnreadableValue } from "../values/attribute-value.ts";
import { DuplicateMember, parseJson } from "../values/json-members.ts";
import { type KeySchema, keyAttributes, keyItem, keyOf, sameKey } from "../values/key.ts";
import { WrittenImage } from "../values/written-image.ts";
import { statedSeconds } from "./stated-seconds.ts";

export type Operation = "INSERT" | "MODIFY" | "REMOVE";

export interface Change {
  readonly operation: Operation;
  readonly key: readonly AttributeValue[];
  /** The sequence number padded with zeros to 40 digits: text order is the order of an item's changes. */
  readonly version: string;
  /** Seconds since the epoch; of its arrival if the record has no time. */
  readonly changedAtSeconds: number;
  /** The item was removed by its time to live. */
  readonly expired: boolean;
  /** The item after the change, key included; its key alone after a REMOVE. */
  readonly item: Item;
  /**
   * The item before the change, key included, where the record has it and it is needed (`readOldImage`). "unreadable" marks a
   * REMOVE of which only the key is known, since its old image has no meaning, and "none" an INSERT of a stream that has old images.
   */
  readonly before: Item | "unreadable" | "none" | undefined;
}

/** What a change's row tells beside the item. */
export type ChangeMarks = Pick<Change, "operation" | "version" | "changedAtSeconds" | "expired">;

/** Why a record is not a change, with what that means. The names are stable: quarantine files and metrics carry them. */
const rejectionReasons = {
  "not-json": "The text is not JSON.",
  "duplicate-member": "A JSON object names a member twice and so contradicts itself.",
  "not-a-record": "The JSON is not a stream record: it lacks its dynamodb part.",
  "unknown-operation": "eventName is not INSERT, MODIFY or REMOVE.",
  "no-sequence-number":
    "SequenceNumber is missing or is not 1 to 40 digits, so the change has no place in the order.",
  "unreadable-time": "ApproximateCreationDateTime is not a valid time.",
  "no-new-image": "The record carries no new image; an old image is never taken for the current one.",
  "unexpected-new-image": "A REMOVE carries a new image.",
  "no-key": "The key attributes are missing or have a type that no key can have.",
  "other-key-schema": "Keys names other attributes than the table's key.",
  "key-mismatch": "The key in the image is not the key in Keys.",
  "unreadable-value": "An attribute value is not one that DynamoDB has.",
  "same-sequence":
    "Another record of the batch has the same item, operation and sequence number, but different content.",
  "too-large": "The wire row is larger than the delivery can take.",
  "newer-is-held":
    "A newer change of the same item is still held. Replay both together, or this one with --partial.",
  "not-a-row": "A line that Firehose could not convert is not a row of this table.",
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

/** What has to be known of a lake table to read its changes. */
export type ChangedTable = Pick<Schema, "key" | "where">;

/** The change in a record's JSON text; throws Rejection. */
export function readChangeText(text: string, table: ChangedTable, arrivedAtSeconds: number): Change {
  return readChange(parseRecord(text), table, arrivedAtSeconds);
}

/** The JSON text of a record or an item, parsed; throws Rejection. */
export function parseRecord(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Rejection("not-json");
    if (error instanceof DuplicateMember) throw new Rejection("duplicate-member");
    throw error;
  }
}

/** The change in a record (parsed JSON); throws Rejection. */
export function readChange(record: unknown, table: ChangedTable, arrivedAtSeconds: number): Change {
  const { body, keys, operation, version, changedAtSeconds, expired } = readHead(record, arrivedAtSeconds);
  const newImage = readNewImage(operation, body);
  const oldImage = readOldImage(operation, body, table, keys);
  const key = readKey(table.key, keys, newImage ?? oldImage);
  return {
    operation,
    key: key.values,
    version,
    changedAtSeconds,
    expired,
    item: newImage === undefined ? key.item : withKey(newImage, table.key, key),
    before: typeof oldImage === "object" ? withKey(oldImage, table.key, key) : oldImage,
  };
}

/** A record without what its images say. */
export interface RecordHead extends ChangeMarks {
  /** The record's `dynamodb` part. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The item in Keys, if it has any. */
  readonly keys: Item | undefined;
}

/** What is known of a record's change (parsed JSON) before its images are; throws Rejection. */
export function readHead(record: unknown, arrivedAtSeconds: number): RecordHead {
  const envelope = objectOf(record);
  const body = objectOf(envelope?.dynamodb);
  if (envelope === undefined || body === undefined) throw new Rejection("not-a-record");
  const operation = readOperation(envelope.eventName);
  return {
    body,
    operation,
    version: readVersion(body.SequenceNumber),
    changedAtSeconds: readTime(body.ApproximateCreationDateTime) ?? arrivedAtSeconds,
    keys: readImage(body.Keys, "Keys"),
    expired: operation === "REMOVE" && isTimeToLive(envelope.userIdentity), // breakage: only-removals-expire
  };
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
  return text.padStart(VERSION_DIGITS, "0"); // breakage: versions-are-padded
}

/** Undefined where the record states no time. */
function readTime(time: unknown): number | undefined {
  if (time === undefined || time === null) return undefined;
  const seconds = statedSeconds(time);
  if (Number.isNaN(seconds)) throw new Rejection("unreadable-time");
  return seconds;
}

/** Seconds since the epoch of a record (parsed JSON), or undefined if it has no valid time. */
export function recordedTime(record: unknown): number | undefined {
  try {
    return readTime(objectOf(objectOf(record)?.dynamodb)?.ApproximateCreationDateTime);
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

/** The item and the place in its order that a record (parsed JSON) tells, whatever else is wrong with it. */
export function recordedPlace(
  record: unknown,
  schema: KeySchema,
): Pick<Change, "key" | "version"> | undefined {
  const body = objectOf(objectOf(record)?.dynamodb);
  for (const name of ["Keys", "NewImage", "OldImage"]) {
    try {
      const key = keyOf(schema, readImage(body?.[name], name) ?? {});
      if (key !== undefined) return { key, version: readVersion(body?.SequenceNumber) };
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
    }
  }
  return undefined;
}

/** The image in `raw`. Some serializers write {} for a missing one, which is undefined, too. */
function readImage(raw: unknown, name: string): Item | undefined {
  if (raw === undefined || raw === null) return undefined;
  try {
    const image = readItem(raw instanceof WrittenImage ? raw.parsed() : raw);
    return hasAttributes(image) ? image : undefined;
  } catch (error) {
    if (error instanceof UnreadableValue)
      throw new Rejection("unreadable-value", `${name}: ${error.message}`);
    throw error;
  }
}

function hasAttributes(image: Item): boolean {
  for (const _ in image) return true;
  return false;
}

/** The new image of an INSERT or MODIFY. An empty one counts only if the view type says that the stream has new images. */
function readNewImage(operation: Operation, body: Record<string, unknown>): Item | undefined {
  const image = readImage(body.NewImage, "NewImage");
  if (operation === "REMOVE") {
    if (image !== undefined) throw new Rejection("unexpected-new-image");
    return undefined;
  }
  const viewType = body.StreamViewType;
  // breakage: old-image-never-current
  if (viewType === "KEYS_ONLY" || viewType === "OLD_IMAGE") throw new Rejection("no-new-image");
  if (image !== undefined) return image;
  const streamHasImages = viewType === "NEW_IMAGE" || viewType === "NEW_AND_OLD_IMAGES";
  if (!streamHasImages || objectOf(body.NewImage) === undefined) throw new Rejection("no-new-image");
  return {};
}

/**
 * The old image, read only where it is needed. A `where` needs it to see whether the item was in the table, so an INSERT or
 * MODIFY with an unreadable one is rejected. A REMOVE may need it for its key; with a key in Keys it removes the item anyway.
 */
function readOldImage(
  operation: Operation,
  body: Record<string, unknown>,
  table: ChangedTable,
  keys: Item | undefined,
): Change["before"] {
  if (operation !== "REMOVE" && table.where.length === 0) return undefined; // breakage: where-needs-old-image
  try {
    const image = readImage(body.OldImage, "OldImage");
    const isFirst = operation === "INSERT" && body.StreamViewType === "NEW_AND_OLD_IMAGES";
    return image === undefined && isFirst ? "none" : image;
  } catch (error) {
    // breakage: removal-survives-bad-old-image
    if (error instanceof Rejection && operation === "REMOVE" && keys !== undefined) return "unreadable";
    throw error;
  }
}

interface Key {
  readonly values: readonly AttributeValue[];
  /** The key as an item. */
  readonly item: Item;
}

/** The key in Keys, or the one in the image if the record has no Keys. */
function readKey(schema: KeySchema, keys: Item | undefined, image: Change["before"]): Key {
  if (keys !== undefined) requireKeySchema(keys, schema);
  const values = keyOf(schema, keys ?? (typeof image === "object" ? image : {}));
  if (values === undefined) throw new Rejection("no-key");
  return { values, item: keys ?? keyItem(schema, values) };
}

function requireKeySchema(keys: Item, schema: KeySchema): void {
  const wanted = keyAttributes(schema);
  const found = Object.keys(keys);
  if (found.length !== wanted.length || !wanted.every((name) => Object.hasOwn(keys, name))) {
    throw new Rejection(
      "other-key-schema",
      `Keys has ${found.length} attributes; the key is ${wanted.join(", ")}.`,
    );
  }
}

/** The image, with the key attributes that it lacks. An image with another key contradicts its record. */
function withKey(image: Item, schema: KeySchema, key: Key): Item {
  const lacksNone = keyAttributes(schema).every((name) => Object.hasOwn(image, name));
  const whole = lacksNone ? image : { ...key.item, ...image };
  const shown = keyOf(schema, whole);
  // breakage: keys-match-image
  if (shown === undefined || !sameKey(key.values, shown)) throw new Rejection("key-mismatch");
  return whole;
}

/**
 * A TTL delete is a REMOVE by the service's identity. Both are asked for, since recorded events carry that identity on
 * other operations too. Source: "DynamoDB Streams and Time to Live" in the Amazon DynamoDB developer guide.
 */
function isTimeToLive(userIdentity: unknown): boolean {
  const identity = objectOf(userIdentity);
  const type = identity?.type ?? identity?.Type;
  const principal = identity?.principalId ?? identity?.PrincipalId;
  return type === "Service" && principal === "dynamodb.amazonaws.com"; // breakage: time-to-live-identity
}
