/** Tests for every adapter of the ChangeSource port that reads a real stream. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { ChangeReader, ChangeSource, StreamPosition } from "../../src/core/ports/change-source.ts";

type Item = Record<string, AttributeValue>;

/** An empty table for one test: hash key User (S), range key Book (S), a stream with NEW_AND_OLD_IMAGES. */
export interface ChangeSourceHarness {
  readonly source: ChangeSource;
  put(item: Item): Promise<void>;
  /** Writes many items in order. */
  putAll(items: readonly Item[]): Promise<void>;
  remove(key: Item): Promise<void>;
  /** Disables the stream, and enables a new one with this view type; without a view type, leaves it disabled. */
  replaceStream(viewType: string | undefined): Promise<void>;
  /** Sources that cannot be opened. */
  readonly missingTable: ChangeSource;
  readonly unreachable: ChangeSource;
  close(): Promise<void>;
}

interface EventRecord {
  readonly eventName: string;
  readonly eventSource: string;
  readonly dynamodb: {
    readonly ApproximateCreationDateTime: number;
    readonly Keys: unknown;
    readonly NewImage?: unknown;
    readonly OldImage?: unknown;
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: string;
  };
}

export function registerChangeSourceTests(name: string, factory: () => Promise<ChangeSourceHarness>): void {
  describe(`change source: ${name}`, () => {
    const harnesses: ChangeSourceHarness[] = [];
    const readers: ChangeReader[] = [];

    afterEach(async () => {
      for (const reader of readers.splice(0)) await reader.close();
      for (const harness of harnesses.splice(0)) await harness.close();
    });

    const harness = async (): Promise<ChangeSourceHarness> => {
      const made = await factory();
      harnesses.push(made);
      return made;
    };
    const open = async (source: ChangeSource, from?: StreamPosition): Promise<ChangeReader> => {
      const reader = await source.open(from);
      readers.push(reader);
      return reader;
    };

    test("inserts, modifications and removals come in order, as a Lambda function would get them", async () => {
      const { source, put, remove } = await harness();
      await put({ ...key("ada", "1"), Rating: { N: "5" } });
      await put({ ...key("ada", "1"), Rating: { N: "4" } });
      await remove(key("ada", "1"));
      const { records } = await read(await open(source), 3);
      const keys = key("ada", "1");
      expect(
        records.map(({ eventName, dynamodb }) => [eventName, dynamodb.NewImage, dynamodb.OldImage]),
      ).toEqual([
        ["INSERT", { ...keys, Rating: { N: "5" } }, undefined],
        ["MODIFY", { ...keys, Rating: { N: "4" } }, { ...keys, Rating: { N: "5" } }],
        ["REMOVE", undefined, { ...keys, Rating: { N: "4" } }],
      ]);
      for (const { eventSource, dynamodb } of records) {
        expect(eventSource).toBe("aws:dynamodb");
        expect(dynamodb.Keys).toEqual(keys);
        expect(dynamodb.StreamViewType).toBe("NEW_AND_OLD_IMAGES");
        expect(dynamodb.SequenceNumber).toMatch(/^\d{1,40}$/);
        expect(dynamodb.SizeBytes).toBeGreaterThan(0);
        expect(Number.isInteger(dynamodb.ApproximateCreationDateTime)).toBe(true);
        expect(Math.abs(dynamodb.ApproximateCreationDateTime - Date.now() / 1_000)).toBeLessThan(600);
      }
    });

    test("all ten types of attributes come as DynamoDB JSON, numbers with all of their digits", async () => {
      const { source, put } = await harness();
      await put(itemOfAllTypes);
      const { records } = await read(await open(source), 1);
      expect(canonical(records[0]?.dynamodb.NewImage)).toBe(canonical(jsonOfAllTypes));
      expect(JSON.parse(JSON.stringify(records))).toEqual(records);
    });

    test("a first reading gives everything that the stream holds, and then says that it has caught up", async () => {
      const { source, putAll } = await harness();
      await putAll(items(2_300));
      const reader = await open(source);
      const { records } = await read(reader, 2_300);
      expect(records.map(({ dynamodb }) => dynamodb.Keys)).toEqual(items(2_300));
      const sequence = records.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber));
      expect(sequence.every((number, index) => index === 0 || number > (sequence[index - 1] ?? number))).toBe(
        true,
      );
      await expect(untilCaughtUp(reader)).resolves.toEqual([]);
      expect(reader.stream.createdAtSeconds).toBeGreaterThan(Date.now() / 1_000 - 600);
    });

    test("a reading goes on after a position, wherever it was taken", async () => {
      const { source, putAll } = await harness();
      await putAll(items(7));
      let position: StreamPosition | undefined;
      const keys: unknown[] = [];
      for (let session = 0; session < 4; session++) {
        const reader = await open(source, position);
        const batch = await reader.next({ recordsMax: 2, waitMs: 5_000 });
        keys.push(...(batch.records as EventRecord[]).map(({ dynamodb }) => dynamodb.Keys));
        expect(batch.gaps).toEqual([]);
        position = JSON.parse(JSON.stringify(batch.position)) as StreamPosition;
        await reader.close();
      }
      expect(keys).toEqual(items(7));
    });

    test("a write while next waits is given within seconds", async () => {
      const { source, put } = await harness();
      const reader = await open(source);
      await untilCaughtUp(reader);
      const beganMs = Date.now();
      const waiting = reader.next({ recordsMax: 10, waitMs: 20_000 });
      await put(key("ada", "1"));
      expect((await waiting).records).toHaveLength(1);
      expect(Date.now() - beganMs).toBeLessThan(5_000);
    });

    test("next gives nothing when nothing comes, and close ends it", async () => {
      const { source } = await harness();
      const reader = await open(source);
      expect(await reader.next({ recordsMax: 10, waitMs: 50 })).toMatchObject({ records: [], gaps: [] });
      const waiting = reader.next({ recordsMax: 10, waitMs: 3_600_000 });
      await reader.close();
      expect((await waiting).records).toEqual([]);
      await reader.close();
    });

    test("a stream that was created anew is a gap, and everything in it is read", async () => {
      const { source, put, replaceStream } = await harness();
      await put(key("ada", "1"));
      const first = await open(source);
      const { position } = await read(first, 1);
      await first.close();
      await replaceStream("NEW_AND_OLD_IMAGES");
      await put(key("ada", "2"));
      const reader = await open(source, position);
      const keys: unknown[] = [];
      const gaps: string[] = [];
      while (!keys.includes(canonical(key("ada", "2")))) {
        const batch = await reader.next({ recordsMax: 10, waitMs: 10_000 });
        keys.push(...(batch.records as EventRecord[]).map(({ dynamodb }) => canonical(dynamodb.Keys)));
        gaps.push(...batch.gaps.map((gap) => gap.reason));
      }
      expect(gaps).toContain("stream-recreated");
    });

    test("what cannot be read is refused, with what to do", async () => {
      const { source, replaceStream, missingTable, unreachable } = await harness();
      const refusal = (refused: ChangeSource) =>
        refused.open(undefined).then(
          () => "opened",
          (error: { readonly code: string; readonly next: string }) => error,
        );
      await replaceStream(undefined);
      expect(await refusal(source)).toMatchObject({
        code: "STREAM_UNUSABLE",
        next: expect.stringContaining("aws "),
      });
      await replaceStream("KEYS_ONLY");
      expect(await refusal(source)).toMatchObject({
        code: "STREAM_UNUSABLE",
        next: expect.stringContaining("aws "),
      });
      expect(await refusal(missingTable)).toMatchObject({ code: "TABLE_NOT_FOUND" });
      expect(await refusal(unreachable)).toMatchObject({ code: "UNREACHABLE" });
    });
  });
}

