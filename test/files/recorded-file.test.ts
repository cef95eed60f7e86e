import { gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { readRecording } from "../../src/files/recorded-file.ts";
import { deepTest } from "../support/deep-test.ts";

const record = (n: number): string =>
  JSON.stringify({ eventName: "INSERT", dynamodb: { SequenceNumber: String(n) } });

test("gzip is unpacked, also where objects were put behind each other", () => {
  const content = Buffer.concat([gzipSync(record(1)), gzipSync(record(2))]);
  expect(readRecording("a.gz", content).records).toEqual([record(1), record(2)]);
});

test("a torn gzip file is named", () => {
  const content = gzipSync(record(1));
  expect(() => readRecording("a.gz", content.subarray(0, content.length - 9))).toThrow(
    "a.gz is not a complete gzip file",
  );
});

deepTest("what unpacks to more than is read at once is refused", () => {
  const mebibyte = gzipSync(Buffer.alloc(1024 * 1024, " "));
  const content = Buffer.concat(Array.from({ length: 257 }, () => mebibyte));
  expect(() => readRecording("a.gz", content)).toThrow(
    "a.gz has more than 268,435,456 bytes when it is unpacked",
  );
});
