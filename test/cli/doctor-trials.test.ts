/** The doctor's trials: what they wait for, what they take for their own, and that they leave nothing behind. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BatchWriteItemCommandInput } from "@aws-sdk/client-dynamodb";
import { beforeEach, describe, expect, test } from "@jest/globals";
import type { AwsLake } from "../../src/aws/aws-lake.ts";
import type { Deployment } from "../../src/aws/deployment.ts";
import { DOCTOR_FOLDER, DOCTOR_TABLE } from "../../src/core/doctor/doctor-items.ts";
import { errorsFolder, quarantineFolder, schemaPath } from "../../src/core/format/lake-path.ts";
import type { Timing } from "../../src/sdk/timing.ts";
import { rowsOfHiddenFolder } from "../../src/stack/doctor/hidden-folder.ts";
import { arrivalSeconds, withinPatience } from "../../src/stack/doctor/patience.ts";
import { sendMisfit } from "../../src/stack/doctor/refused-row.ts";
import { writeItems } from "../../src/stack/doctor/written-items.ts";
import type { OpenedStack } from "../../src/stack/open-stack.ts";
import { MemoryStore } from "../support/memory-store.ts";

const SCHEMA = readFileSync(join(import.meta.dirname, "..", "..", "schemas", "doctor.json"), "utf8");
const ERRORS = errorsFolder(DOCTOR_TABLE);
const DEPLOYMENT = {
  ...{ table: DOCTOR_TABLE, bucket: "lake", database: "lake", source: "DynalakeDoctor" },
  ...{
    sourceTableArn: "arn:aws:dynamodb:eu-west-1:1:table/DynalakeDoctor",
    eventSourceMapping: "mapping",
    mappingIds: ["mapping"] as readonly string[],
  },
  ...{ deliveryStream: "delivery", bufferSeconds: 65 },
} as Deployment;

let store: MemoryStore;
let interrupt: AbortController;
let nowMs: number;
/** What happens during each wait, by the number of waits so far, from 1. */
let meanwhile: (waits: number) => void;
let waits: number;

beforeEach(() => {
  store = new MemoryStore();
  store.plant(schemaPath(DOCTOR_TABLE), SCHEMA);
  interrupt = new AbortController();
  nowMs = Date.UTC(2026, 10, 29);
  waits = 0;
  meanwhile = () => undefined;
});

const timing: Timing = {
  nowMs: () => nowMs,
  random: () => 0,
  sleep: async (ms) => {
    nowMs += ms;
    meanwhile(++waits);
  },
};

function stackOf(lake: object, clients: object = {}): OpenedStack {
  return { clients, lakeOf: () => lake as AwsLake, signal: interrupt.signal } as unknown as OpenedStack;
}

describe("a row that does not fit", () => {
  /** Records as they were sent. */
  let sent: string[];

  beforeEach(() => {
    sent = [];
  });

  /** Firehose converts what comes second, which is the replay. */
  function tried(): ReturnType<typeof sendMisfit> {
    const firehose = {
      send: async ({ input: { Records } }: { input: { Records: readonly { Data: Uint8Array }[] } }) => {
        sent.push(...Records.map(({ Data }) => new TextDecoder().decode(Data)));
        return { FailedPutCount: 0, RequestResponses: Records.map((_, i) => ({ RecordId: String(i) })) };
      },
    };
    const rows = async () =>
      sent.slice(1).flatMap((record) => linesOf(record).map((line) => JSON.parse(line)));
    return sendMisfit(stackOf({ store, engine: { rows }, clients: { firehose } }), DEPLOYMENT, timing);
  }

  const linesOf = (record: string): readonly string[] => record.trimEnd().split("\n");
  const returned = (record: string): string =>
    JSON.stringify({ rawData: Buffer.from(record).toString("base64") });
  const objects = (): readonly string[] =>
    store
      .paths()
      .filter((path) => path.startsWith(ERRORS) || path.startsWith(quarantineFolder(DOCTOR_TABLE)));

  test("is known by its key, among files that were there before and those of others, which stay", async () => {
    store.plant(`${ERRORS}a-before`, "no recording");
    meanwhile = (count) => {
      if (count === 1)
        store.plant(`${ERRORS}b-another`, returned((sent[0] ?? "").replaceAll("misfit-", "other-")));
      if (count === 2) store.plant(`${ERRORS}c-own`, returned(sent[0] ?? ""));
    };
    expect(await tried()).toEqual({
      misfit: "errors",
      isOtherConverted: false,
      isReadable: true,
      isReturned: true,
    });
    expect(sent.map((record) => linesOf(record).length)).toEqual([2, 1]);
    expect(objects()).toEqual([`${ERRORS}a-before`, `${ERRORS}b-another`]);
    expect(store.calls.filter((call) => call.endsWith("a-before"))).toEqual([]);
    expect(store.calls.filter((call) => call.endsWith("b-another"))).toHaveLength(1);
  });

  test("leaves no file that cannot be read, and takes one that can be read before that", async () => {
    meanwhile = () => store.plant(`${ERRORS}a-unreadable`, "no recording");
    expect(await tried()).toMatchObject({ misfit: "errors", isReadable: false });
    expect(objects()).toEqual([]);
    [sent, waits] = [[], 0];
    meanwhile = () => {
      store.plant(`${ERRORS}a-unreadable`, "no recording");
      store.plant(`${ERRORS}b-own`, returned(sent[0] ?? ""));
    };
    expect(await tried()).toMatchObject({ misfit: "errors", isReadable: true, isReturned: true });
    expect(objects()).toEqual([]);
  });

  test("is nowhere once it should have been there", async () => {
    store.plant(`${ERRORS}before`, "no recording");
    const beganMs = nowMs;
    expect(await tried()).toMatchObject({ misfit: "nowhere" });
    expect(nowMs - beganMs).toBeGreaterThan(arrivalSeconds(DEPLOYMENT) * 1000);
    expect(objects()).toEqual([`${ERRORS}before`]);
  });

  test("leaves nothing behind an interrupt", async () => {
    meanwhile = () => {
      store.plant(`${ERRORS}own`, returned(sent[0] ?? ""));
      interrupt.abort(new Error("enough"));
    };
    await expect(tried()).rejects.toThrow("enough");
    expect(sent).toHaveLength(1);
    expect(objects()).toEqual([]);
  });
});

