/** A source that accepts requests and never answers, in virtual time. unreachable.deep.test.ts tests it in real time. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { describeSource } from "../../src/source/describe-source.ts";
import type { SourceConnection } from "../../src/source/source-connection.ts";
import { streamSource } from "../../src/source/stream-source.ts";

const endpoint = "http://127.0.0.1:8000";

/** Like the calls of the SDK, each ends only when it is aborted. */
const silent = (_: unknown, signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  });
const connection: Pick<SourceConnection, "tables" | "streams" | "place"> = {
  place: { endpoint },
  tables: { describeTable: silent, scan: silent },
  streams: { describeStream: silent, getShardIterator: silent, getRecords: silent },
};

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test.each<[string, () => Promise<unknown>]>([
  ["a table is described", () => describeSource(connection, "Reviews")],
  ["a stream is opened", () => streamSource(connection, "Reviews").open(undefined)],
])("an answer is waited for ten seconds where %s", async (_, ask) => {
  const ended = jest.fn();
  const asked = ask().catch((error: unknown) => {
    ended();
    return error;
  });
  await jest.advanceTimersByTimeAsync(9_999);
  expect(ended).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalled();
  expect(await asked).toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("no answer within 10 seconds"),
  });
});
