import { expect, test } from "@jest/globals";
import { type BatchRows, batchRows } from "../../../src/core/delivery/batch-rows.ts";
import { type ImageLine, imageLine } from "../../../src/core/fast-line/image-line.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { lineWriter } from "../../../src/core/row/wire-line.ts";
import { parseSchema, type SchemaFile } from "../../../src/core/schema/schema.ts";
import { type Item, readItem } from "../../../src/core/values/attribute-value.ts";
import { type Json, parseJson } from "../../../src/core/values/json-members.ts";
import { memberTexts } from "../../../src/core/values/json-slices.ts";
import { keyItem, keyOf } from "../../../src/core/values/key.ts";
import { withUnparsedImages } from "../../../src/source/unparsed-images.ts";
import { recordedChangeOf, sequenceNumber } from "../../arbitraries/change.ts";
import { attributeValue, keyedItem } from "../../arbitraries/item.ts";
import { mutated } from "../../arbitraries/json.ts";
import { schemaFor } from "../../arbitraries/schema.ts";
import * as fc from "../../support/fast-check.ts";
import { lineText } from "../../support/line-text.ts";

const KEY = { hash: "pk", range: "sk" };
const MASK_KEY = new TextEncoder().encode("a key of masks");
const NOW = 1_800_000_000;

/** Records as the service writes them, and some that only recordings have, of one table, with a schema made for their items. */
const recordsAndFile = fc
  .array(fc.oneof(usualRecord(), recordedChangeOf(KEY)), { minLength: 1, maxLength: 3 })
  .chain((written) => {
    const items = written.map(({ change }) => change.item);
    const names = items.flatMap((item) => Object.keys(item));
    const where = fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, fc.constantFrom(...names));
    return fc.tuple(schemaFor(items, { key: KEY, masks: "some" }), where).map(([file, name]) => ({
      records: written.map(({ record }) => record),
      file: name === undefined ? file : { ...file, where: { [name]: { exists: true } } },
    }));
  });

function usualRecord(): fc.Arbitrary<{ readonly record: Json; readonly change: { readonly item: Item } }> {
  return fc.tuple(keyedItem(KEY), sequenceNumber).map(([written, sequence]) => {
    const image = readItem(written);
    return {
      record: modify({ image, keys: keyItem(KEY, keyOf(KEY, image) ?? []), sequence }),
      change: { item: image },
    };
  });
}

test("unparsed images become the rows that parsed ones become, and are rejected for the same reasons", () => {
  const counts = { fast: 0, all: 0 };
  fc.assert(
    fc.property(recordsAndFile, ({ records, file }) => {
      const { fast, all } = expectSame(file, records);
      counts.fast += fast;
      counts.all += all;
    }),
    { numRuns: 2_000 },
  );
  // The items are deliberately odd. Parsing most of them would prove little.
  expect(counts.fast / counts.all).toBeGreaterThan(0.1);
});

test("so do records with a part that is something else", () => {
  const part = fc.oneof(
    attributeValue,
    fc.constantFrom<Json>(null, 1, "x", [], {}, "OLD_IMAGE", "KEYS_ONLY", "REMOVE", { S: 1 }, { N: "01" }),
  );
  const place = fc.array(fc.nat(7), { maxLength: 5 });
  fc.assert(
    fc.property(recordsAndFile, place, part, ({ records, file }, at, replacement) => {
      const spoiled = mutated(records as unknown as Json, at, replacement as Json);
      if (Array.isArray(spoiled)) expectSame(file, spoiled);
    }),
    { numRuns: 2_000 },
  );
});

const FILE: SchemaFile = {
  table: "t",
  key: KEY,
  attributes: { n: { type: "bigint" }, s: { type: "string" } },
};
const KEYS = { pk: { S: "p" }, sk: { S: "s" } };

test("the key of the image has to be the one in Keys", () => {
  const other = { ...KEYS, sk: { S: "t" } };
  const [same, different] = [KEYS, other].map((image) => [modify({ image })]);
  expect(expectSame(FILE, same ?? []).fast).toBe(1);
  expect(expectSame(FILE, different ?? []).rows.quarantined).toMatchObject([{ reason: "key-mismatch" }]);
});

test("a record that comes twice may write its image in two ways, but says one thing", () => {
  const image = { ...KEYS, n: { N: "9007199254740993" }, s: { S: "é/" }, x: { S: "a" } };
  const turned = Object.fromEntries(Object.entries(image).reverse());
  const unparsable = { ...image, x: { S: "a", N: null } } as unknown as Item;
  const same = [image, turned, unparsable].map((each) => modify({ image: each }));
  const escaped = JSON.stringify(same[0]).replace("é/", "\\u00e9\\/");
  const records = [...same, JSON.parse(escaped)];
  expect(
    expectSame(FILE, records, [...same.map((each) => JSON.stringify(each)), escaped]).rows.rows,
  ).toHaveLength(4);
  const changed = modify({ image: { ...image, n: { N: "9007199254740992" } } });
  const { rows } = expectSame(FILE, [...same, changed]);
  expect(rows.quarantined).toMatchObject([{ reason: "same-sequence" }]);
});

function modify({ image, keys = KEYS, sequence = "100" }: Written): Json {
  return {
    eventName: "MODIFY",
    dynamodb: {
      ApproximateCreationDateTime: NOW,
      Keys: keys,
      NewImage: image,
      OldImage: keys,
      SequenceNumber: sequence,
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
  } as unknown as Json;
}

interface Written {
  readonly image: Item;
  readonly keys?: Item;
  readonly sequence?: string;
}

interface Compared {
  readonly rows: BatchRows;
  /** How many rows were made without parsing an image. */
  readonly fast: number;
  readonly all: number;
}

/** Reads the records both ways. `texts` are those of the records, where they are not as `JSON.stringify` writes them. */
function expectSame(
  file: SchemaFile,
  records: readonly unknown[],
  texts: readonly string[] = records.map((record) => JSON.stringify(record)),
): Compared {
  const codec = rowCodec(parseSchema(file, "test"), MASK_KEY);
  const reading = { rowBytesMax: 1_000_000, floorSeconds: NOW };
  const batch = { source: "a stream", arrivedAtSeconds: NOW };
  let fast = 0;
  const writer = lineWriter(codec);
  const line = imageLine(writer);
  const counting: ImageLine = (change) => {
    const written = line?.(change);
    if (written !== undefined) fast++;
    return written;
  };
  const { Records: unparsed = [] } = withUnparsedImages(Buffer.from(`{"Records":[${texts.join(",")}]}`));
  const rows = batchRows({ ...reading, writer, imageLine: counting }, { ...batch, records: unparsed });
  const wanted = batchRows({ ...reading, writer: lineWriter(codec) }, { ...batch, records });
  expect(shown(rows)).toEqual(shown(wanted));
  return { rows, fast, all: records.length };
}

/** What a batch says, whatever the order of a line's members. */
function shown(batch: BatchRows): unknown {
  const { rows, recordOfRow, quarantined, skipped, records, insert, modify, remove, expired } = batch;
  const lines = rows.map(({ line, changedAtSeconds }) => {
    const text = lineText(line);
    const row = parseJson(text) as Readonly<Record<string, unknown>>;
    const members = Object.keys(row)
      .sort()
      .map((name) => [name, typeof row[name] === "string" ? row[name] : memberTexts(text, name)]);
    return { members, keyHash: line.keyHash, changedAtSeconds, isEnded: text.endsWith("}\n") };
  });
  const counts = { skipped, records, insert, modify, remove, expired, old: batch.olderThanSnapshot };
  return { lines, recordOfRow, quarantined, ...counts };
}
