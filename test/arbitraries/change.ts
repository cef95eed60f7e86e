/**
 * Stream records as in recorded events, each with the change that it means. A style is chosen for each record, because a
 * serializer has one style: bare attribute values or all ten type keys, times as integer, float or text, and so on.
 */
import fc from "fast-check";
import type { Change, Operation } from "../../src/core/change/change.ts";
import { type AttributeValue, type Item, readItem } from "../../src/core/values/attribute-value.ts";
import type { Json } from "../../src/core/values/json-members.ts";
import { type KeySchema, keyAttributes } from "../../src/core/values/key.ts";
import { item, keyItem, keySchema, merged } from "./item.ts";

/** How a serializer writes attribute values. */
export interface ValueStyle {
  /** Other type keys, which are null. */
  readonly nulls: "none" | "all" | "some";
  /** Explicit nulls are written as NULL: false. */
  readonly nullAsFalse: boolean;
  /** Sets list their members more than once, and in another order. */
  readonly repeatedMembers: boolean;
}

const TYPE_KEYS = ["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"] as const;

/** The first alternative is the style of Lambda and of exports. */
export const valueStyle: fc.Arbitrary<ValueStyle> = fc.oneof(
  fc.constant<ValueStyle>({ nulls: "none", nullAsFalse: false, repeatedMembers: false }),
  fc.record<ValueStyle>({
    nulls: fc.constantFrom("none", "all", "some"),
    nullAsFalse: fc.boolean(),
    repeatedMembers: fc.boolean(),
  }),
);

/** The item as a serializer with this style writes it. */
export function recordedItem(written: Item, style: ValueStyle): { readonly [name: string]: Json } {
  return Object.fromEntries(
    Object.entries(written).map(([name, value]) => [name, recordedValue(value, style)]),
  );
}

function recordedValue(value: AttributeValue, style: ValueStyle): Json {
  const [type = "", content] = Object.entries(value)[0] ?? [];
  const recorded = recordedContent(type, content, style);
  const before = TYPE_KEYS.filter((_, i) => style.nulls === "all" || (style.nulls === "some" && i % 3 === 0));
  const nulls = Object.fromEntries(before.map((name) => [name, null]));
  return { ...nulls, [type]: recorded };
}

function recordedContent(type: string, content: unknown, style: ValueStyle): Json {
  if (type === "NULL") return !style.nullAsFalse;
  if (type === "L")
    return (content as readonly AttributeValue[]).map((element) => recordedValue(element, style));
  if (type === "M") return recordedItem(content as Item, style);
  if (style.repeatedMembers && Array.isArray(content)) return [...content].reverse().concat(content);
  return content as Json;
}

/** A time as a record states it, and the second that it means. */
export interface RecordedTime {
  readonly recorded: number | string | null | undefined;
  /** Undefined if the record states no time. */
  readonly seconds: number | undefined;
}

export const recordedTime: fc.Arbitrary<RecordedTime> = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 0, max: 253_402_300_798 }),
      fc.integer({ min: 1_500_000_000, max: 1_900_000_000 }),
    ),
    fc.nat(999),
    fc.constantFrom(
      "integer",
      "float",
      "text",
      "iso",
      "iso-second",
      "iso-offset",
      "iso-bare",
      "iso-space",
      "none",
      "null",
    ),
  )
  .map(([seconds, millis, form]) => {
    const iso = new Date(seconds * 1000 + millis).toISOString();
    switch (form) {
      case "integer":
        return { recorded: seconds, seconds };
      case "float":
        return { recorded: seconds + millis / 1000, seconds };
      case "text":
        return { recorded: `${seconds}.${String(millis).padStart(3, "0")}`, seconds };
      case "iso":
        return { recorded: iso, seconds };
      case "iso-second":
        return { recorded: `${iso.slice(0, 19)}Z`, seconds };
      case "iso-offset":
        return { recorded: iso.replace("Z", "+00:00"), seconds };
      case "iso-bare":
        return { recorded: iso.slice(0, 19), seconds };
      case "iso-space":
        return { recorded: `${iso.slice(0, 10)} ${iso.slice(11, 19)}+00:00`, seconds };
      case "null":
        return { recorded: null, seconds: undefined };
      default:
        return { recorded: undefined, seconds: undefined };
    }
  });

/** Sequence numbers of 1 to 40 digits. Those of AWS have 21 to 40. */
export const sequenceNumber: fc.Arbitrary<string> = fc.oneof(
  fc.bigInt({ min: 1n, max: 10n ** 40n - 1n }).map(String),
  fc.integer({ min: 1, max: 1000 }).map(String),
  fc.bigInt({ min: 10n ** 20n, max: 10n ** 21n }).map(String),
);

