/** Scans of a table: the export that they write, their pace, and their failures. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  type TableDescription,
} from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import type { Timing } from "../../src/sdk/timing.ts";
import type { SourceDescription } from "../../src/source/describe-source.ts";
import { ExportWriter } from "../../src/source/export-writer.ts";
import type { ScanPageInput, WrittenPage } from "../../src/source/scan-page.ts";
import type { ScanProgress } from "../../src/source/scan-pages.ts";
import { connectSource, type SourceConnection } from "../../src/source/source-connection.ts";
import { scanTable, type TableScanRequest } from "../../src/source/table-scan.ts";
import { canonical, itemOfAllTypes, jsonOfAllTypes } from "../conformance/change-source.ts";
import { deepTest } from "../support/deep-test.ts";
import { networkError, serviceError } from "./fake-stream.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-scan-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface ReadExport {
  readonly summary: Record<string, unknown>;
  readonly files: readonly { readonly itemCount: number; readonly lines: readonly string[] }[];
  readonly items: readonly Record<string, unknown>[];
}

/** Reads an export strictly: every file is found through the manifests. */
async function readExport(exportFolder: string): Promise<ReadExport> {
  const text = async (name: string) => readFile(join(exportFolder, name), "utf8");
  for (const stem of ["manifest-summary", "manifest-files"]) {
    const md5 = createHash("md5")
      .update(await text(`${stem}.json`))
      .digest("base64");
    expect(await text(`${stem}.md5`)).toBe(md5);
  }
  expect(await text("_started")).toBe("");
  const summary = JSON.parse(await text("manifest-summary.json")) as Record<string, unknown>;
  const root = join(exportFolder, "..", "..");
  expect(join(root, String(summary.manifestFilesS3Key))).toBe(join(exportFolder, "manifest-files.json"));
  const entries = (await text("manifest-files.json")).trimEnd().split("\n");
  const files = [];
  for (const { itemCount, md5Checksum, etag, dataFileS3Key } of entries.map((line) => JSON.parse(line))) {
    expect(dataFileS3Key).toMatch(/^AWSDynamoDB\/\d{14}-[0-9a-f]{8}\/data\/[a-z2-7]{26}\.json\.gz$/);
    expect(etag).toMatch(/^[0-9a-f]{32}-1$/);
    const compressed = await readFile(join(root, dataFileS3Key));
    expect(createHash("md5").update(compressed).digest("base64")).toBe(md5Checksum);
    const content = gunzipSync(compressed).toString();
    const lines = content.split("\n");
    expect(lines.pop()).toBe("");
    expect(lines).toHaveLength(itemCount);
    files.push({ itemCount, lines });
  }
  const data = await readdir(join(exportFolder, "data"));
  expect(data).toHaveLength(files.length);
  const items = files.flatMap(({ lines }) => lines.map((line) => JSON.parse(line).Item));
  expect(summary.itemCount).toBe(items.length);
  return { summary, files, items };
}

function readExportIds(): readonly string[] {
  return readdirSync(join(folder, "AWSDynamoDB"));
}

function rmData(exportId: string): void {
  rmSync(join(folder, "AWSDynamoDB", exportId, "data"), { recursive: true });
}

/** The files below the folder that this process has open, if the system can list them. */
async function openFiles(): Promise<readonly string[]> {
  const links = await readdir("/proc/self/fd").catch(() => []);
  const targets = links.map((link) => readlink(`/proc/self/fd/${link}`).catch(() => ""));
  return (await Promise.all(targets)).filter((target) => target.startsWith(folder));
}

/** Everything below the folder. A failure must leave nothing that could be taken for an export. */
async function leftovers(): Promise<readonly string[]> {
  return (await readdir(folder, { recursive: true })).filter((name) => name !== "AWSDynamoDB");
}

