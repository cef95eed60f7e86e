/** Attributes and records of the SDK as DynamoDB JSON. */
import { describe, expect, test } from "@jest/globals";
import { toEventRecord } from "../../src/source/event-record.ts";
import { toAttributeJson, toItemJson } from "../../src/source/item-json.ts";
import { itemOfAllTypes, jsonOfAllTypes } from "../conformance/change-source.ts";

describe("attributes of the SDK as DynamoDB JSON", () => {
  test("keep every type, every value and the order", () => {
    expect(JSON.stringify(toItemJson(itemOfAllTypes))).toBe(JSON.stringify(jsonOfAllTypes));
  });

  test("keep attributes whose names mean something to JavaScript", () => {
    const inner = Object.fromEntries([["__proto__", { N: "1" }]]);
    const item = Object.fromEntries([
      ["__proto__", { S: "kept" }],
      ["constructor", { M: inner }],
    ]);
    const text = '{"__proto__":{"S":"kept"},"constructor":{"M":{"__proto__":{"N":"1"}}}}';
    expect(JSON.stringify(toItemJson(item))).toBe(text);
  });

  test("take the bytes of a view, and not those around it", () => {
    const around = new Uint8Array([9, 9, 1, 2, 9]);
    expect(toAttributeJson({ B: around.subarray(2, 4) })).toEqual({ B: "AQI=" });
  });

  test("pass a type on that the SDK does not know", () => {
    expect(toAttributeJson({ $unknown: ["V", "1.5"] })).toEqual({ V: "1.5" });
  });
});

describe("a stream record as a Lambda event has it", () => {
  test("has whole seconds, a lower-case identity and the stream's ARN", () => {
    const record = toEventRecord(
      {
        eventID: "1",
        eventName: "REMOVE",
        eventVersion: "1.1",
        eventSource: "aws:dynamodb",
        awsRegion: "eu-west-1",
        userIdentity: { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" },
        dynamodb: {
          ApproximateCreationDateTime: 1_700_000_000.999,
          Keys: { Id: { B: "AQ==" } },
          OldImage: { Id: { B: "AQ==" }, Rating: { N: "1.10" } },
          SequenceNumber: "000000000000000000001",
          SizeBytes: 12,
          StreamViewType: "NEW_AND_OLD_IMAGES",
        },
      },
      "arn:aws:dynamodb:eu-west-1:1:table/T/stream/L",
    );
    expect(record).toEqual({
      eventID: "1",
      eventName: "REMOVE",
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: "eu-west-1",
      eventSourceARN: "arn:aws:dynamodb:eu-west-1:1:table/T/stream/L",
      userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" },
      dynamodb: {
        ApproximateCreationDateTime: 1_700_000_000,
        Keys: { Id: { B: "AQ==" } },
        OldImage: { Id: { B: "AQ==" }, Rating: { N: "1.10" } },
        SequenceNumber: "000000000000000000001",
        SizeBytes: 12,
        StreamViewType: "NEW_AND_OLD_IMAGES",
      },
    });
  });

  test("has no member that the service left out", () => {
    const record = toEventRecord({ eventID: "1", dynamodb: { Keys: {} } }, "arn");
    expect(Object.keys(record)).toEqual(["eventID", "dynamodb", "eventSourceARN"]);
    expect(record.dynamodb).toEqual({ Keys: {} });
    expect(Object.keys(record.dynamodb as object)).toEqual(["Keys"]);
  });
});
