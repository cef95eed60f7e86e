import { describe, expect, test } from "@jest/globals";
import { planFile } from "../../src/core/compaction/plan.ts";
import { DynalakeError } from "../../src/core/error.ts";
import { parseExportFiles, parseExportSummary } from "../../src/core/exports/export-manifest.ts";
import {
  gapPath,
  manifestPath,
  planPath,
  positionPath,
  schemaPath,
  sourcePath,
  streamBeginningPath,
  streamWatchPath,
} from "../../src/core/format/lake-path.ts";
import { initialManifest, type Manifest } from "../../src/core/format/manifest.ts";
import { currentView, historyViews, segmentsView, snapshotsView } from "../../src/core/overlay/lake-view.ts";
import { rowCodec, toItem, toRow } from "../../src/core/row/row.ts";
import { itemLine, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchemaText, type SchemaFile } from "../../src/core/schema/schema.ts";
import { valueList, wireForm } from "../../src/core/sql/column-value.ts";
import { duckdb } from "../../src/core/sql/duckdb.ts";
import { segmentColumns } from "../../src/core/sql/typed-columns.ts";
import { tableStatus } from "../../src/core/status/status.ts";
import { keptSnapshots } from "../../src/core/table/kept-snapshots.ts";
import { openTable, tableAsOf } from "../../src/core/table/open-table.ts";
import { readReadingState } from "../../src/core/table/reading-state.ts";
import { readGaps } from "../../src/core/table/recorded-gaps.ts";
import { requireLakeFile } from "../../src/core/table/stored-file.ts";
import { readStreamBeginning } from "../../src/core/table/stream-beginning.ts";
import { readStreamWatch } from "../../src/core/table/stream-watch.ts";
import type { Json } from "../../src/core/values/json-members.ts";
import { recallSource } from "../../src/embedded/folder/source-memory.ts";
import { damaged, edits, hostileName, named, spoiled } from "../arbitraries/hostile.ts";
import { anyDeclaration, typeText } from "../arbitraries/schema.ts";
import { FakeEngine } from "../support/fake-engine.ts";
import * as fc from "../support/fast-check.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { answerOf, corpus, fuzz, type Kind } from "./fuzz.ts";

/** Files of the lake, of an export and of people, spoiled: each is read, or refused with a code. */

const NOW = 1_772_359_200;
const SCHEMA: SchemaFile = {
  table: "t",
  key: { hash: "id", range: "n" },
  where: { kind: { beginsWith: "x" } },
  partitionBy: "bucket(3)",
  attributes: { id: { type: "string" }, n: { type: "decimal(38,9)" }, a: { type: "struct<b:array<int>>" } },
};
const segment = { id: "r-b0000", run: "r", part: "b0000", kind: "base", rows: 3, bytes: 9 } as const;
const MANIFEST: Manifest = {
  ...initialManifest(3),
  sequence: 1,
  run: "r",
  kind: "snapshot",
  committedAtSeconds: NOW,
  floorSeconds: NOW - 120,
  horizonSeconds: NOW - 120,
  schema: SCHEMA,
  recovery: { before: { ...SCHEMA, attributes: {} }, columns: ["a"], segments: ["r-b0000"] },
  segments: [segment, { ...segment, id: "s-b0001", run: "s", kind: "delta" }],
  folded: ["x"],
  snapshots: [{ run: "r", exportTimeSeconds: NOW, cutSeconds: NOW, items: 3, segments: [segment] }],
  gaps: [{ reason: "trimmed", detail: "a hole", foundAtSeconds: NOW, lostUntilSeconds: NOW }],
};

/** Valid files of a lake, and their readers. */
const FILES: Readonly<
  Record<
    string,
    { readonly path: string; readonly json: unknown; readonly read: (store: MemoryStore) => unknown }
  >