describe("a table of an emulator", () => {
  let emulator: Emulator;
  let connection: SourceConnection;

  beforeAll(async () => {
    emulator = await startEmulator({ kinds: ["dynoxide"] });
    connection = connectSource({ endpoint: emulator.endpoint });
  });

  afterAll(async () => {
    connection?.close();
    await emulator?.stop();
  });

  const create = async (TableName: string, items: readonly Record<string, AttributeValue>[]) => {
    await connection.client.send(
      new CreateTableCommand({
        TableName,
        KeySchema: [
          { AttributeName: "User", KeyType: "HASH" },
          { AttributeName: "Book", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "User", AttributeType: "S" },
          { AttributeName: "Book", AttributeType: "S" },
        ],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    for (let start = 0; start < items.length; start += 25) {
      const puts = items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
      await connection.client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }));
    }
  };

  test("becomes a full export: every item once, all ten types exact, all checksums right", async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => ({
      User: { S: `user-${index % 97}` },
      Book: { S: String(index) },
      Review: { S: "x".repeat(1_000) },
    }));
    await create("Reviews", [itemOfAllTypes, ...many]);
    const beganMs = Date.now();
    const progress: ScanProgress[] = [];
    const onProgress = (each: ScanProgress) => progress.push(each);
    const result = await scanTable(connection, { table: "Reviews", folder, onProgress });
    const { summary, files, items } = await readExport(result.exportFolder);

    expect(result.items).toBe(3_001);
    expect(result.exportTimeSeconds).toBeLessThanOrEqual(beganMs / 1_000 + 1);
    expect(result.exportTimeSeconds).toBeGreaterThan(beganMs / 1_000 - 3);
    expect(summary).toMatchObject({
      version: "2020-06-30",
      exportTime: new Date(result.exportTimeSeconds * 1_000).toISOString(),
      tableArn: expect.stringMatching(/^arn:aws:dynamodb:.*table\/Reviews$/),
      outputFormat: "DYNAMODB_JSON",
      exportType: "FULL_EXPORT",
      itemCount: 3_001,
      s3Prefix: null,
    });
    expect(files.length).toBeGreaterThan(1);
    expect(new Set(items.map(({ User, Book }) => JSON.stringify([User, Book]))).size).toBe(3_001);
    const exact = items.find((item) => JSON.stringify(item.Book) === '{"S":"all types"}') ?? {};
    expect(canonical(exact)).toBe(canonical(jsonOfAllTypes));

    for (const [index, each] of progress.entries()) {
      expect(each.items).toBeGreaterThanOrEqual(progress[index - 1]?.items ?? 0);
      expect(each.segments).toBe(4);
    }
    expect(progress.at(-1)).toMatchObject({ items: 3_001, segmentsDone: 4, bytes: summary.billedSizeBytes });
  });

  test("that is empty becomes an export with one empty file", async () => {
    await create("Empty", []);
    const result = await scanTable(connection, { table: "Empty", folder });
    const { files } = await readExport(result.exportFolder);
    expect(result.items).toBe(0);
    expect(files).toEqual([{ itemCount: 0, lines: [] }]);
  });

  test("that does not exist is TABLE_NOT_FOUND", async () => {
    await expect(scanTable(connection, { table: "Missing", folder })).rejects.toMatchObject({
      code: "TABLE_NOT_FOUND",
    });
    expect(await leftovers()).toEqual([]);
  });
});

/** A clock that only advances while something sleeps. */
class SteppedTiming implements Timing {
  #nowMs = 1_700_000_000_250;

  nowMs(): number {
    return this.#nowMs;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (!signal.aborted) this.#nowMs += ms;
  }

  random(): number {
    return 0.5;
  }
}

