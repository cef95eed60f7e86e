/** A source that accepts requests and never answers, in virtual time. unreachable.deep.test.ts tests it in real time. */
import { expect, test } from "@jest/globals";
import type { Timing } from "../../src/sdk/timing.ts";
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

/** A clock that people move: it wakes whoever sleeps until then. */
class Clock implements Timing {
  #nowMs = 0;
  readonly #sleepers: { readonly wakesAtMs: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  random(): number {
    return 0;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ wakesAtMs: this.#nowMs + ms, wake }));
  }

  async pass(ms: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#nowMs += ms;
    for (const { wakesAtMs, wake } of this.#sleepers) if (wakesAtMs <= this.#nowMs) wake();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.each<[string, (clock: Clock) => Promise<unknown>]>([
  ["a table is described", (clock) => describeSource(connection, "Reviews", undefined, clock)],
  ["a stream is opened", (clock) => streamSource(connection, "Reviews", {}, clock).open(undefined)],
])("an answer is waited for ten seconds where %s", async (_, ask) => {
  const clock = new Clock();
  let hasEnded = false;
  const asked = ask(clock).catch((error: unknown) => {
    hasEnded = true;
    return error;
  });
  await clock.pass(9_999);
  expect(hasEnded).toBe(false);
  await clock.pass(1);
  expect(hasEnded).toBe(true);
  expect(await asked).toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("no answer within 10 seconds"),
  });
});