/** Every type, with values that are easily lost. `jsonOfAllTypes` is the same in DynamoDB JSON. */
export const itemOfAllTypes: Item = {
  User: { S: "ada" },
  Book: { S: "all types" },
  empty: { S: "" },
  text: { S: "“ü” \u0000 \u{1f600} \n" },
  long: { N: "12345678901234567890123456789012345678" },
  bytes: { B: new Uint8Array([0, 1, 254, 255]) },
  yes: { BOOL: true },
  no: { BOOL: false },
  nothing: { NULL: true },
  strings: { SS: ["a", "b"] },
  numbers: { NS: ["1", "2.5"] },
  binaries: { BS: [new Uint8Array([1]), new Uint8Array([2, 3])] },
  list: { L: [{ S: "x" }, { L: [] }, { NULL: true }, { B: new Uint8Array([9]) }] },
  map: { M: { inner: { M: {} }, number: { N: "-0.5" } } },
};

export const jsonOfAllTypes: Readonly<Record<string, Record<string, unknown>>> = {
  User: { S: "ada" },
  Book: { S: "all types" },
  empty: { S: "" },
  text: { S: "“ü” \u0000 \u{1f600} \n" },
  long: { N: "12345678901234567890123456789012345678" },
  bytes: { B: "AAH+/w==" },
  yes: { BOOL: true },
  no: { BOOL: false },
  nothing: { NULL: true },
  strings: { SS: ["a", "b"] },
  numbers: { NS: ["1", "2.5"] },
  binaries: { BS: ["AQ==", "AgM="] },
  list: { L: [{ S: "x" }, { L: [] }, { NULL: true }, { B: "CQ==" }] },
  map: { M: { inner: { M: {} }, number: { N: "-0.5" } } },
};

/** A canonical text of a value in DynamoDB JSON: maps and sets are sorted, because their order has no meaning. */
export function canonical(json: unknown): string {
  return JSON.stringify(json, (name, each: unknown) => {
    if (Array.isArray(each)) return /^[SNB]S$/.test(name) ? [...each].sort() : each;
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

function key(user: string, book: string): Item {
  return { User: { S: user }, Book: { S: book } };
}

function items(count: number): Item[] {
  return Array.from({ length: count }, (_, index) => key("ada", String(index).padStart(6, "0")));
}

async function read(
  reader: ChangeReader,
  count: number,
): Promise<{ readonly records: readonly EventRecord[]; readonly position: StreamPosition | undefined }> {
  const records: EventRecord[] = [];
  let position: StreamPosition | undefined;
  while (records.length < count) {
    const batch = await reader.next({ recordsMax: 1_000, waitMs: 10_000 });
    expect(batch.gaps).toEqual([]);
    if (batch.records.length === 0) throw new Error(`Only ${records.length} of ${count} records came.`);
    records.push(...(batch.records as EventRecord[]));
    position = batch.position;
  }
  return { records, position };
}

async function untilCaughtUp(reader: ChangeReader): Promise<readonly unknown[]> {
  const records: unknown[] = [];
  for (const untilMs = Date.now() + 10_000; Date.now() < untilMs; ) {
    const batch = await reader.next({ recordsMax: 1_000, waitMs: 50 });
    records.push(...batch.records);
    if (batch.caughtUp) return records;
  }
  throw new Error("The reader did not catch up.");
}
