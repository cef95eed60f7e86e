/** A quarantined record is shown by its form: no value of an item is in it, whatever the record looks like. */
import { expect, test } from "@jest/globals";
import { operationOf, recordShape } from "../../src/console/record-shape.ts";
import * as fc from "../support/fast-check.ts";

const RECORD = {
  eventID: "1",
  eventName: "MODIFY",
  dynamodb: {
    Keys: { id: { S: "k-1" } },
    NewImage: { id: { S: "k-1" }, tags: { SS: ["a", "b"] }, eventName: { S: "INSERT" } },
    SequenceNumber: "42",
  },
};

test("names, types and the place of the change stay; values do not", () => {
  expect(JSON.parse(recordShape(JSON.stringify(RECORD)) ?? "")).toEqual({
    eventID: "…",
    eventName: "MODIFY",
    dynamodb: {
      Keys: { id: { S: "…" } },
      NewImage: { id: { S: "…" }, tags: { SS: ["…", "…"] }, eventName: { S: "…" } },
      SequenceNumber: "42",
    },
  });
  expect(operationOf(JSON.stringify(RECORD))).toBe("MODIFY");
});

test("what is not JSON has no form, and what is not a record no operation", () => {
  expect(recordShape("{")).toBeUndefined();
  expect(operationOf("{")).toBeUndefined();
  expect(operationOf(JSON.stringify({ eventName: "a secret" }))).toBeUndefined();
});

test("no value of an item is shown, wherever it is", () => {
  const secret = fc.uuid();
  const image = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      secret.map((text) => ({ S: text })),
      secret.map((text) => ({ [text.length > 3 ? "eventName" : "N"]: text })),
      fc.array(tie("value"), { maxLength: 3 }).map((list) => ({ L: list })),
      fc
        .dictionary(fc.constantFrom("a", "SequenceNumber", "awsRegion"), tie("value"), { maxKeys: 3 })
        .map((map) => ({ M: map })),
    ),
  })).value;
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom("x", "eventName", "StreamViewType"), image),
      secret,
      (NewImage, extra) => {
        const raw = JSON.stringify({ ...RECORD, dynamodb: { NewImage, Keys: extra }, extra });
        const shape = recordShape(raw) ?? "";
        for (const [value] of raw.matchAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g)) expect(shape).not.toContain(value);
      },
    ),
  );
});
