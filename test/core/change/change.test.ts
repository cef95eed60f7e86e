import { describe, expect, test } from "@jest/globals";
import {
  type Change,
  type ChangedTable,
  Rejection,
  type RejectionReason,
  readChange,
  readChangeText,
  rejectionMeanings,
} from "../../../src/core/change/change.ts";
import type { Json } from "../../../src/core/values/json-members.ts";
import type { KeySchema } from "../../../src/core/values/key.ts";
import { ARRIVED_AT_SECONDS, recordedChange, sequenceNumber } from "../../arbitraries/change.ts";
import { twoNotations } from "../../arbitraries/item.ts";
import { deepJsonText, hostileJson, mutated } from "../../arbitraries/json.ts";
import * as fc from "../../support/fast-check.ts";

const REVIEWS: KeySchema = { hash: "User", range: "Book" };

/** A table of all items: it needs no old image to know that an item is its own. */
function whole(key: KeySchema): ChangedTable {
  return { key, where: [] };
}

/** A table of some items, which looks at old images. */
function selecting(key: KeySchema): ChangedTable {
  return { key, where: [{ attribute: "Rating", test: { exists: true } }] };
}

const tables = fc.constantFrom(whole, selecting);
const KEYS = { User: { S: "ann" }, Book: { S: "Emma" } };
const SERVICE = { type: "Service", principalId: "dynamodb.amazonaws.com" };

describe("a recorded change", () => {
  test("is what the record says, in every form that recorded events have", () => {
    fc.assert(
      fc.property(recordedChange, tables, ({ record, key, change }, table) => {
        expect(readChange(record, table(key), ARRIVED_AT_SECONDS)).toEqual(asNeeded(change, table(key)));
      }),
      { numRuns: 1200 },
    );
  });

  test("is the same from its text", () => {
    fc.assert(
      fc.property(recordedChange, tables, fc.constantFrom(undefined, 2), (recorded, table, indent) => {
        const text = JSON.stringify(recorded.record, null, indent);
        expect(readChangeText(text, table(recorded.key), ARRIVED_AT_SECONDS)).toEqual(
          asNeeded(recorded.change, table(recorded.key)),
        );
      }),
      { numRuns: 500 },
    );
  });

  test("does not depend on the order of the record's members", () => {
    fc.assert(
      fc.property(recordedChange, tables, ({ record, key, change }, table) => {
        const backwards = Object.fromEntries(Object.entries(record).reverse());
        expect(readChange(backwards, table(key), ARRIVED_AT_SECONDS)).toEqual(asNeeded(change, table(key)));
      }),
      { numRuns: 200 },
    );
  });
});

describe("the version", () => {
  test("orders changes as their sequence numbers do", () => {
    fc.assert(
      fc.property(sequenceNumber, sequenceNumber, (a, b) => {
        const [versionA, versionB] = [versionOf(a), versionOf(b)];
        expect(versionA).toMatch(/^\d{40}$/);
        expect(versionA < versionB).toBe(BigInt(a) < BigInt(b));
        expect(versionA === versionB).toBe(BigInt(a) === BigInt(b));
      }),
      { numRuns: 600 },
    );
  });

  test("of a later change is greater, also where the number gets one more digit", () => {
    const digits = fc.integer({ min: 1, max: 39 });
    fc.assert(
      fc.property(digits, (count) => {
        expect(versionOf("9".repeat(count)) < versionOf(`1${"0".repeat(count)}`)).toBe(true);
      }),
    );
  });

  test("may be shared by several records", () => {
    const record = (Book: string): unknown => inserted({ ...KEYS, Book: { S: Book } });
    const [one, other] = [record("Emma"), record("Ulysses")].map((raw) => read(raw));
    expect(one?.version).toBe(other?.version);
    expect(one?.key).not.toEqual(other?.key);
  });

  test("may be written as a whole JSON number that is safe", () => {
    expect(versionOf(5)).toBe("5".padStart(40, "0"));
  });

  test.each([
    undefined,
    null,
    "",
    "-1",
    "1.5",
    "1e5",
    " 1",
    "12a",
    "1".repeat(41),
    -1,
    1.5,
    2 ** 53,
    true,
    {},
    ["1"],
  ])("cannot come from the sequence number %j", (SequenceNumber) => {
    expect(rejected(inserted(KEYS, { SequenceNumber }))).toBe("no-sequence-number");
  });
});

