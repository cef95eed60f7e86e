import { describe, expect, test } from "@jest/globals";
import { tallyFile } from "../../src/aws/steps/tally.ts";
import { planFile } from "../../src/core/compaction/plan.ts";
import type { ErrorCode } from "../../src/core/error.ts";
import { LAKE_FORMAT, NEWEST_FORMAT } from "../../src/core/format/lake-file.ts";
import {
  gapPath,
  manifestPath,
  planPath,
  positionPath,
  schemaPath,
  sourcePath,
  streamBeginningPath,
  streamWatchPath,
  tallyPath,
} from "../../src/core/format/lake-path.ts";
import { initialManifest } from "../../src/core/format/manifest.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import { manifestNumbered } from "../../src/core/table/commits.ts";
import { openTable } from "../../src/core/table/open-table.ts";
import { readReadingState } from "../../src/core/table/reading-state.ts";
import { readGaps, recordGrowingGap } from "../../src/core/table/recorded-gaps.ts";
import { readLakeFile, requireLakeFile } from "../../src/core/table/stored-file.ts";
import { readStreamBeginning } from "../../src/core/table/stream-beginning.ts";
import { readStreamWatch } from "../../src/core/table/stream-watch.ts";
import { recallSource } from "../../src/embedded/folder/source-memory.ts";
import { MemoryStore } from "../support/memory-store.ts";

/** Every kind of file of a lake table, in every way in which it cannot be read: the error has the right code and names the path. */

