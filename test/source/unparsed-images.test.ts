import { expect, test } from "@jest/globals";
import { WrittenImage } from "../../src/core/values/written-image.ts";
import type { WrittenRecords } from "../../src/source/get-records.ts";
import { withUnparsedImages } from "../../src/source/unparsed-images.ts";
import { recordedChange } from "../arbitraries/change.ts";
import { hostileJson } from "../arbitraries/json.ts";
import * as fc from "../support/fast-check.ts";

const image = (text: string): object => ({ id: { S: text } });

test("records say the same as parsed ones, whatever is in them", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(recordedChange, hostileJson), { maxLength: 4 }), (written) => {
      const records = written.map((each) =>
        isRecorded(each) ? each.record : { dynamodb: { NewImage: each } },
      );
      expectSame(JSON.stringify({ Records: records, NextShardIterator: "next" }));
    }),
    { numRuns: 1_000 },
  );
});

test("the images of an answer are not parsed", () => {
  const both = { NewImage: image("a"), OldImage: image("b") };
  const records = [{ dynamodb: both }, { dynamodb: { OldImage: image("c") } }, { dynamodb: both }];
  const answer = expectSame(JSON.stringify({ Records: records }));
  const found = answer.Records?.flatMap(({ dynamodb }) => [dynamodb?.NewImage, dynamodb?.OldImage]);
  expect(found?.map((each) => each instanceof WrittenImage)).toEqual([true, true, false, true, true, true]);
});

test("an image is parsed once for all who ask", () => {
  const answer = withUnparsedImages<WrittenRecords>(
    Buffer.from('{"Records":[{"dynamodb":{"NewImage":{"id":{"S":"a"}}}}]}'),
  );
  const found = answer.Records?.[0]?.dynamodb?.NewImage as WrittenImage;
  expect(found.parsed()).toBe(found.parsed());
});

test("strings end where they end, however long they are and however they are escaped", () => {
  for (const filling of ["", "x".repeat(30), "x".repeat(31), "x".repeat(32), "x".repeat(2_000)])
    for (const end of ['"', "\\", '\\"', '"}', '","NewImage":{"', '"OldImage":{', "}}]}", "é\u{1f4da}"])
      expectSame(
        JSON.stringify({ Records: [{ dynamodb: { NewImage: image(filling + end), SizeBytes: 1 } }] }),
      );
});

test.each([
  [
    "a key's attribute that is called like an image",
    '{"dynamodb":{"Keys":{"NewImage":{"S":"k"}},"NewImage":{}}}',
  ],
  [
    "an attribute that is called like one",
    '{"dynamodb":{"NewImage":{"OldImage":{"S":"k"},"HeroImage":{"S":"k"}}}}',
  ],
  ["an image of something else", '{"userIdentity":{"NewImage":{}},"dynamodb":{"OldImage":{"a":{"S":"b"}}}}'],
  ["an image that is named twice", '{"dynamodb":{"NewImage":{"a":{"S":"b"}},"NewImage":{"c":{"S":"d"}}}}'],
  ["records that are none", 'null,5,"x",[],{"dynamodb":"x"},{"dynamodb":{"NewImage":{}}}'],
  [
    "a number in the place of an image that was named before",
    '{"dynamodb":{"NewImage":{"a":{"S":"b"}},"NewImage":0}}',
  ],
  [
    "a number in the place of an image, and an image in another place",
    '{"dynamodb":{"Keys":{"NewImage":{"S":"k"}},"NewImage":0,"OldImage":1}}',
  ],
  ["the old image first", '{"dynamodb":{"OldImage":{"a":{"S":"b"}},"NewImage":{"c":{"S":"d"}}}}'],
  ["white space", '{"dynamodb": {"NewImage" : {"a":{"S":"b"}}, "OldImage": {}, "SizeBytes": 1 }}'],
  ["many short images", `${'{"dynamodb":{"NewImage":{}}},'.repeat(2_000)}{}`],
  ["no record", ""],
])("%s", (_what, records) => {
  expectSame(`{"Records":[${records}]}`);
});

test("an answer that is not valid UTF-8 is read as it always was", () => {
  const json = Buffer.from('{"Records":[{"dynamodb":{"NewImage":{"id":{"S":"\xff"}}}}]}', "latin1");
  expect(withUnparsedImages(json)).toEqual({
    Records: [{ dynamodb: { NewImage: { id: { S: "\ufffd" } } } }],
  });
});

test.each([
  ["a string", '{"a":{"S":"x\u0001"}}'],
  ["a long string", `{"a":{"S":"${"x".repeat(100)}\n"}}`],
  ["an escape", '{"a":{"S":"\\x"}}'],
  ["a code", '{"a":{"S":"\\u12g4"}}'],
  ["a list", '{"a":{"L":[}}'],
  ["a list's end", '{"a":{"L":[{"S":"x"}}]}'],
  ["a colon", '{"a" {"S":"x"}}'],
  ["a comma", '{"a":{"S":"x"},}'],
  ["a truth", '{"a":{"BOOL":tru}}'],
  ["a name", '{"a":{BOOL:true}}'],
])("an answer is refused where %s of an image that no one asks for is broken", (_what, broken) => {
  const json = `{"Records":[{"dynamodb":{"NewImage":{"a":{"S":"b"}},"OldImage":${broken}}}]}`;
  expect(() => JSON.parse(json)).toThrow(SyntaxError);
  expect(() => withUnparsedImages(Buffer.from(json))).toThrow(SyntaxError);
});

test("an image of any form says what it says", () => {
  const deep = `${'{"a":{"M":'.repeat(500)}{}${"}}".repeat(500)}`;
  const values = ["{}", "[]", "[[],{}]", "true", "false", "null", "1", '"\\ud800"', "[true,{}]", deep];
  for (const value of values) expectSame(`{"Records":[{"dynamodb":{"NewImage":{"a":${value}}}}]}`);
});

test("an answer that is no object is what it is", () => {
  for (const text of ["null", "5", "[]"])
    expect(withUnparsedImages(Buffer.from(text))).toEqual(JSON.parse(text));
});

test("an answer that is no JSON, or ends too soon, is refused", () => {
  for (const text of [
    "",
    "{",
    '{"Records":[{"dynamodb":{"NewImage":{"a',
    '{"Records":[{"dynamodb":{"NewImage":{"a"}',
  ])
    expect(() => withUnparsedImages(Buffer.from(text))).toThrow(SyntaxError);
});

function isRecorded(value: unknown): value is { readonly record: object } {
  return typeof value === "object" && value !== null && "record" in value && "change" in value;
}

/** Gives the answer, of which every image has been compared. */
function expectSame(json: string): WrittenRecords {
  const answer = withUnparsedImages<WrittenRecords>(Buffer.from(json));
  expect(JSON.stringify(answer)).toBe(JSON.stringify(JSON.parse(Buffer.from(json).toString())));
  return answer;
}