describe("the time of a change", () => {
  test.each<[Json, string]>([
    [1_763_874_600, "2025-11-23T05:10:00Z"],
    [1_763_874_600.999, "2025-11-23T05:10:00Z"],
    ["1763874600", "2025-11-23T05:10:00Z"],
    ["1763874600.5", "2025-11-23T05:10:00Z"],
    [1_763_874_600_123, "2025-11-23T05:10:00Z"],
    [1_763_874_600_123_456, "2025-11-23T05:10:00Z"],
    [0, "1970-01-01T00:00:00Z"],
    ["2025-11-23T05:10:00Z", "2025-11-23T05:10:00Z"],
    ["2025-11-23T05:10:00.999Z", "2025-11-23T05:10:00Z"],
    ["2025-11-23T05:10:00.123456789Z", "2025-11-23T05:10:00Z"],
    ["2025-11-23T07:10:00+02:00", "2025-11-23T05:10:00Z"],
    ["2025-11-22T23:40:00-0530", "2025-11-23T05:10:00Z"],
    ["2025-11-23T05:10:00", "2025-11-23T05:10:00Z"],
    ["2025-11-23T05:10Z", "2025-11-23T05:10:00Z"],
    ["2025-11-23t05:10:00z", "2025-11-23T05:10:00Z"],
    ["2025-11-23 05:10:00+00:00", "2025-11-23T05:10:00Z"],
  ])("%j is %s", (time, moment) => {
    expect(timeOf(time)).toBe(new Date(moment).getTime() / 1000);
  });

  test.each([undefined, null])("is its arrival where the record says %j", (time) => {
    expect(timeOf(time)).toBe(ARRIVED_AT_SECONDS);
  });

  test.each([
    ...[
      "",
      "yesterday",
      "2025-02-30T00:00:00Z",
      "2025-13-01T00:00:00Z",
      "2025-11-23",
      "2025-11-23T25:00:00Z",
    ],
    ...[
      "2025-11-23T05:10:61Z",
      "2025-11-23T05:10:00 EST",
      "2025-11-23T05:10:00+99:99",
      "1e9",
      "-5",
      "0x10",
      "23 Nov 2025",
    ],
    ...[-1, -0.5, 1e300, true, {}, [], ["2025-11-23T05:10:00Z"]],
  ])("cannot be read from %j", (time) => {
    expect(rejected(inserted(KEYS, { ApproximateCreationDateTime: time as Json }))).toBe("unreadable-time");
  });
});

describe("a removal by the time to live", () => {
  const removed = (userIdentity: unknown): unknown => ({ ...(removal() as object), userIdentity });

  test("is a REMOVE by the service's identity", () => {
    expect(read(removed(SERVICE)).expired).toBe(true);
    expect(read(removed({ Type: "Service", PrincipalId: "dynamodb.amazonaws.com" })).expired).toBe(true);
  });

  test("is no REMOVE by anyone else", () => {
    for (const identity of [
      undefined,
      null,
      {},
      { type: "Service" },
      { principalId: "dynamodb.amazonaws.com" },
      { type: "Service", principalId: "replication.dynamodb.amazonaws.com" },
      { type: "User", principalId: "dynamodb.amazonaws.com" },
      "Service",
      [SERVICE],
    ]) {
      expect(read(removed(identity)).expired).toBe(false);
    }
  });

  test.each(["INSERT", "MODIFY"])("is no %s, even with the service's identity", (eventName) => {
    const record = { ...(inserted(KEYS) as object), eventName, userIdentity: SERVICE };
    expect(read(record).expired).toBe(false);
  });
});