const NOW = 1_772_359_200;
const SCHEMA = { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" } } };
const GAP = { reason: "trimmed", detail: "a shard", foundAtSeconds: NOW, lostUntilSeconds: NOW } as const;

interface Kind {
  readonly path: string;
  /** As an earlier version wrote it, or this one does. */
  readonly json: object;
  /** Of another shape. */
  readonly wrong: object;
  readonly read: (store: ObjectStore) => Promise<unknown>;
  /** What is read if there is no file, or the code of the error. */
  readonly absent: unknown;
  /** Of what is not JSON, or has another shape. Default: LAKE_DAMAGED. */
  readonly unclear?: ErrorCode;
}

const position = { streamArn: "arn", shards: { a: { after: "100", finished: false } } };
const watch = { streamArn: "arn", seenReadingSeconds: NOW, lookedSeconds: NOW, sinceSeconds: NOW };
const plan = {
  run: "r",
  fromSequence: 1,
  stages: [],
  change: { kind: "major", parts: [{ part: "b0000", keys: 1 }], keysLeft: { min: 0, max: 0 } },
};
const tally = { itemCount: 2, items: 1, skipped: 1, rejected: 0 };

const KINDS: Readonly<Record<string, Kind>> = {
  manifest: {
    path: manifestPath("t", 1),
    json: { ...initialManifest(1), sequence: 1 },
    wrong: { ...initialManifest(1), segments: [{ id: "../x" }] },
    read: (store) => manifestNumbered(store, "t", 1),
    absent: "LAKE_DAMAGED",
  },
  schema: {
    path: schemaPath("t"),
    json: SCHEMA,
    wrong: { ...SCHEMA, key: "id" },
    read: async (store) => (await openTable(store, "t"))?.schema.file,
    absent: undefined,
    // People edit this one: the error says what to correct.
    unclear: "SCHEMA_INVALID",
  },
  gap: {
    path: gapPath("t", "a"),
    json: GAP,
    wrong: { ...GAP, reason: "another" },
    read: (store) => readGaps(store, "t"),
    absent: [],
  },
  "gap that grows": {
    path: gapPath("t", "a"),
    json: GAP,
    wrong: { ...GAP, lostUntilSeconds: "now" },
    read: (store) => recordGrowingGap(store, "t", "a", GAP),
    absent: undefined,
  },
  plan: {
    path: planPath("t", "r"),
    json: plan,
    wrong: { ...plan, change: { kind: "another" } },
    read: (store) => requireLakeFile(store, planFile, planPath("t", "r")),
    absent: "LAKE_DAMAGED",
  },
  tally: {
    path: tallyPath("t", "r", 0),
    json: tally,
    wrong: { ...tally, items: -1 },
    read: (store) => readLakeFile(store, tallyFile, tallyPath("t", "r", 0)),
    absent: undefined,
  },
  position: {
    path: positionPath("t"),
    json: { position, savedAtSeconds: NOW },
    wrong: { position: "the end", savedAtSeconds: NOW },
    read: (store) => readReadingState(store, "t"),
    absent: undefined,
  },
  beginning: {
    path: streamBeginningPath("t"),
    json: { stream: { arn: "arn" }, readSinceSeconds: NOW },
    wrong: { stream: "arn", readSinceSeconds: NOW },
    read: (store) => readStreamBeginning(store, "t"),
    absent: undefined,
  },
  watch: {
    path: streamWatchPath("t"),
    json: watch,
    wrong: { ...watch, lookedSeconds: -1 },
    read: (store) => readStreamWatch(store, "t"),
    absent: undefined,
  },
  source: {
    path: sourcePath("t"),
    json: { endpoint: "http://localhost:8000", region: "eu-west-1" },
    wrong: { endpoint: 8000 },
    read: (store) => recallSource(store, "t"),
    absent: {},
  },
};

function storeWith(path: string, content: Uint8Array | string): MemoryStore {
  const store = new MemoryStore();
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  store.objects.set(path, { content: bytes, modifiedMs: NOW * 1000 });
  return store;
}

/** A manifest knows the format of its file. */
function withoutFormat(found: unknown): unknown {
  if (typeof found !== "object" || found === null || !("format" in found)) return found;
  const { format: _format, ...others } = found;
  return others;
}

describe.each(Object.entries(KINDS))("a %s", (_, { path, json, wrong, read, absent, unclear }) => {
  const text = JSON.stringify(json);
  const expectRefused = async (content: Uint8Array | string, code: ErrorCode): Promise<void> => {
    const store = storeWith(path, content);
    const before = store.objects.get(path);
    await expect(read(store)).rejects.toMatchObject({ code, message: expect.stringContaining(path) });
    expect(store.objects.get(path)).toBe(before);
  };

  test("is read with the number of its format and, from earlier versions, without it", async () => {
    const { format: _number, ...unnumbered } = json as { readonly format?: number };
    const found = await read(storeWith(path, JSON.stringify(unnumbered)));
    if (unclear === undefined)
      expect(await read(storeWith(path, JSON.stringify({ ...json, format: 1 })))).toEqual(found);
    expect(withoutFormat(await read(storeWith(path, text)))).toEqual(withoutFormat(found));
    if (unclear !== undefined) return;
    const newest = await read(storeWith(path, JSON.stringify({ ...json, format: LAKE_FORMAT })));
    expect(withoutFormat(newest)).toEqual(withoutFormat(found));
  });

  test("that is not UTF-8 is refused", async () => {
    const content = new TextEncoder().encode(text);
    content[content.lastIndexOf(0x22) - 1] = 0xff;
    await expectRefused(content, "LAKE_DAMAGED");
    await expectRefused(new Uint8Array([0xff, 0xfe, 0x00]), "LAKE_DAMAGED");
  });

  test("that is not JSON is refused", async () => {
    for (const content of ["", text.slice(0, -1), "no JSON"])
      await expectRefused(content, unclear ?? "LAKE_DAMAGED");
  });

  test("of a newer format is refused as such, whatever else it holds", async () => {
    for (const newer of [
      { ...json, format: NEWEST_FORMAT + 1 },
      { format: NEWEST_FORMAT + 2 },
      { ...wrong, format: NEWEST_FORMAT + 1 },
    ])
      await expectRefused(JSON.stringify(newer), "LAKE_NEWER");
  });

  test("of another shape is refused", async () => {
    for (const other of [wrong, [], null, "text", { ...json, format: "1" }, { ...json, format: 0 }])
      await expectRefused(JSON.stringify(other), unclear ?? "LAKE_DAMAGED");
  });

  test("that is absent is told by its reader", async () => {
    const reading = read(new MemoryStore());
    if (absent !== "LAKE_DAMAGED") expect(await reading).toEqual(absent);
    else
      await expect(reading).rejects.toMatchObject({ code: absent, message: expect.stringContaining(path) });
  });
});