/** A table of equal items, which returns pages and counts what they cost. */
class FakeTable {
  readonly timing = new SteppedTiming();
  readonly scans: ScanPageInput[] = [];
  readonly spent: { readonly atMs: number; readonly units: number }[] = [];
  readonly description: TableDescription = {
    TableName: "Reviews",
    TableArn: "arn:aws:dynamodb:x:1:table/Reviews",
  };
  itemsPerSegment = 100;
  itemUnits = 0.5;
  itemUnitsAt: (index: number) => number = () => this.itemUnits;
  pageItemsMax = 500;
  clockOffsetMs = 0;
  place: { readonly endpoint?: string } = {};
  /** Called before each page. If it returns an error, the page fails with it. */
  fault: (scans: number) => Error | undefined = () => undefined;

  provisioned(units: number): void {
    Object.assign(this.description, { ProvisionedThroughput: { ReadCapacityUnits: units } });
  }

  onDemand(): void {
    Object.assign(this.description, { BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" } });
  }

  scan(request: Partial<TableScanRequest> = {}): ReturnType<typeof scanTable> {
    const connection = {
      place: this.place,
      clockOffsetMs: () => this.clockOffsetMs,
      tables: {
        describeTable: async () => ({ Table: this.description }),
        scan: (input: ScanPageInput, signal: AbortSignal) => this.page(input, signal),
      },
    };
    return scanTable(connection, { table: "Reviews", folder, ...request }, this.timing);
  }

  async page(input: ScanPageInput, _signal: AbortSignal): Promise<WrittenPage> {
    this.scans.push(input);
    const fault = this.fault(this.scans.length);
    if (fault !== undefined) throw fault;
    const start = Number(input.ExclusiveStartKey?.Id?.N ?? "-1") + 1;
    const count = Math.min(input.Limit ?? this.pageItemsMax, this.pageItemsMax, this.itemsPerSegment - start);
    const ids = Array.from({ length: count }, (_, index) => ({ N: String(start + index) }));
    const units = ids.reduce((sum, _, index) => sum + this.itemUnitsAt(start + index), 0);
    this.spent.push({ atMs: this.timing.nowMs(), units });
    const last = ids.at(-1);
    return {
      Items: ids.map((Id) => ({ Id, Segment: { N: String(input.Segment) } })),
      ScannedCount: count,
      ConsumedCapacity: { CapacityUnits: units },
      ...(start + count < this.itemsPerSegment && last !== undefined
        ? { LastEvaluatedKey: { Id: last } }
        : {}),
    };
  }

  /** The most units spent in any period of `seconds`. */
  peakUnits(seconds: number): number {
    const sums = this.spent.map(({ atMs }) =>
      this.spent
        .filter((each) => each.atMs >= atMs && each.atMs < atMs + seconds * 1_000)
        .reduce((sum, { units }) => sum + units, 0),
    );
    return Math.max(...sums);
  }
}

describe("the pace", () => {
  test("a provisioned table is read with half of its capacity", async () => {
    const table = new FakeTable();
    table.provisioned(20);
    const beganMs = table.timing.nowMs();
    await table.scan();
    // 400 items of half a unit, at 10 units per second.
    const seconds = (table.timing.nowMs() - beganMs) / 1_000;
    expect(seconds).toBeGreaterThan(17);
    expect(seconds).toBeLessThan(23);
    expect(table.peakUnits(10)).toBeLessThanOrEqual(10 * 10 + 10);
    // The units of a second may have been saved, and a page takes those of half a second.
    expect(table.peakUnits(1)).toBeLessThanOrEqual(10 + 10 + 5);
  });

  test("the share is the caller's", async () => {
    const table = new FakeTable();
    table.provisioned(20);
    const beganMs = table.timing.nowMs();
    await table.scan({ readShare: 0.1 });
    expect((table.timing.nowMs() - beganMs) / 1_000).toBeGreaterThan(90);
  });

  test("holds for items that cost more than a second's units each", async () => {
    const table = new FakeTable();
    table.provisioned(4);
    table.itemUnits = 25;
    table.itemsPerSegment = 5;
    const beganMs = table.timing.nowMs();
    await table.scan();
    // 20 items of 25 units, at 2 units per second. The first page is read before their size is known.
    expect((table.timing.nowMs() - beganMs) / 1_000).toBeGreaterThan(150);
    expect(table.scans.slice(4).every((scan) => scan.Limit === 1)).toBe(true);
  });

  test("holds for items of very different sizes", async () => {
    const table = new FakeTable();
    table.provisioned(20);
    table.itemUnitsAt = (index) => (index % 10 === 9 ? 40 : 0.5);
    const beganMs = table.timing.nowMs();
    await table.scan();
    // 40 items of 40 units and 360 of half a unit, at 10 units per second.
    expect((table.timing.nowMs() - beganMs) / 1_000).toBeGreaterThan(160);
    expect((table.timing.nowMs() - beganMs) / 1_000).toBeLessThan(190);
  });

  test("what was not used for a while does not come out as a burst", async () => {
    const table = new FakeTable();
    table.provisioned(20);
    table.fault = (scans) => {
      if (scans === 8) void table.timing.sleep(600_000, new AbortController().signal);
      return undefined;
    };
    await table.scan();
    expect(table.peakUnits(1)).toBeLessThanOrEqual(10 + 10 + 5);
  });

  test("is not charged for calls that failed: a retry waits for its backoff alone", async () => {
    const table = new FakeTable();
    table.provisioned(4);
    const askedMs: number[] = [];
    table.fault = (scans) => {
      askedMs.push(table.timing.nowMs());
      return scans <= 3 ? serviceError("ProvisionedThroughputExceededException") : undefined;
    };
    await table.scan({ segments: 1 });
    const [first = 0, , , answered = 0] = askedMs;
    // The first page may cost 10 units, which the pace earns in 5 seconds.
    expect(answered - first).toBeGreaterThan(0);
    expect(answered - first).toBeLessThan(1_000);
  });

  test("the capacity that an emulator on this machine tells is none, unless a share of it is asked for", async () => {
    const table = new FakeTable();
    table.provisioned(2);
    table.place = { endpoint: "http://localhost:8000" };
    const beganMs = table.timing.nowMs();
    await table.scan();
    expect(table.timing.nowMs()).toBe(beganMs);
    await table.scan({ readShare: 0.5 });
    expect((table.timing.nowMs() - beganMs) / 1_000).toBeGreaterThan(150);
  });

  test("a table paid per request is read as fast as it answers", async () => {
    const table = new FakeTable();
    table.onDemand();
    const beganMs = table.timing.nowMs();
    await table.scan();
    expect(table.timing.nowMs()).toBe(beganMs);
    expect(table.scans.every((scan) => scan.Limit === undefined)).toBe(true);
  });

  test("units per second, where given, hold for any table", async () => {
    const table = new FakeTable();
    table.onDemand();
    const beganMs = table.timing.nowMs();
    await table.scan({ readUnitsPerSecond: 4 });
    expect((table.timing.nowMs() - beganMs) / 1_000).toBeGreaterThan(45);
  });

  test.each([{ readShare: 0 }, { readShare: 1.1 }, { readShare: Number.NaN }, { readUnitsPerSecond: 0 }])(
    "%j is refused",
    async (request) => {
      const table = new FakeTable();
      await expect(table.scan(request)).rejects.toMatchObject({ code: "USAGE" });
      expect(table.scans).toEqual([]);
    },
  );
});

describe("the scan", () => {
  test("has as many segments as the table is large, within bounds", async () => {
    const segments = async (bytes: number, given?: number) => {
      const table = new FakeTable();
      table.onDemand();
      Object.assign(table.description, { TableSizeBytes: bytes });
      table.itemsPerSegment = 1;
      await table.scan(given === undefined ? {} : { segments: given });
      expect(new Set(table.scans.map((scan) => scan.Segment)).size).toBe(table.scans.length);
      return table.scans.every((scan) => scan.TotalSegments === table.scans.length) ? table.scans.length : -1;
    };
    expect(await segments(0)).toBe(4);
    expect(await segments(10_000_000_000)).toBe(20);
    expect(await segments(1e15)).toBe(256);
    expect(await segments(0, 1)).toBe(1);
  });

  test("reads eventually consistent unless told otherwise", async () => {
    for (const reads of ["eventual", "consistent", undefined] as const) {
      const table = new FakeTable();
      table.onDemand();
      await table.scan(reads === undefined ? {} : { reads });
      expect(table.scans.every((scan) => scan.ConsistentRead === (reads === "consistent"))).toBe(true);
    }
  });

  test("retries throttling, lost connections and internal errors, and reads nothing twice", async () => {
    const table = new FakeTable();
    table.provisioned(100_000);
    table.pageItemsMax = 30;
    const faults = [
      serviceError("ProvisionedThroughputExceededException"),
      networkError("ECONNRESET"),
      serviceError("InternalServerError", "server"),
    ];
    table.fault = (scans) => (scans % 3 === 0 ? faults[(scans / 3) % 3] : undefined);
    const { exportFolder } = await table.scan();
    const { items } = await readExport(exportFolder);
    expect(new Set(items.map((item) => JSON.stringify(item))).size).toBe(400);
    expect(items).toHaveLength(400);
  });

  test("takes its time from the service where this machine's clock is ahead, else from this machine", async () => {
    const table = new FakeTable();
    table.onDemand();
    const nowSeconds = Math.floor(table.timing.nowMs() / 1_000);
    table.clockOffsetMs = 600_000;
    expect((await table.scan()).exportTimeSeconds).toBe(nowSeconds);
    table.clockOffsetMs = -600_000;
    expect((await table.scan()).exportTimeSeconds).toBe(nowSeconds - 600);
  });

  test("is not whole before its last page", async () => {
    const table = new FakeTable();
    table.onDemand();
    table.pageItemsMax = 10;
    const seen = new Set<string>();
    const onProgress = () => {
      const [exportId = ""] = readExportIds();
      const names = ["_started", "manifest-files.json", "manifest-summary.json"];
      for (const name of names) if (existsSync(join(folder, "AWSDynamoDB", exportId, name))) seen.add(name);
    };
    await table.scan({ onProgress });
    expect([...seen]).toEqual(["_started"]);
  });
});

describe("a scan that fails", () => {
  test("at its time limit is INCOMPLETE, tells how far it came, and leaves nothing", async () => {
    const table = new FakeTable();
    table.provisioned(2);
    Object.assign(table.description, { ItemCount: 400 });
    await expect(table.scan({ timeLimitSeconds: 60 })).rejects.toMatchObject({
      code: "INCOMPLETE",
      message: expect.stringMatching(
        /time limit of 60 seconds after \d+ of about 400 items; nothing was kept/,
      ),
      next: expect.stringContaining("--time-limit"),
    });
    expect(table.timing.nowMs() - 1_700_000_000_250).toBeLessThanOrEqual(61_000);
    expect(await leftovers()).toEqual([]);
  });

  test("at its time limit does not wait for its pace", async () => {
    const table = new FakeTable();
    table.provisioned(1);
    table.itemUnits = 100;
    await expect(table.scan({ timeLimitSeconds: 60, segments: 1 })).rejects.toMatchObject({
      code: "INCOMPLETE",
    });
    expect(table.timing.nowMs() - 1_700_000_000_250).toBeLessThanOrEqual(61_000);
  });

  test("at its time limit does not wait for an answer that does not come", async () => {
    const table = new FakeTable();
    table.onDemand();
    // The clock of the test stands still while the real one runs out.
    table.page = (_, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => {
          void table.timing.sleep(1_000, new AbortController().signal);
          reject(new Error("aborted"));
        }),
      );
    await expect(table.scan({ timeLimitSeconds: 0.1 })).rejects.toMatchObject({ code: "INCOMPLETE" });
    expect(await leftovers()).toEqual([]);
  });

  test("because it was stopped is INCOMPLETE, at once, and leaves nothing", async () => {
    const table = new FakeTable();
    table.onDemand();
    table.pageItemsMax = 10;
    const stop = new AbortController();
    const onProgress = ({ items }: ScanProgress) => {
      if (items >= 100) stop.abort();
    };
    await expect(table.scan({ onProgress, signal: stop.signal })).rejects.toMatchObject({
      code: "INCOMPLETE",
    });
    expect(table.scans.length).toBeLessThan(20);
    await expect(table.scan({ signal: stop.signal })).rejects.toMatchObject({ code: "INCOMPLETE" });
    expect(await leftovers()).toEqual([]);
  });

  test.each([
    ["THROTTLED", serviceError("ProvisionedThroughputExceededException")],
    ["UNREACHABLE", networkError("ECONNREFUSED")],
    ["CREDENTIALS", serviceError("ExpiredTokenException")],
    ["TABLE_NOT_FOUND", serviceError("ResourceNotFoundException")],
  ])("for good is %s and leaves nothing", async (code, fault) => {
    const table = new FakeTable();
    table.onDemand();
    table.pageItemsMax = 10;
    table.fault = (scans) => (scans > 20 ? fault : undefined);
    await expect(table.scan()).rejects.toMatchObject({
      code,
      message: expect.stringContaining('table "Reviews"'),
    });
    expect(await leftovers()).toEqual([]);
  });

  test("in one segment stops the others, and leaves no file open", async () => {
    const table = new FakeTable();
    table.onDemand();
    table.pageItemsMax = 1;
    const page = table.page.bind(table);
    table.page = (input, signal) =>
      input.Segment === 2 && table.scans.length > 20
        ? Promise.reject(serviceError("ValidationException"))
        : page(input, signal);
    await expect(table.scan()).rejects.toMatchObject({ code: "SOURCE_FAILED" });
    expect(table.scans.length).toBeLessThan(30);
    expect(await openFiles()).toEqual([]);
  });

  test("because the folder cannot be written is STORE_FAILED", async () => {
    await writeFile(join(folder, "file"), "");
    const table = new FakeTable();
    await expect(table.scan({ folder: join(folder, "file") })).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
  });

  test("because its files vanish is STORE_FAILED, and does not hang", async () => {
    const table = new FakeTable();
    table.onDemand();
    table.fault = (scans) => {
      if (scans === 1) for (const exportId of readExportIds()) rmData(exportId);
      return undefined;
    };
    await expect(table.scan()).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(await leftovers()).toEqual([]);
  });
});

deepTest("a data file is closed at about 64 MB, so that a large table becomes several", async () => {
  const source = { arn: "arn:aws:dynamodb:x:1:table/Reviews" } as SourceDescription;
  const writer = new ExportWriter(folder, source, 1_700_000_000_000);
  await writer.begin();
  const lane = writer.lane();
  const line = `{"Item":{"Review":{"S":"${"x".repeat(999_975)}"}}}\n`;
  for (let written = 0; written < 130; written++) await lane.write(line, 1);
  await lane.close();
  await writer.finish(1_700_000_001_000);
  const { files } = await readExport(writer.exportFolder);
  expect(files.map((file) => file.itemCount)).toEqual([64, 64, 2]);
});

test.each([1_000_000, 10])("a data file that failed is told at a later write of %i bytes", async (bytes) => {
  const source = { arn: "arn:aws:dynamodb:x:1:table/Reviews" } as SourceDescription;
  const writer = new ExportWriter(folder, source, 1_700_000_000_000);
  await writer.begin();
  for (const exportId of readExportIds()) rmData(exportId);
  const lane = writer.lane();
  const writing = (async () => {
    for (let written = 0; written < 10_000; written++) {
      await lane.write("x".repeat(bytes), 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await expect(writing).rejects.toMatchObject({ code: "STORE_FAILED" });
  await writer.abandon();
});
