import { expect, test } from "@jest/globals";
import { DynalakeError } from "../../../src/core/error.ts";
import { initialManifest, manifestText } from "../../../src/core/format/manifest.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { snapshotRegularly } from "../../../src/embedded/following/regular-snapshots.ts";
import { folderStore } from "../../../src/files/folder-store.ts";
import { nowSeconds } from "../../../src/sdk/new-run-id.ts";
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
    await snapshotRegularly(request, SCHEMA, { once: true, stop: new AbortController().signal });
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
    await snapshotRegularly(request, SCHEMA, { once: false, stop: stop.signal });
    expect(told).toEqual([["t", { kind: "snapshot-failed", error: failure }]]);
    const once = { once: true, stop: new AbortController().signal };
    await expect(snapshotRegularly(request, SCHEMA, once)).rejects.toBe(failure);
  });
});
