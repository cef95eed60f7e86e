import { describe, expect, test } from "@jest/globals";
import { type Change, readChange } from "../../../src/core/change/change.ts";
import { belongs, changeFor } from "../../../src/core/change/selection.ts";
import { type ConditionFile, parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { type Item, readItem } from "../../../src/core/values/attribute-value.ts";
import { ARRIVED_AT_SECONDS, recordedChangeOf } from "../../arbitraries/change.ts";
import { item } from "../../arbitraries/item.ts";
import * as fc from "../../support/fast-check.ts";

const KEY = { hash: "pk", range: "sk" };
const ORDERS = schemaWhere({ type: { equals: "Order" } });

function schemaWhere(where: Record<string, ConditionFile> | undefined): Schema {
  return parseSchema({ table: "orders", key: KEY, attributes: {}, ...(where && { where }) }, "test");
}

describe("belongs", () => {
  test.each<[Record<string, ConditionFile>, Item, boolean]>([
    [{ type: { equals: "Order" } }, { type: { S: "Order" } }, true],
    [{ type: { equals: "Order" } }, { type: { S: "Orders" } }, false],
    [{ type: { equals: "Order" } }, {}, false],
    [{ type: { equals: "1" } }, { type: { N: "1" } }, true],
    [{ type: { equals: "true" } }, { type: { BOOL: true } }, false],
    [{ pk: { beginsWith: "ORDER#" } }, { pk: { S: "ORDER#1" } }, true],
    [{ pk: { beginsWith: "ORDER#" } }, { pk: { S: "USER#ORDER#" } }, false],
    [{ pk: { beginsWith: "" } }, { pk: { B: "AA==" } }, false],
    [{ total: { exists: true } }, { total: { NULL: true } }, true],
    [{ type: { not: [{ equals: "Order" }, { beginsWith: "U" }] } }, { type: { S: "Order" } }, false],
    [{ type: { not: [{ equals: "Order" }, { beginsWith: "U" }] } }, { type: { S: "User" } }, false],
    [{ type: { not: [{ equals: "Order" }, { beginsWith: "U" }] } }, { type: { S: "Orders" } }, true],
    [{ type: { not: [{ equals: "Order" }] } }, { type: { BOOL: true } }, true],
    [{ type: { not: [{ equals: "Order" }] } }, {}, true],
    [{ total: { exists: true } }, {}, false],
    [{ total: { exists: false } }, {}, true],
    [{ total: { exists: false } }, { total: { N: "0" } }, false],
    [{ toString: { exists: true } }, {}, false],
    [{ type: { equals: "Order" }, pk: { beginsWith: "O" } }, { type: { S: "Order" }, pk: { S: "X" } }, false],
    [{ type: { equals: "Order" }, pk: { beginsWith: "O" } }, { type: { S: "Order" }, pk: { S: "O" } }, true],
  ])("where %j, %j: %s", (where, attributes, wanted) => {
    expect(belongs(schemaWhere(where), attributes)).toBe(wanted);
  });

  test("a condition on an attribute called __proto__ counts like any other", () => {
    const where = JSON.parse('{"__proto__":{"exists":true}}') as Record<string, ConditionFile>;
    expect(belongs(schemaWhere(where), {})).toBe(false);
    expect(belongs(schemaWhere(where), JSON.parse('{"__proto__":{"S":""}}') as Item)).toBe(true);
  });

  test("every item belongs to a table without conditions", () => {
    fc.assert(
      fc.property(item, (written) => {
        expect(belongs(schemaWhere(undefined), readItem(written))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe("changeFor", () => {
  const ordersByKey = schemaWhere({ pk: { beginsWith: "ORDER#" } });
  const openOrders = schemaWhere({ pk: { beginsWith: "ORDER#" }, open: { exists: true } });

  test("gives every change to a table without conditions, as it is", () => {
    const change = modify({ pk: { S: "a" } }, undefined);
    expect(changeFor(schemaWhere(undefined), change)).toBe(change);
  });

  test("gives a change of an item that belongs, as it is", () => {
    const change = modify({ type: { S: "Order" } }, { type: { S: "User" } });
    expect(changeFor(ORDERS, change)).toBe(change);
  });

  test("turns the change by which an item leaves the table into a REMOVE of its key", () => {
    const change = modify({ type: { S: "Archive" }, a: { N: "1" } }, { type: { S: "Order" } });
    expect(changeFor(ORDERS, change)).toEqual({
      ...change,
      operation: "REMOVE",
      item: { pk: { S: "p" }, sk: { S: "s" } },
    });
  });

  test("gives nothing of an item that was not in the table and does not come into it", () => {
    expect(changeFor(ORDERS, modify({ type: { S: "User" } }, { type: { S: "User" } }))).toBeUndefined();
  });

  test("takes an item for one that leaves, where the old image is not told or empty", () => {
    for (const oldImage of [undefined, {}]) {
      expect(changeFor(ORDERS, modify({ type: { S: "User" } }, oldImage))?.operation).toBe("REMOVE");
    }
  });

  test("gives nothing of an item whose key does not belong, not even its removal", () => {
    const keys = { pk: { S: "USER#1" }, sk: { S: "s" } };
    for (const eventName of ["INSERT", "MODIFY", "REMOVE"]) {
      const image = eventName === "REMOVE" ? undefined : keys;
      const change = readChange(
        { eventName, dynamodb: { SequenceNumber: "1", Keys: keys, NewImage: image } },
        openOrders,
        0,
      );
      expect(changeFor(ordersByKey, change)).toBeUndefined();
      expect(changeFor(openOrders, change)).toBeUndefined();
    }
  });

  test("an item that leaves is removed, also where the images lack the key that a condition asks for", () => {
    const record = {
      eventName: "MODIFY",
      dynamodb: {
        SequenceNumber: "1",
        Keys: { pk: { S: "ORDER#1" }, sk: { S: "s" } },
        NewImage: { closed: { BOOL: true } },
        OldImage: { open: { BOOL: true } },
      },
    };
    expect(changeFor(openOrders, readChange(record, openOrders, 0))?.operation).toBe("REMOVE");
  });

  const attributes = fc.record(
    { type: fc.constantFrom({ S: "Order" }, { S: "User" }, { N: "1" }) },
    { requiredKeys: [] },
  );

  test("keeps a table equal to the items that belong, whatever happens to one of them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(attributes, { nil: undefined }), { maxLength: 8 }),
        fc.boolean(),
        (states, oldTold) => {
          let before: Item | undefined;
          let inTable: Item | undefined;
          for (const [i, state] of states.entries()) {
            if (state === undefined && before === undefined) continue;
            const change = written(state, before, oldTold, i + 1);
            const seen = changeFor(ORDERS, change);
            if (seen !== undefined) inTable = seen.operation === "REMOVE" ? undefined : seen.item;
            before = state;
            const wanted = state !== undefined && belongs(ORDERS, state) ? change.item : undefined;
            expect(inTable).toEqual(wanted);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("never gives an attribute of an item that does not belong", () => {
    fc.assert(
      fc.property(
        recordedChangeOf(KEY),
        fc.constantFrom(ORDERS, ordersByKey, openOrders),
        ({ record }, schema) => {
          const change = readChange(record, schema, ARRIVED_AT_SECONDS);
          const seen = changeFor(schema, change);
          if (seen === undefined || seen.operation === "REMOVE") return;
          expect(belongs(schema, seen.item)).toBe(true);
          expect(seen).toBe(change);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function modify(newImage: Item, oldImage: Item | undefined): Change {
  const Keys = { pk: { S: "p" }, sk: { S: "s" } };
  const image = { ...newImage, ...Keys };
  const dynamodb = { SequenceNumber: "1", Keys, NewImage: image, OldImage: oldImage };
  return readChange({ eventName: "MODIFY", dynamodb }, ORDERS, 0);
}

/** The change from one state of an item to the next; undefined means absent. */
function written(
  after: Item | undefined,
  before: Item | undefined,
  oldTold: boolean,
  sequence: number,
): Change {
  const Keys = { pk: { S: "p" }, sk: { S: "s" } };
  const eventName = after === undefined ? "REMOVE" : before === undefined ? "INSERT" : "MODIFY";
  const dynamodb = {
    SequenceNumber: String(sequence),
    StreamViewType: oldTold ? "NEW_AND_OLD_IMAGES" : "NEW_IMAGE",
    Keys,
    NewImage: after,
    OldImage: oldTold ? before : undefined,
  };
  return readChange({ eventName, dynamodb }, ORDERS, 0);
}

describe("in a stream with old images", () => {
  const recordOf = (eventName: string, images: object, more: object = {}) => ({
    eventName,
    dynamodb: { SequenceNumber: "1", Keys: { pk: { S: "p" }, sk: { S: "s" } }, ...images, ...more },
  });
  const seen = (record: object): Change | undefined => changeFor(ORDERS, readChange(record, ORDERS, 0));
  const keyed = (type: string) => ({ pk: { S: "p" }, sk: { S: "s" }, type: { S: type } });
  const both = { StreamViewType: "NEW_AND_OLD_IMAGES" };

  test("what becomes of other items leaves nothing", () => {
    expect(seen(recordOf("INSERT", { NewImage: keyed("User") }, both))).toBeUndefined();
    expect(seen(recordOf("REMOVE", { OldImage: keyed("User") }, both))).toBeUndefined();
    expect(seen(recordOf("REMOVE", { OldImage: keyed("Order") }, both))?.operation).toBe("REMOVE");
  });

  test("where nothing tells what there was before, a removal stays", () => {
    expect(seen(recordOf("INSERT", { NewImage: keyed("User") }))?.operation).toBe("REMOVE");
    const newImages = { StreamViewType: "NEW_IMAGE" };
    expect(seen(recordOf("INSERT", { NewImage: keyed("User") }, newImages))?.operation).toBe("REMOVE");
    expect(seen(recordOf("REMOVE", {}, both))?.operation).toBe("REMOVE");
    const unreadable = recordOf("REMOVE", { OldImage: { type: { X: "?" } } }, both);
    expect(seen(unreadable)).toMatchObject({ operation: "REMOVE", before: "unreadable" });
  });
});