describe("the images", () => {
  test("without a key get it from Keys, the old one too", () => {
    const record = {
      eventName: "MODIFY",
      dynamodb: {
        SequenceNumber: "1",
        Keys: KEYS,
        NewImage: { Rating: { N: "5" } },
        OldImage: { Rating: { N: "4" } },
      },
    };
    expect(read(record, selecting(REVIEWS))).toMatchObject({
      item: { ...KEYS, Rating: { N: "5" } },
      before: { ...KEYS, Rating: { N: "4" } },
    });
  });

  test("with a part of the key get the rest from Keys", () => {
    const record = inserted({ User: { S: "ann" }, Rating: { N: "5" } }, { Keys: KEYS });
    expect(read(record).item).toEqual({ ...KEYS, Rating: { N: "5" } });
  });

  test.each([undefined, null, {}])("give the key where Keys is %j", (Keys) => {
    expect(read(inserted(KEYS, { Keys })).key).toEqual([KEYS.User, KEYS.Book]);
    expect(
      read({ eventName: "REMOVE", dynamodb: { SequenceNumber: "1", Keys, OldImage: KEYS } }).item,
    ).toEqual(KEYS);
  });

  test("may write the numbers of a key otherwise than Keys", () => {
    fc.assert(
      fc.property(twoNotations, ([a, b]) => {
        const record = inserted({ id: { N: a } }, { Keys: { id: { N: b } } });
        expect(readChange(record, whole({ hash: "id" }), 0).key).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  test("of an item that has its key only are empty where images lack keys, and the view type tells that", () => {
    const record = (StreamViewType: string): unknown => inserted({}, { Keys: KEYS, StreamViewType });
    expect(read(record("NEW_IMAGE")).item).toEqual(KEYS);
    expect(read(record("NEW_AND_OLD_IMAGES")).item).toEqual(KEYS);
  });

  test("that are old and empty are not there: a serializer wrote {} for none", () => {
    expect(read(inserted(KEYS, { OldImage: {} }), selecting(REVIEWS)).before).toBeUndefined();
    expect(read(removal({ OldImage: {}, Keys: KEYS })).before).toBeUndefined();
  });
});

describe("an old image is never taken for the current one", () => {
  test.each(["INSERT", "MODIFY"])("%s without a new image is refused", (eventName) => {
    for (const NewImage of [undefined, null, {}]) {
      const dynamodb = {
        SequenceNumber: "1",
        Keys: KEYS,
        OldImage: { ...KEYS, Rating: { N: "1" } },
        NewImage,
      };
      expect(rejected({ eventName, dynamodb })).toBe("no-new-image");
      for (const StreamViewType of ["KEYS_ONLY", "OLD_IMAGE"]) {
        expect(rejected({ eventName, dynamodb: { ...dynamodb, StreamViewType } })).toBe("no-new-image");
      }
    }
  });

  test.each(["KEYS_ONLY", "OLD_IMAGE"])(
    "a new image that contradicts the view type %s is refused",
    (StreamViewType) => {
      expect(rejected(inserted(KEYS, { StreamViewType }))).toBe("no-new-image");
    },
  );

  test("no change has an attribute that only the old image has", () => {
    fc.assert(
      fc.property(recordedChange, tables, ({ record, key }, table) => {
        const body = record.dynamodb as { readonly [name: string]: Json };
        const marked = { ...(body.OldImage as object | null | undefined), onlyBefore: { S: "old" } };
        const change = changeOrReason({ ...record, dynamodb: { ...body, OldImage: marked } }, table(key));
        if (typeof change !== "string") expect(Object.keys(change.item)).not.toContain("onlyBefore");
      }),
      { numRuns: 500 },
    );
  });
});

describe("the old image of an INSERT or MODIFY is read for a `where` alone", () => {
  const oldImages: readonly (readonly [string, Json, RejectionReason])[] = [
    ["unreadable", { ...KEYS, a: { N: "x" } }, "unreadable-value"],
    ["no map of attributes", [], "unreadable-value"],
    ["of another item", { ...KEYS, User: { S: "bob" } }, "key-mismatch"],
  ];

  for (const eventName of ["INSERT", "MODIFY"]) {
    test.each(oldImages)(`${eventName}, an old image that is %s`, (_, OldImage, reason) => {
      const record = { ...(inserted(KEYS, { Keys: KEYS, OldImage }) as object), eventName };
      expect(changeOrReason(record, selecting(REVIEWS))).toBe(reason);
      expect(read(record)).toMatchObject({ operation: eventName, item: KEYS, before: undefined });
    });
  }

  test("a table of all items does not look at it", () => {
    const ownKeys = (): never => {
      throw new Error("the old image was read");
    };
    const record = inserted(KEYS, { OldImage: new Proxy({}, { ownKeys }) });
    expect(() => read(record, selecting(REVIEWS))).toThrow("was read");
    expect(read(record).item).toEqual(KEYS);
  });
});

describe("a REMOVE whose old image cannot be read", () => {
  const unreadable = { ...KEYS, Rating: { N: "five" } };

  test.each([
    ["all", whole],
    ["some", selecting],
  ] as const)("goes on with its key alone, marked, in a table of %s items", (_, table) => {
    const record = { ...(removal({ Keys: KEYS, OldImage: unreadable }) as object), userIdentity: SERVICE };
    expect(read(record, table(REVIEWS))).toEqual({
      operation: "REMOVE",
      key: [KEYS.User, KEYS.Book],
      version: "1".padStart(40, "0"),
      changedAtSeconds: ARRIVED_AT_SECONDS,
      expired: true,
      item: KEYS,
      before: "unreadable",
    });
  });

  test.each([undefined, null, {}])("is refused where its key stands nowhere else: Keys is %j", (Keys) => {
    expect(rejected(removal({ Keys, OldImage: unreadable }))).toBe("unreadable-value");
  });

  test("is refused for what Keys has against it, as ever", () => {
    const Keys = { User: { S: "ann" } };
    expect(rejected(removal({ Keys, OldImage: unreadable }))).toBe("other-key-schema");
  });
});

describe("what contradicts itself or says too little is refused with its reason", () => {
  test.each<[string, unknown, RejectionReason]>([
    ["null", null, "not-a-record"],
    ["a number", 5, "not-a-record"],
    ["an array", [], "not-a-record"],
    ["an empty object", {}, "not-a-record"],
    ["a record without its dynamodb part", { eventName: "INSERT" }, "not-a-record"],
    ["a dynamodb part that is an array", { eventName: "INSERT", dynamodb: [] }, "not-a-record"],
    ["no eventName", { dynamodb: { SequenceNumber: "1", NewImage: KEYS } }, "unknown-operation"],
    ["an unknown eventName", { eventName: "insert", dynamodb: {} }, "unknown-operation"],
    ["a REMOVE with a new image", removal({ NewImage: KEYS }), "unexpected-new-image"],
    ["a REMOVE without any key", removal({ OldImage: undefined, Keys: undefined }), "no-key"],
    ["an image without a part of the key, and no Keys", inserted({ User: { S: "ann" } }), "no-key"],
    [
      "Keys of a type that no key has",
      inserted({}, { Keys: { User: { L: [] }, Book: { S: "" } }, StreamViewType: "NEW_IMAGE" }),
      "no-key",
    ],
    [
      "Keys of such a type beside an image that has the key",
      inserted(KEYS, { Keys: { User: { BOOL: true }, Book: { S: "Emma" } } }),
      "no-key",
    ],
    [
      "Keys with other names",
      inserted(KEYS, { Keys: { user: { S: "ann" }, Book: { S: "Emma" } } }),
      "other-key-schema",
    ],
    ["Keys with one name too few", inserted(KEYS, { Keys: { User: { S: "ann" } } }), "other-key-schema"],
    [
      "Keys with one name too many",
      inserted(KEYS, { Keys: { ...KEYS, Rating: { N: "1" } } }),
      "other-key-schema",
    ],
    [
      "Keys that differ from the new image",
      inserted(KEYS, { Keys: { ...KEYS, Book: { S: "Ulysses" } } }),
      "key-mismatch",
    ],
    [
      "Keys that differ from it in their type",
      inserted(KEYS, { Keys: { ...KEYS, Book: { B: "Emma" } } }),
      "key-mismatch",
    ],
    [
      "Keys that differ from the old image of a REMOVE",
      removal({ Keys: { ...KEYS, Book: { S: "Ulysses" } } }),
      "key-mismatch",
    ],
    [
      "an image whose key has a type that no key has",
      inserted({ ...KEYS, User: { BOOL: true } }, { Keys: KEYS }),
      "key-mismatch",
    ],
    ["a value without a type", inserted({ ...KEYS, a: {} }), "unreadable-value"],
    ["a value with two types", inserted({ ...KEYS, a: { S: "1", N: "1" } }), "unreadable-value"],
    ["an image that is an array", inserted([]), "unreadable-value"],
    ["Keys that are text", inserted(KEYS, { Keys: "User" }), "unreadable-value"],
    ["Keys with a number that is none", inserted(KEYS, { Keys: { User: { N: "x" } } }), "unreadable-value"],
  ])("%s", (_, record, reason) => {
    expect(rejected(record)).toBe(reason);
  });

  test.each<[string, string, RejectionReason]>([
    ["no JSON", "{", "not-json"],
    ["nothing", "", "not-json"],
    [
      "a member named twice",
      textOf(inserted(KEYS)).replace("{", '{"eventName":"INSERT",'),
      "duplicate-member",
    ],
    [
      "an attribute named twice",
      textOf(inserted(KEYS)).replace('"Book"', '"Book":{"S":"Ulysses"},"Book"'),
      "duplicate-member",
    ],
    ["JSON that is no record", "5", "not-a-record"],
  ])("%s", (_, text, reason) => {
    expect(changeOrReason(text, whole(REVIEWS))).toBe(reason);
  });

  test("every reason says what it means", () => {
    for (const meaning of Object.values(rejectionMeanings)) expect(meaning).toMatch(/^\w.*\.$/);
  });
});

describe("hostile input", () => {
  const nearlyRecord = fc
    .tuple(recordedChange, fc.array(fc.nat(), { maxLength: 6 }), hostileJson)
    .map(([{ record, key }, choices, json]) => ({ raw: mutated(record, choices, json) as unknown, key }));
  const noRecord = hostileJson.map((json) => ({ raw: json as unknown, key: REVIEWS }));

  test("gives a change or a Rejection with a known reason, nothing else", () => {
    fc.assert(
      fc.property(
        fc.oneof({ weight: 8, arbitrary: nearlyRecord }, noRecord),
        tables,
        ({ raw, key }, table) => {
          const change = changeOrReason(raw, table(key));
          if (typeof change === "string") expect(Object.keys(rejectionMeanings)).toContain(change);
          else requireSound(change, key);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test("gives a change or a Rejection as text too, however deep it is nested", () => {
    const nested = deepJsonText.map(
      (json) => `{"eventName":"INSERT","dynamodb":{"SequenceNumber":"1","NewImage":{"a":${json}}}}`,
    );
    const cut = fc
      .tuple(recordedChange, fc.nat(), fc.nat(), fc.string({ maxLength: 3 }))
      .map(([{ record }, from, length, put]) => {
        const text = JSON.stringify(record);
        const at = from % text.length;
        return text.slice(0, at) + put + text.slice(at + (length % 4));
      });
    fc.assert(
      fc.property(fc.oneof({ weight: 6, arbitrary: cut }, nested, deepJsonText, fc.string()), (text) => {
        const change = changeOrReason(text, selecting(REVIEWS));
        if (typeof change !== "string") requireSound(change, REVIEWS);
      }),
      { numRuns: 600 },
    );
  });

  test("no Rejection quotes a value", () => {
    const secret = "Geheimnis";
    const secrets = fc.constantFrom<Json>(
      secret,
      { S: secret, N: secret },
      { [secret]: secret },
      [secret],
      { N: secret },
      { L: [secret] },
      { SS: [{ S: secret }] },
    );
    const spoilt = fc.tuple(recordedChange, fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), secrets);
    fc.assert(
      fc.property(spoilt, tables, ([{ record, key }, choices, json], table) => {
        try {
          readChange(mutated(record, choices, json), table(key), ARRIVED_AT_SECONDS);
        } catch (error) {
          expect((error as Error).message).not.toContain(secret);
        }
      }),
      { numRuns: 600 },
    );
  });
});

function read(record: unknown, table: ChangedTable = whole(REVIEWS)): Change {
  return readChange(record, table, ARRIVED_AT_SECONDS);
}

/** A recorded change as a table reads it: a table of all items leaves old images alone, but for those of removals. */
function asNeeded(change: Change, table: ChangedTable): Change {
  const isNeeded = change.operation === "REMOVE" || table.where.length > 0;
  return isNeeded ? change : { ...change, before: undefined };
}

/** The change, or the reason for its rejection. Throws any other error. */
function changeOrReason(raw: unknown, table: ChangedTable): Change | RejectionReason {
  try {
    return typeof raw === "string"
      ? readChangeText(raw, table, ARRIVED_AT_SECONDS)
      : readChange(raw, table, ARRIVED_AT_SECONDS);
  } catch (error) {
    if (error instanceof Rejection) return error.reason;
    throw error;
  }
}

function rejected(record: unknown): Change | RejectionReason {
  return changeOrReason(record, whole(REVIEWS));
}

/** Properties of every change, wherever it was read from. */
function requireSound(change: Change, key: KeySchema): void {
  expect(change.version).toMatch(/^\d{40}$/);
  expect(Number.isSafeInteger(change.changedAtSeconds) && change.changedAtSeconds >= 0).toBe(true);
  const names = key.range === undefined ? [key.hash] : [key.hash, key.range];
  expect(names.map((name) => change.item[name])).toEqual(change.key);
  if (change.operation === "REMOVE") expect(Object.keys(change.item).sort()).toEqual([...names].sort());
  const { before } = change;
  if (typeof before === "object") expect(names.map((name) => before[name])).toEqual(change.key);
}

function versionOf(SequenceNumber: Json): string {
  return read(inserted(KEYS, { SequenceNumber })).version;
}

function timeOf(ApproximateCreationDateTime: Json | undefined): number {
  return read(inserted(KEYS, { ApproximateCreationDateTime })).changedAtSeconds;
}

/** An INSERT record, with additional members in its dynamodb part. */
function inserted(NewImage: Json, others: { readonly [name: string]: Json | undefined } = {}): unknown {
  return { eventName: "INSERT", dynamodb: { SequenceNumber: "1", NewImage, ...others } };
}

function removal(others: { readonly [name: string]: Json | undefined } = {}): unknown {
  return { eventName: "REMOVE", dynamodb: { SequenceNumber: "1", OldImage: KEYS, ...others } };
}

function textOf(record: unknown): string {
  return JSON.stringify(record);
}