> = {
  gap: { path: gapPath("t", "a"), json: MANIFEST.gaps[0], read: (store) => readGaps(store, "t") },
  position: {
    path: positionPath("t"),
    json: {
      format: 1,
      position: {
        streamArn: "arn:aws:dynamodb:x",
        shards: { a: { finished: true }, b: { parent: "a", after: "100", finished: false } },
      },
      savedAtSeconds: NOW,
      caughtUpAtSeconds: NOW,
    },
    read: (store) => readReadingState(store, "t"),
  },
  plan: {
    path: planPath("t", "r"),
    json: {
      format: 1,
      run: "r",
      fromSequence: 1,
      stages: [
        { run: "r", kind: "base", rows: "SELECT 1", sortBy: ["id"], cut: { parts: [{ part: "b0000" }] } },
      ],
      change: { kind: "major", parts: ["b0000"] },
    },
    read: (store) => requireLakeFile(store, planFile, planPath("t", "r")),
  },
  address: {
    path: sourcePath("t"),
    json: { endpoint: "http://localhost:8000", region: "eu-west-1" },
    read: (store) => recallSource(store, "t"),
  },
  beginning: {
    path: streamBeginningPath("t"),
    json: {
      format: 1,
      stream: { arn: "arn", createdAtSeconds: NOW + 0.5, isFirst: true },
      readSinceSeconds: NOW,
    },
    read: (store) => readStreamBeginning(store, "t"),
  },
  watch: {
    path: streamWatchPath("t"),
    json: { format: 1, streamArn: "arn", seenReadingSeconds: NOW, lookedSeconds: NOW, sinceSeconds: NOW },
    read: (store) => readStreamWatch(store, "t"),
  },
};

const CODES = ["LAKE_DAMAGED", "LAKE_NEWER", "SCHEMA_INVALID", "SCHEMA_COLLISION"];

async function expectReadOrRefused(read: () => unknown, codes = CODES): Promise<void> {
  const { refused } = await answerOf(read);
  if (refused !== undefined) expect(codes).toContain((refused as DynalakeError).code);
}

/** The JSON with parts replaced, as text whose bytes may be damaged. */
function bytesOf(json: Json): fc.Arbitrary<Buffer> {
  const whole = spoiled(json).map((value) => Buffer.from(JSON.stringify(value)));
  return fc.oneof(
    { weight: 3, arbitrary: whole },
    { weight: 1, arbitrary: fc.tuple(whole, edits).map(([bytes, changes]) => damaged(bytes, changes)) },
  );
}

function storeWith(path: string, content: Buffer): MemoryStore {
  const store = new MemoryStore();
  store.objects.set(path, { content, modifiedMs: NOW * 1000 });
  return store;
}

/** Uses a manifest in every way. */
async function useManifest(content: Buffer): Promise<void> {
  const store = storeWith(manifestPath("t", 1), content);
  const found = await openTable(store, "t");
  if (found === undefined) return;
  const engine = new FakeEngine(store);
  const opened = { ...found, schema: { ...found.schema, table: "t" } };
  await currentView(engine, await tableAsOf(store, opened, NOW * 10), NOW);
  await historyViews(engine, opened);
  segmentsView(engine, opened);
  snapshotsView(engine, opened.schema, await keptSnapshots(store, opened));
  const status = await tableStatus({ store, engine }, opened, NOW);
  for (const gap of [...status.openGaps, ...status.repairedGaps])
    new Date(gap.lostUntilSeconds * 1000).toISOString();
  await tableAsOf(store, opened, 0);
}

describe("a file of the lake is read or refused", () => {
  test("where it is a manifest, and so is all that is made of it", async () => {
    for (const { content } of await corpus("manifests"))
      await expectReadOrRefused(() => useManifest(content), [...CODES, "AS_OF_UNKNOWN"]);
    await fuzz("manifests", bytesOf(MANIFEST as unknown as Json), (content) =>
      expectReadOrRefused(() => useManifest(content), [...CODES, "AS_OF_UNKNOWN"]),
    );
  });

  test("where it is another one", async () => {
    const file = fc
      .constantFrom(...Object.values(FILES))
      .chain((one) => bytesOf(one.json as Json).map((content) => ({ ...one, content })));
    await fuzz("gaps, positions, plans and addresses", file, ({ path, read, content }) =>
      expectReadOrRefused(() => read(storeWith(path, content))),
    );
  });

  test.each(
    Object.entries({
      ...FILES,
      manifest: { path: manifestPath("t", 1), read: (store: MemoryStore) => openTable(store, "t") },
      schema: { path: schemaPath("t"), read: (store: MemoryStore) => openTable(store, "t") },
    }),
  )("where it is no text at all: %s", async (_, { path, read }) => {
    for (const bytes of [[], [0], [0xff, 0xfe], [0x22, 0xff, 0x22], [0x7b], [0x6e, 0x75, 0x6c, 0x6c]]) {
      const { refused } = await answerOf(() => read(storeWith(path, Buffer.from(bytes))));
      expect(refused).toBeInstanceOf(DynalakeError);
    }
  });
});

const schemaFile = fc
  .tuple(fc.array(fc.tuple(hostileName, anyDeclaration), { maxLength: 6 }), hostileName, hostileName)
  .map(([attributes, hash, condition]) => ({
    ...SCHEMA,
    key: { hash },
    where: named([[condition, { exists: true }]]),
    attributes: named(attributes),
  }));