describe("a hidden folder", () => {
  let partitions: Map<string, string>;
  let failing: readonly string[];

  beforeEach(() => {
    partitions = new Map();
    failing = [];
  });

  /** Fails after the work is done: its answer is lost. */
  function done(name: string): void {
    if (failing.includes(name)) throw new Error(name);
  }

  function found(): Promise<number> {
    const engine = {
      statements: {
        run: async (sql: string) => {
          const [, folder] = /\nTO 's3:\/\/lake\/(_doctor\/[^']+\/_hidden\/)'\n/.exec(sql) ?? [];
          store.plant(`${folder}rows`, "rows");
          done("UNLOAD");
        },
      },
      catalog: {
        database: "lake",
        createPartitions: async (_: string, made: readonly { value: string; location: string }[]) => {
          for (const { value, location } of made) partitions.set(value, location);
          done("createPartitions");
        },
        deletePartitions: async (_: string, values: readonly string[]) => {
          for (const value of values) partitions.delete(value);
          done("deletePartitions");
        },
      },
      rows: async () => {
        done("SELECT");
        return [{ rows: String(partitions.size) }];
      },
    };
    return rowsOfHiddenFolder({ bucket: "lake", engine, store } as unknown as AwsLake);
  }

  test("is written, counted and removed", async () => {
    expect(await found()).toBe(1);
    expect({ partitions: partitions.size, left: store.paths(DOCTOR_FOLDER) }).toEqual({
      partitions: 0,
      left: [],
    });
  });

  test.each([
    ["UNLOAD"],
    ["createPartitions"],
    ["SELECT"],
    ["deletePartitions"],
    ["SELECT", "deletePartitions"],
  ])("is removed whatever fails, and the first failure is told: %s", async (...names) => {
    failing = names;
    await expect(found()).rejects.toThrow(names[0] ?? "");
    expect({ partitions: partitions.size, left: store.paths(DOCTOR_FOLDER) }).toEqual({
      partitions: 0,
      left: [],
    });
  });
});

test("items that do not arrive are removed at an interrupt, which ends the waiting", async () => {
  const items = new Set<string>();
  const dynamodb = {
    send: async ({ input: { RequestItems = {} } }: { input: BatchWriteItemCommandInput }) => {
      for (const { DeleteRequest, PutRequest } of Object.values(RequestItems).flat()) {
        if (PutRequest?.Item?.Id?.S !== undefined) items.add(PutRequest.Item.Id.S);
        if (DeleteRequest?.Key?.Id?.S !== undefined) items.delete(DeleteRequest.Key.Id.S);
      }
      return {};
    },
  };
  let most = 0;
  meanwhile = () => {
    most = items.size;
    interrupt.abort(new Error("enough"));
  };
  const stack = stackOf({ engine: { rows: async () => [{ rows: "0" }] } }, { dynamodb });
  await expect(writeItems(stack, DEPLOYMENT, timing)).rejects.toThrow("enough");
  expect({ most, left: items.size, waits }).toEqual({ most: 2009, left: 0, waits: 1 });
});

describe("patience", () => {
  const within = (seconds: number, look: () => Promise<string | undefined>) =>
    withinPatience({ seconds, timing, signal: interrupt.signal }, look);

  test("ends as soon as something is found", async () => {
    expect(await within(600, async () => (waits === 3 ? "found" : undefined))).toBe("found");
    expect(waits).toBe(3);
  });

  test("looks once at least, and ends when its time is over", async () => {
    expect(await within(0, async () => "found")).toBe("found");
    expect(waits).toBe(0);
    expect(await within(60, async () => undefined)).toBeUndefined();
    expect(waits).toBe(13);
  });

  test("ends at an interrupt", async () => {
    meanwhile = (count) => {
      if (count === 2) interrupt.abort(new Error("enough"));
    };
    await expect(within(600, async () => undefined)).rejects.toThrow("enough");
    expect(waits).toBe(2);
  });
});
