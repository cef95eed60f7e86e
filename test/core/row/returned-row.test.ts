import { describe, expect, test } from "@jest/globals";
import { Rejection } from "../../../src/core/change/change.ts";
import { deliver } from "../../../src/core/delivery/deliver.ts";
import { readRecordedEvents } from "../../../src/core/delivery/recorded-events.ts";
import { rewrittenRow, WireRowText } from "../../../src/core/row/returned-row.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { changeLine, type LineWriter, lineWriter } from "../../../src/core/row/wire-line.ts";
import { parseSchema, type SchemaFile } from "../../../src/core/schema/schema.ts";
import type { Json } from "../../../src/core/values/json-members.ts";
import { recordedChange } from "../../arbitraries/change.ts";
import { mutated } from "../../arbitraries/json.ts";
import { schemaFor } from "../../arbitraries/schema.ts";
import * as fc from "../../support/fast-check.ts";
import { lineText } from "../../support/line-text.ts";
import { MemoryStore } from "../../support/memory-store.ts";
import { deliveredRows, storeSink } from "../../support/store-sink.ts";

const MASK_KEY = new TextEncoder().encode("secret");
const NOW = 1_800_000_000;

function writerOf(file: SchemaFile): LineWriter {
  return lineWriter(rowCodec(parseSchema(file, "a test"), MASK_KEY));
}

const changeAndWriter = recordedChange.chain(({ key, change }) =>
  schemaFor([change.item], { key, masks: "some" }).map((file) => ({ change, writer: writerOf(file) })),
);

