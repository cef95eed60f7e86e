import { expect, jest, test } from "@jest/globals";
import { DynalakeError } from "../../../src/core/error.ts";
import { initialManifest, manifestText } from "../../../src/core/format/manifest.ts";
import { parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { snapshotRegularly } from "../../../src/embedded/following/regular-snapshots.ts";
import { folderStore } from "../../../src/files/folder-store.ts";
import { nowSeconds } from "../../../src/sdk/new-run-id.ts";
import { systemTiming } from "../../../src/sdk/timing.ts";
import { withFolder } from "../../support/folders.ts";

const SCHEMA = parseSchema({ table: "t", key: { hash: "id" }, attributes: {} }, "a test");

async function tookOf(lastAgoSeconds: number | undefined, everySeconds: number): Promise<number> {
  let taken = 0;
  await withFolder(async (folder) => {
    if (lastAgoSeconds !== undefined) {
      const at = nowSeconds() - lastAgoSeconds;
      const snapshot = { run: "s", exportTimeSeconds: at, cutSeconds: at, items: 1, segments: [] };
      const manifest = { ...initialManifest(1), sequence: 1, schema: SCHEMA.file, snapshots: [snapshot] };
      await folderStore(folder).create(
        "t/manifest/000000000001.json",
        new TextEncoder().encode(manifestText(manifest)),
      );
    }
    const take = async (): Promise<void> => {
      taken++;
    };
    const request = { folder, snapshots: { everySeconds, take }, onEvent: () => undefined };
    await Promise.all(
      snapshotRegularly(request, [SCHEMA], { once: true, stop: new AbortController().signal }),
    );
  });
  return taken;
}

test("one is due by the age of the last one, and at once where there is none", async () => {
  expect(await tookOf(undefined, 3600)).toBe(1);
  expect(await tookOf(3601, 3600)).toBe(1);
  expect(await tookOf(60, 3600)).toBe(0);
});

test("a failure is told and tried again, unless there is only one try", async () => {
  await withFolder(async (folder) => {
    const failure = new DynalakeError("UNREACHABLE", "no answer");
    const take = async (): Promise<void> => {
      throw failure;
    };
    const stop = new AbortController();
    const told: unknown[] = [];
    const onEvent = (table: string, event: unknown): void => {
      told.push([table, event]);
      stop.abort();
    };
    const request = { folder, snapshots: { everySeconds: 1, take }, onEvent };
    await Promise.all(snapshotRegularly(request, [SCHEMA], { once: false, stop: stop.signal }));
    expect(told).toEqual([["t", { kind: "snapshot-failed", error: failure }]]);
    const once = { once: true, stop: new AbortController().signal };
    await expect(Promise.all(snapshotRegularly(request, [SCHEMA], once))).rejects.toBe(failure);
  });
});

test("tables take turns, also after one that failed", async () => {
  await withFolder(async (folder) => {
    const schemas = ["a", "b", "c"].map((table) => ({ ...SCHEMA, table }));
    let running = 0;
    let atOnce = 0;
    const taken: string[] = [];
    const take = async ({ table }: Schema): Promise<void> => {
      atOnce = Math.max(atOnce, ++running);
      await new Promise(setImmediate);
      running--;
      taken.push(table);
      if (table === "a") throw new DynalakeError("UNREACHABLE", "no answer");
    };
    const request = { folder, snapshots: { everySeconds: 1, take }, onEvent: () => undefined };
    const once = { once: true, stop: new AbortController().signal };
    await Promise.allSettled(snapshotRegularly(request, schemas, once));
    expect(taken.toSorted()).toEqual(["a", "b", "c"]);
    expect(atOnce).toBe(1);
  });
});

test("a table whose turn comes after the end is left alone", async () => {
  await withFolder(async (folder) => {
    const stop = new AbortController();
    let taken = 0;
    const take = async (): Promise<void> => {
      taken++;
      stop.abort();
    };
    const request = { folder, snapshots: { everySeconds: 1, take }, onEvent: () => undefined };
    const schemas = [SCHEMA, { ...SCHEMA, table: "u" }];
    await Promise.all(snapshotRegularly(request, schemas, { once: true, stop: stop.signal }));
    expect(taken).toBe(1);
  });
});

test("the wait after failures doubles up to an hour, and is a minute again after a success", async () => {
  const sleep = jest.spyOn(systemTiming, "sleep");
  const waits: number[] = [];
  sleep.mockImplementation(async (milliseconds) => {
    waits.push(milliseconds / 1000);
  });
  try {
    await withFolder(async (folder) => {
      const stop = new AbortController();
      let tries = 0;
      const take = async (): Promise<void> => {
        tries++;
        if (tries === 11) stop.abort();
        if (tries !== 9) throw new DynalakeError("DISK_FULL", "no space left");
      };
      const request = { folder, snapshots: { everySeconds: 1, take }, onEvent: () => undefined };
      await Promise.all(snapshotRegularly(request, [SCHEMA], { once: false, stop: stop.signal }));
    });
  } finally {
    sleep.mockRestore();
  }
  expect(waits).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600, 60]);
});