/** An accepted schema works: its statements can be generated, and a row can be restored. */
function useSchema(text: string): void {
  const schema = parseSchemaText(text, "a file");
  const recoverable = new Set(schema.columns.map(({ name }) => name));
  valueList(duckdb, segmentColumns(duckdb, schema), wireForm(recoverable));
  for (const column of schema.columns) duckdb.wire(column.type, "x");
  const codec = rowCodec(schema, new Uint8Array(32));
  const shown = schema.columns.filter(({ masked, attribute }) => !masked && attribute.isWellFormed());
  const item = named(shown.map(({ attribute }) => [attribute, { S: "x" }]));
  expect(toItem(codec, toRow(codec, item))).toEqual(item);
  itemLine(lineWriter(codec), item);
}

describe("a schema file is taken or refused", () => {
  const expectTaken = (text: string): Promise<void> =>
    expectReadOrRefused(() => useSchema(text), ["SCHEMA_INVALID", "SCHEMA_COLLISION"]);

  test("whatever is in it", async () => {
    for (const { content } of await corpus("schemas")) await expectTaken(content.toString("utf8"));
    const bytes = fc.oneof(
      { weight: 2, arbitrary: schemaFile.map((file) => Buffer.from(JSON.stringify(file))) },
      { weight: 1, arbitrary: schemaFile.chain((file) => bytesOf(file as unknown as Json)) },
      {
        weight: 1,
        arbitrary: fc.tuple(typeText, edits).map(([type, changes]) => {
          const broken = damaged(Buffer.from(type), changes).toString("utf8");
          return Buffer.from(JSON.stringify({ ...SCHEMA, attributes: { id: { type: broken } } }));
        }),
      },
    );
    await fuzz("schema files", bytes, (content) => expectTaken(content.toString("utf8")));
  });

  test("where its types are as deep, as wide and as long as they can be, and beyond", async () => {
    const nested = (open: string, close: string, depth: number): string =>
      `${open.repeat(depth)}int${close.repeat(depth)}`;
    const wide = (fields: number): string =>
      `struct<${Array.from({ length: fields }, (_, i) => `f${i}:int`).join(",")}>`;
    const types = [
      ...[32, 33, 5000].flatMap((depth) => [
        nested("array<", ">", depth),
        nested("map<string,", ">", depth),
        nested("struct<a:", ">", depth),
        nested("struct<a:int,b:array<struct<c:map<string,", ">>>>", depth),
      ]),
      ...[wide(1000), `array<${wide(12_000)}>`, wide(100_000)],
      ...[
        " ".repeat(100_000),
        "array<".repeat(20_000),
        `decimal(${"9".repeat(1000)},1)`,
        "x".repeat(200_000),
      ],
    ];
    for (const type of types)
      await expectTaken(JSON.stringify({ ...SCHEMA, attributes: { id: { type: "string" }, a: { type } } }));
    const many = Array.from({ length: 5000 }, (_, i) => [`a${i}`, { type: "string" }] as const);
    await expectTaken(JSON.stringify({ ...SCHEMA, attributes: named(many) }));
  });
});

const SUMMARY = {
  tableArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/T",
  exportTime: "2026-03-01T10:00:00.000Z",
  manifestFilesS3Key: "AWSDynamoDB/1-a/manifest-files.json",
  itemCount: 3,
  outputFormat: "DYNAMODB_JSON",
  exportType: "FULL_EXPORT",
};
const ENTRY = { itemCount: 3, md5Checksum: "x", dataFileS3Key: "AWSDynamoDB/1-a/data/a.json.gz" };

test("the manifests of an export are read or refused", async () => {
  const kind: Kind = "manifests of an export";
  await fuzz(kind, fc.tuple(bytesOf(SUMMARY), bytesOf(ENTRY), fc.nat(2)), ([summary, entry, more]) =>
    expectReadOrRefused(() => {
      const lines = Array.from({ length: more + 1 }, () => entry.toString("utf8")).join("\n");
      parseExportFiles(lines, parseExportSummary(JSON.stringify(SUMMARY)));
      return parseExportFiles(lines, parseExportSummary(summary.toString("utf8")));
    }, ["EXPORT_INVALID"]),
  );
});

test("what only looks like text, by its length, is none", async () => {
  const lengthy = { length: { toString: null, valueOf: null } };
  for (const member of ["md5Checksum", "dataFileS3Key"] as const)
    await expectReadOrRefused(() => {
      const line = JSON.stringify({ ...ENTRY, [member]: lengthy });
      return parseExportFiles(line, parseExportSummary(JSON.stringify({ ...SUMMARY, itemCount: 3 })));
    }, ["EXPORT_INVALID"]);
});