/** A parsed record, with the change that it means to a table that reads old images. */
export interface RecordedChange {
  readonly record: { readonly [name: string]: Json };
  readonly key: KeySchema;
  readonly change: Change;
}

/** The arrival that `RecordedChange.change` assumes if the record states no time. */
export const ARRIVED_AT_SECONDS = 1_763_874_000;

/** Unambiguous records of a random table. */
export const recordedChange: fc.Arbitrary<RecordedChange> = keySchema.chain(recordedChangeOf);

/** Unambiguous records of a table with this key. */
export function recordedChangeOf(key: KeySchema): fc.Arbitrary<RecordedChange> {
  return fc
    .record({
      operation: fc.constantFrom<Operation>("INSERT", "MODIFY", "REMOVE"),
      keys: keyItem(key),
      after: item,
      before: item,
      sequence: sequenceNumber,
      time: recordedTime,
      style: valueStyle,
      form: fc.record<RecordForm>({
        keyIn: fc.constantFrom("both", "Keys", "images"),
        oldImage: fc.constantFrom("there", "missing", "null", "empty"),
        missingNewImage: fc.constantFrom("missing", "null", "empty"),
        identity: fc.constantFrom("none", "null", "service", "user"),
      }),
    })
    .map((parts) => recordedFrom(key, parts));
}

/** What serializers and view types do to the parts of a record. */
interface RecordForm {
  /** Where the key is: in Keys and images, only in Keys, or only in the images. */
  readonly keyIn: "both" | "Keys" | "images";
  /** How a missing old image is written; "there" if it is not missing. */
  readonly oldImage: "there" | "missing" | "null" | "empty";
  /** How the new image of a REMOVE is written. */
  readonly missingNewImage: "missing" | "null" | "empty";
  readonly identity: "none" | "null" | "service" | "user";
}

interface RecordParts {
  readonly operation: Operation;
  readonly keys: Item;
  readonly after: Item;
  readonly before: Item;
  readonly sequence: string;
  readonly time: RecordedTime;
  readonly style: ValueStyle;
  readonly form: RecordForm;
}

const IDENTITIES: Readonly<Record<RecordForm["identity"], Json | undefined>> = {
  none: undefined,
  null: null,
  service: { type: "Service", principalId: "dynamodb.amazonaws.com" },
  user: { type: "User", principalId: "AIDAEXAMPLE" },
};

function recordedFrom(key: KeySchema, parts: RecordParts): RecordedChange {
  const { operation, style } = parts;
  const removed = operation === "REMOVE";
  // A REMOVE without Keys has its key only in the old image.
  const keyIn = parts.form.keyIn;
  const oldImage =
    operation === "INSERT" ? "missing" : removed && keyIn === "images" ? "there" : parts.form.oldImage;
  const imageOf = (attributes: Item): Item =>
    keyIn === "Keys" ? without(attributes, key) : merged(attributes, parts.keys);
  const absent = { missing: undefined, null: null, empty: {} };
  const dynamodb = {
    ApproximateCreationDateTime: parts.time.recorded,
    Keys: keyIn === "images" ? undefined : recordedItem(parts.keys, style),
    NewImage: removed ? absent[parts.form.missingNewImage] : recordedItem(imageOf(parts.after), style),
    OldImage: oldImage === "there" ? recordedItem(imageOf(parts.before), style) : absent[oldImage],
    SequenceNumber: parts.sequence,
    SizeBytes: 59,
    StreamViewType: "NEW_AND_OLD_IMAGES",
  };
  const record = {
    eventID: "7de3041dd709b024af6f29e4fa13d34c",
    eventName: operation,
    eventSource: "aws:dynamodb",
    dynamodb: defined(dynamodb),
    userIdentity: IDENTITIES[parts.form.identity],
  };
  const keys = readItem(parts.keys);
  // Without key attributes, an otherwise empty old image cannot be distinguished from a missing one.
  const told = oldImage === "there" && Object.keys(imageOf(parts.before)).length > 0;
  const change: Change = {
    operation,
    key: keyAttributes(key).map((name) => keys[name] as AttributeValue),
    version: parts.sequence.padStart(40, "0"),
    changedAtSeconds: parts.time.seconds ?? ARRIVED_AT_SECONDS,
    expired: removed && parts.form.identity === "service",
    item: removed ? keys : readItem(merged(parts.after, parts.keys)),
    before: told ? readItem(merged(parts.before, parts.keys)) : operation === "INSERT" ? "none" : undefined,
  };
  return { record: defined(record), key, change };
}

function without(attributes: Item, key: KeySchema): Item {
  const names = keyAttributes(key);
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}

/** Omits undefined members, as JSON does. */
function defined(members: { readonly [name: string]: Json | undefined }): { readonly [name: string]: Json } {
  const entries = Object.entries(members).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
