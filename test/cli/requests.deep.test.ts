/** How many requests each command makes to the store of its lake: where the store is far away, each is latency and money. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import type { CommandContext } from "../../src/cli/context/command.ts";
import { systemTiming } from "../../src/sdk/timing.ts";
import { countingStore, RequestCounter, type Requests } from "../support/counting-store.ts";
import { writeExport } from "./export-fixture.ts";

const counter = new RequestCounter();
const files = await import("../../src/files/folder-store.ts");
jest.unstable_mockModule("../../src/files/folder-store.ts", () => ({
  ...files,
  folderStore: (root: string) => countingStore(files.folderStore(root), counter),
}));
const { compactCommand } = await import("../../src/cli/commands/compact.ts");
const { itemsCommand } = await import("../../src/cli/commands/items.ts");
const { queryCommand } = await import("../../src/cli/commands/query.ts");
const { replayCommand } = await import("../../src/cli/commands/replay.ts");
const { snapshotCommand } = await import("../../src/cli/commands/snapshot.ts");
const { statusCommand } = await import("../../src/cli/commands/status.ts");
const { vacuumCommand } = await import("../../src/cli/commands/vacuum.ts");

let folder: string;
let printed = "";
const context: CommandContext = {
  version: "0.0.0",
  cwd: process.cwd(),
  absolute: (path) => resolve(path),
  timing: systemTiming,
  terminal: {
    print: async (text) => {
      printed += text;
    },
    note: () => undefined,
    progress: () => undefined,
    settle: () => undefined,
    colors: false,
    width: undefined,
  },
  settings: { environment: {}, maskKey: undefined, webhookUrl: undefined, tables: {}, onFinding: undefined },
  environment: {},
  stdin: Readable.from([]),
  stdout: new PassThrough(),
  interrupted: new AbortController().signal,
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The options of a snapshot of five items. */
async function snapshotInto(lake: string) {
  const items = Array.from({ length: 5 }, (_, i) => ({ Id: { S: `id-${i}` }, Text: { S: "text" } }));
  const fromExport = await writeExport(join(folder, "exports", `${made}`), items);
  return { lake, fromExport, key: "Id", name: "t", threads: 1 };
}

/** A file with a change of a minute ago. */
async function recordedChange(key: string): Promise<string> {
  const dynamodb = {
    Keys: { Id: { S: key } },
    NewImage: { Id: { S: key }, Text: { S: "changed" } },
    SequenceNumber: "1",
    ApproximateCreationDateTime: Math.floor(Date.now() / 1000) - 60,
  };
  const file = join(folder, `${key}.json`);
  await writeFile(file, JSON.stringify({ Records: [{ eventName: "INSERT", dynamodb }] }));
  return file;
}

let made = 0;

/** A lake of one table: a snapshot, and a change that was not compacted. */
async function filledLake(): Promise<string> {
  const lake = join(folder, `lake-${++made}`);
  await snapshotCommand(context, await snapshotInto(lake));
  await replayCommand(context, [await recordedChange("new")], { lake });
  return lake;
}

interface Case {
  /** Runs the command; before it come the snapshot and the change. */
  readonly run: (lake: string) => Promise<unknown>;
  readonly prints: string;
  readonly requests: Requests;
}

const query = (sql: string, asOf?: string) => (lake: string) =>
  queryCommand(context, sql, { lake, format: "json", ...(asOf === undefined ? {} : { asOf }) });

const CASES: Readonly<Record<string, Case>> = {
  "a query": {
    run: query("SELECT count(*) AS n FROM t"),
    prints: '"n":6',
    requests: {
      "folders tables": 1,
      "list manifest": 1,
      "read manifest": 1,
      "folders changes": 1,
      "list changes": 1,
    },
  },
  "a query of the history": {
    run: query("SELECT count(*) AS n FROM t_history"),
    prints: '"n":1',
    requests: {
      "folders tables": 1,
      "list manifest": 1,
      "read manifest": 1,
      "folders changes": 1,
      "list changes": 1,
    },
  },
  "a query of a past state": {
    run: query("SELECT count(*) AS n FROM t", "2090-01-01T00:00:00Z"),
    prints: '"n":6',
    requests: {
      "folders tables": 1,
      "list manifest": 1,
      "read manifest": 1,
      "folders changes": 1,
      "list changes": 1,
    },
  },
  status: {
    run: (lake) => statusCommand(context, { lake, json: true }),
    prints: '"health": "healthy"',
    requests: {
      "folders tables": 1,
      "list manifest": 1,
      "read manifest": 1,
      "folders changes": 1,
      "list changes": 1,
      "list errors": 1,
      "list gaps": 1,
      "list quarantine": 1,
      "list waiting": 1,
      "read beginning": 1,
      "read position": 1,
      "read run": 1,
      "read schema": 1,
      "read watch": 1,
    },
  },
  items: {
    run: (lake) => itemsCommand(context, { lake }),
    prints: '"Item"',
    requests: {
      "folders tables": 1,
      "list manifest": 1,
      "read manifest": 1,
      "folders changes": 1,
      "list changes": 1,
    },
  },
  compact: {
    run: (lake) => compactCommand(context, { lake }),
    prints: "folded the change log",
    requests: {
      "folders tables": 1,
      "list manifest": 2,
      "read manifest": 1,
      "folders changes": 1,
      "list changes": 1,
      "list segments": 1,
      "list gaps": 1,
      "read beginning": 1,
      "read schema": 1,
      "create manifest": 1,
    },
  },
  "compact --all": {
    run: (lake) => compactCommand(context, { lake, all: true }),
    prints: "rewrote the base",
    requests: {
      "folders tables": 1,
      "list manifest": 2,
      "read manifest": 1,
      "folders changes": 1,
      "list changes": 1,
      "list segments": 2,
      "list gaps": 2,
      "read beginning": 2,
      "read schema": 1,
      "create manifest": 2,
    },
  },
  vacuum: {
    run: (lake) => vacuumCommand(context, { lake }),
    prints: "removed 0 files",
    requests: {
      "folders tables": 1,
      "list manifest": 3,
      "read manifest": 2,
      "folders segments": 1,
      "folders staging": 2,
      "list segments": 1,
      "list snapshots": 2,
    },
  },
  "a later snapshot": {
    run: async (lake) => snapshotCommand(context, await snapshotInto(lake)),
    prints: "5 items",
    requests: {
      "list manifest": 5,
      "read manifest": 3,
      "read schema": 2,
      "folders changes": 2,
      "list changes": 2,
      "list segments": 1,
      "list gaps": 2,
      "read beginning": 2,
      "create manifest": 1,
      "create sources": 1,
    },
  },
  replay: {
    run: async (lake) => replayCommand(context, [await recordedChange("other")], { lake }),
    prints: "1 change",
    requests: {
      "folders tables": 1,
      "list manifest": 2,
      "read manifest": 1,
      "folders changes": 1,
      "list quarantine": 1,
      "list sources": 1,
      "read sources": 1,
    },
  },
};

test.each(Object.entries(CASES))("%s", async (_, { run, prints, requests }) => {
  const lake = await filledLake();
  counter.take();
  printed = "";
  await run(lake);
  expect(counter.take()).toEqual(requests);
  expect(printed).toContain(prints);
});
