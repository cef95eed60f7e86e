import { FirehoseClient } from "@aws-sdk/client-firehose";
import { describe, expect, test } from "@jest/globals";
import { firehoseSink } from "../../src/aws/firehose-sink.ts";
import { type ChangeSink, type DeliveredRow, UndeliveredRows } from "../../src/core/ports/change-sink.ts";
import { VirtualTiming } from "../source/virtual-timing.ts";
import { deepTest } from "../support/deep-test.ts";
import { allEffort } from "../support/effort.ts";
import * as fc from "../support/fast-check.ts";
import { type FakeAnswer, type FakeAws, fakeAws, refusal, socketFault } from "./fake-aws.ts";

/** Lines of `kilobytes` each. About 1,000 lines of one kilobyte fill a record. */
function rowsOf(count: number, kilobytes = 1): readonly DeliveredRow[] {
  return Array.from({ length: count }, (_, i) => {
    const text = `{"i":${i},"x":"${"x".repeat(kilobytes * 1024 - 40)}"}\n`;
    return { line: { content: Buffer.from(text), keyHash: String(i) }, changedAtSeconds: i };
  });
}

/** The line numbers in each record of a request. */
function recordsOf(text: string): readonly (readonly number[])[] {
  const { Records } = JSON.parse(text) as { Records: { Data: string }[] };
  return Records.map(({ Data }) =>
    [
      ...Buffer.from(Data, "base64")
        .toString("utf8")
        .matchAll(/"i":(\d+)/g),
    ].map(([, i]) => Number(i)),
  );
}

const taken = (count: number): FakeAnswer => ({
  body: { FailedPutCount: 0, RequestResponses: Array(count).fill({ RecordId: "r" }) },
});

/** Rejects the records at these positions. */
function takenBut(count: number, failed: readonly number[]): FakeAnswer {
  const RequestResponses = Array.from({ length: count }, (_, i) =>
    failed.includes(i)
      ? { ErrorCode: "ServiceUnavailableException", ErrorMessage: "Slow down." }
      : { RecordId: "r" },
  );
  return { body: { FailedPutCount: failed.length, RequestResponses } };
}

function sinkOn(
  answer: (records: readonly (readonly number[])[]) => FakeAnswer,
): FakeAws & { readonly sink: ChangeSink } {
  const fake = fakeAws(({ text }) => answer(recordsOf(text)));
  const client = new FirehoseClient(fake.options);
  return { ...fake, sink: firehoseSink({ client, stream: "changes", timing: new VirtualTiming() }) };
}