describe("a wire row that comes back", () => {
  test("is written as it was sent, whatever the change and the schema", () => {
    fc.assert(
      fc.property(changeAndWriter, ({ change, writer }) => {
        const line = changeLine(writer, change);
        expect(rewrittenRow(writer, new WireRowText(lineText(line).trimEnd())).line).toEqual(line);
      }),
      { numRuns: 1000 },
    );
  });

  test("gets the columns that were declared since it was sent", () => {
    fc.assert(
      fc.property(changeAndWriter, ({ change, writer }) => {
        const { file } = writer.codec.schema;
        const keys = Object.fromEntries(
          Object.entries(file.attributes).filter(([name]) => [file.key.hash, file.key.range].includes(name)),
        );
        const before = writerOf({ ...file, attributes: keys });
        // Values that are dropped or masked now were written unmasked then, and must be hidden too.
        expect(rewrittenRow(writer, new WireRowText(lineText(changeLine(before, change)))).line).toEqual(
          changeLine(writer, change),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("gives a row or a rejection, and never another failure, however it is damaged", () => {
    fc.assert(
      fc.property(
        changeAndWriter,
        fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
        fc.jsonValue(),
        ({ change, writer }, choices, replacement) => {
          const damaged = mutated(
            JSON.parse(lineText(changeLine(writer, change))) as Json,
            choices,
            replacement as Json,
          );
          try {
            const { line } = rewrittenRow(writer, new WireRowText(JSON.stringify(damaged)));
            expect(rewrittenRow(writer, new WireRowText(lineText(line))).line).toEqual(line);
          } catch (error) {
            expect(error).toBeInstanceOf(Rejection);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

const REVIEWS = writerOf({
  table: "reviews",
  key: { hash: "User" },
  attributes: {
    User: { type: "string" },
    Big: { type: "bigint" },
    Day: { type: "date" },
    Prices: { type: "map<string,decimal(20,2)>" },
    Email: { type: "string", mask: "sha256" },
  },
});

const row = (user: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => {
  const change = {
    operation: "INSERT",
    key: [{ S: user }],
    version: "1".padStart(40, "0"),
    changedAtSeconds: NOW - 60,
    expired: false,
    item: { User: { S: user } },
    before: undefined,
  } as const;
  return { ...JSON.parse(lineText(changeLine(REVIEWS, change))), ...more };
};

describe("what is no row of the table", () => {
  test.each<[string, string, Record<string, unknown> | string]>([
    ["a member that is no column", "not-a-row", row("a", { rating: 5 })],
    ["a key that is not the one of _key", "key-mismatch", { ...row("a"), _key: row("b")._key }],
    ["no key", "no-key", { ...row("a"), user: undefined }],
    ["a number in a text column", "not-a-row", row("a", { day: 5 })],
    ["a fraction in a bigint", "not-a-row", row("a", { big: 1.5 })],
    ["nested text that is no JSON", "not-a-row", row("a", { prices: "{" })],
    ["nested text of another shape", "not-a-row", row("a", { prices: '{"eur":{"a":[]}}' })],
    ["a masked value in the open", "not-a-row", row("a", { email: "ann@example.com" })],
    ["a snapshot's row", "unknown-operation", row("a", { _op: "SNAPSHOT" })],
    ["a version of other digits", "not-a-row", row("a", { _version: "1" })],
    ["a time that is none", "unreadable-time", row("a", { _changed_at: -1 })],
    ["an array", "not-a-row", "[1]"],
    ["no JSON", "not-json", "{"],
    ["a member named twice", "duplicate-member", '{"_op":"INSERT","_op":"REMOVE"}'],
  ])("%s is refused as %s", (_, reason, damaged) => {
    const text = typeof damaged === "string" ? damaged : JSON.stringify(damaged);
    expect(() => rewrittenRow(REVIEWS, new WireRowText(text))).toThrow(expect.objectContaining({ reason }));
  });

  test("values that a column cannot hold do not get into it", () => {
    const { line } = rewrittenRow(REVIEWS, new WireRowText(JSON.stringify(row("a", { day: "2024-02-31" }))));
    expect(JSON.parse(lineText(line))).toMatchObject({ _unmapped: '{"Day":{"S":"2024-02-31"}}' });
    expect(JSON.parse(lineText(line)).day).toBeUndefined();
  });
});

test("the digits of a bigint and a masked value come back as they were", () => {
  const text = JSON.stringify(row("a", { email: "0".repeat(64) })).replace(
    '"user"',
    '"big":-9223372036854775808,"user"',
  );
  const { line } = rewrittenRow(REVIEWS, new WireRowText(text));
  expect(lineText(line)).toContain('"big":-9223372036854775808,');
  expect(lineText(line)).toContain(`"email":"${"0".repeat(64)}"`);
});

describe("an error file of Firehose", () => {
  const told = { attemptsMade: 1, arrivalTimestamp: 1, attemptEndingTimestamp: 2 };
  const base64 = (lines: readonly unknown[]): string =>
    Buffer.from(
      lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""),
    ).toString("base64");
  const variants = {
    errorCode: { ...told, errorCode: "DataFormatConversion.MalformedData", errorMessage: "said" },
    lastErrorCode: { ...told, lastErrorCode: "DataFormatConversion.ParseError", lastErrorMessage: "said" },
    ErrorCode: { ...told, ErrorCode: "x", ErrorMessage: "said", dataCatalogTable: { tableName: "t" } },
  };

  test.each(Object.entries(variants))(
    "with %s gives its rows into the change log, and what is none into quarantine",
    async (_, members) => {
      const text = [
        [row("a"), row("b")],
        [row("c"), "no row", row("d", { rating: 5 })],
      ]
        .map((lines) => `${JSON.stringify({ ...members, rawData: base64(lines) })}\n`)
        .join("");
      const store = new MemoryStore();
      const delivery = await replay(store, text);
      expect(delivery).toMatchObject({ rows: 3, skipped: 0 });
      expect(deliveredRows(store, "reviews").map(({ user }) => user)).toEqual(["a", "b", "c"]);
      expect(delivery.quarantined.map(({ reason, raw }) => [reason, raw])).toEqual([
        ["not-json", "no row"],
        ["not-a-row", JSON.stringify(row("d", { rating: 5 }))],
      ]);

      // A row in quarantine is still recognized as a row.
      const kept = delivery.quarantineObjects.map((path) => store.text(path)).join("");
      const repaired = kept.replaceAll('\\"rating\\":5', '\\"big\\":5');
      expect(await replay(store, repaired)).toMatchObject({ rows: 1, quarantined: [{ reason: "not-json" }] });
    },
  );

  test("with stream records in it gives those", () => {
    const record = { eventName: "INSERT", dynamodb: {} };
    const text = JSON.stringify({ ...told, rawData: base64([record]) });
    expect(readRecordedEvents(text, "file")).toEqual([JSON.stringify(record)]);
  });

  test.each(["%", Buffer.from([0xff]).toString("base64")])("with other rawData is refused: %s", (rawData) => {
    expect(() => readRecordedEvents(JSON.stringify({ ...told, rawData }), "file")).toThrow(
      expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringContaining("rawData") }),
    );
  });

  async function replay(store: MemoryStore, text: string) {
    const context = { store, sink: storeSink(store, "reviews"), writer: REVIEWS, rowBytesMax: 1_000_000 };
    const records = readRecordedEvents(text, "a file");
    return deliver(context, { records, source: "a file", arrivedAtSeconds: NOW });
  }
});
