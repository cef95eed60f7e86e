/** What a doctor says of each doubt, from what several tables show. */
import { expect, test } from "@jest/globals";
import {
  answerToEach,
  contradicted,
  notSeen,
  seen,
  unread,
  withoutAccount,
} from "../../../src/core/doctor/answer.ts";
import { DOUBTS } from "../../../src/core/doctor/doubts.ts";

test("each doubt has one answer, in the order of the list, also without any", () => {
  const answers = answerToEach([]);
  expect(answers.map(({ doubt }) => doubt)).toEqual(Object.keys(DOUBTS));
  expect(new Set(answers.map(({ verdict }) => verdict))).toEqual(new Set(["not seen"]));
  expect(answers.every(({ evidence }) => evidence !== "")).toBe(true);
});

test("what one table contradicts, others cannot make good; what one has seen, all have", () => {
  const answerOf = (...given: Parameters<typeof answerToEach>[0]) =>
    answerToEach(given).find(({ doubt }) => doubt === "unload");
  const [no, yes, other] = [notSeen("unload", "no"), seen("unload", "yes"), contradicted("unload", "other")];
  expect(answerOf(no, yes)).toEqual(yes);
  expect(answerOf(yes, other, yes)).toEqual(other);
  expect(answerOf(...unread(["unload"], "CREDENTIALS, no"))).toEqual({
    doubt: "unload",
    verdict: "not seen",
    evidence: "could not be read: CREDENTIALS, no",
    isUnread: true,
  });
});

test("evidence names no account", () => {
  const denied =
    "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:ListBucketVersions on arn:aws:s3:::lake-111122223333, or so";
  const expected = "User: <arn> is not authorized to perform: s3:ListBucketVersions on <arn>, or so";
  expect(withoutAccount(denied)).toBe(expected);
  expect(withoutAccount("bucket lake-111122223333; 1234567890123 bytes")).toBe(
    "bucket lake-<account>; 1234567890123 bytes",
  );
  expect(answerToEach([seen("unload", denied)]).find(({ doubt }) => doubt === "unload")?.evidence).toBe(
    expected,
  );
});