describe("delivery by Firehose", () => {
  test("packs lines into records and records into batches, each in order", async () => {
    const { sink, requests } = sinkOn((records) => taken(records.length));
    await sink.deliver(rowsOf(9_000), 0);
    const batches = requests.map(({ text }) => recordsOf(text));
    expect(batches.flat(2)).toEqual(Array.from({ length: 9_000 }, (_, i) => i));
    expect(batches.map((records) => records.length)).toEqual([4, 4, 1]);
    expect(JSON.parse(requests[0]?.text ?? "")).toMatchObject({ DeliveryStreamName: "changes" });
  });

  test("nothing to deliver is no request", async () => {
    const { sink, requests } = sinkOn(() => taken(0));
    await sink.deliver([], 0);
    expect(requests).toEqual([]);
  });

  test("only the entries that failed are sent again, and before any later batch", async () => {
    let calls = 0;
    const { sink, requests } = sinkOn((records) => {
      calls++;
      if (calls === 1) return takenBut(records.length, [1, 3]);
      return calls === 2 ? takenBut(records.length, [0]) : taken(records.length);
    });
    await sink.deliver(rowsOf(9_000), 0);
    const firstLines = requests.map(({ text }) => recordsOf(text).map(([first]) => first));
    const [first, again, last, next] = firstLines;
    expect(again).toEqual([first?.[1], first?.[3]]);
    expect(last).toEqual([first?.[1]]);
    expect(next?.[0]).toBeGreaterThan(first?.[3] ?? 0);
  });

  deepTest("what keeps failing is given up, with the first row that was not delivered", async () => {
    const { sink, requests } = sinkOn((records) =>
      takenBut(
        records.length,
        records.flatMap((lines, i) => (lines.includes(5_500) || lines.includes(6_900) ? [i] : [])),
      ),
    );
    const failure = await sink.deliver(rowsOf(9_000), 0).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UndeliveredRows);
    const [first] = recordsOf(requests.at(-1)?.text ?? "");
    expect(first).toContain(5_500);
    expect(failure).toMatchObject({
      code: "DELIVERY_FAILED",
      firstIndex: first?.[0],
      message: expect.stringContaining("ServiceUnavailableException"),
    });
    // The third batch was never sent.
    expect(requests.flatMap(({ text }) => recordsOf(text).flat())).not.toContain(8_999);
    expect(requests.length).toBeLessThan(30);
  });

  test("an answer that was lost, or that does not tell which entries failed, means all of them", async () => {
    let calls = 0;
    const { sink, requests } = sinkOn((records) => {
      calls++;
      if (calls === 1) throw socketFault();
      if (calls === 2) return { body: { FailedPutCount: 1, RequestResponses: [] } };
      return taken(records.length);
    });
    await sink.deliver(rowsOf(10), 0);
    expect(requests.map(({ text }) => recordsOf(text).flat().length)).toEqual([10, 10, 10]);
  });

  test("rows are counted once they are acknowledged, those of a delivery that fails too, and others never", async () => {
    const counted: number[] = [];
    const onAcknowledged = (rows: readonly DeliveredRow[]) =>
      void counted.push(...rows.map(({ changedAtSeconds }) => changedAtSeconds));
    let calls = 0;
    const { options } = fakeAws(({ text }) => {
      calls++;
      const { length } = recordsOf(text);
      if (calls === 1) return takenBut(length, [0]);
      if (calls === 2) return { body: { FailedPutCount: 1, RequestResponses: [] } };
      return refusal("ResourceNotFoundException");
    });
    const client = new FirehoseClient(options);
    const sink = firehoseSink({ client, stream: "changes", timing: new VirtualTiming(), onAcknowledged });
    const rows = rowsOf(2_500);
    await expect(sink.deliver(rows, 0)).rejects.toThrow(UndeliveredRows);
    const { length } = counted;
    expect(length).toBeGreaterThan(500);
    expect(counted).toEqual(rows.slice(-length).map(({ changedAtSeconds }) => changedAtSeconds));
    expect(length).toBeLessThan(2_000);
  });

  test("what no repetition repairs is told at once", async () => {
    const { sink, requests } = sinkOn(() =>
      refusal("ResourceNotFoundException", "Firehose changes not found."),
    );
    await expect(sink.deliver(rowsOf(10), 0)).rejects.toMatchObject({
      code: "DELIVERY_FAILED",
      firstIndex: 0,
      message:
        'cannot deliver to the delivery stream "changes": ResourceNotFoundException: Firehose changes not found',
    });
    expect(requests).toHaveLength(1);
  });

  test("whatever fails, every row before the first undelivered one was taken, and without a failure all were", async () => {
    const verdict = fc.constantFrom("take", "refuse", "lose", "take and lose");
    await fc.assert(
      fc.asyncProperty(
        fc.array(verdict, { maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        async (verdicts, count) => {
          const got = new Set<number>();
          let at = 0;
          const next = () => verdicts[at++ % Math.max(1, verdicts.length)] ?? "take";
          const { sink } = sinkOn((records) => {
            const outcome = next();
            if (outcome === "lose") throw socketFault();
            const refusedRecords = records.flatMap((_, i) => (next() === "refuse" ? [i] : []));
            for (const [i, lines] of records.entries())
              if (!refusedRecords.includes(i)) for (const line of lines) got.add(line);
            if (outcome === "take and lose") throw socketFault();
            return takenBut(records.length, refusedRecords);
          });
          const failure = await sink.deliver(rowsOf(count, 400), 0).catch((error: unknown) => error);
          const until = failure === undefined ? count : (failure as UndeliveredRows).firstIndex;
          for (let i = 0; i < until; i++) expect(got).toContain(i);
        },
      ),
      { numRuns: allEffort ? 40 : 20 },
    );
  });
});
