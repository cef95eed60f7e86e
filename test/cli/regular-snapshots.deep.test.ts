/** `run` takes snapshots of the tables that it follows, by their age. */
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, dynalake, nextSecond, rowsOf, startDynalake, until } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

test("a snapshot that is due is taken while the streams are followed, and kept as it was asked", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const table = await SourceTable.create(emulator.connection, "Reviews");
    await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    const source = ["--table", "Reviews", "--endpoint", emulator.endpoint, "--lake", lake];
    const kept = async (): Promise<number> =>
      (await rowsOf(lake, "SELECT DISTINCT ddb_export_timestamp FROM reviews_snapshots")).length;
    await done(["snapshot", ...source]);
    const young = await dynalake(["run", ...source, "--once", "--snapshot-every", "1d", "--keep", "all"]);
    expect(young).toMatchObject({ code: 0 });
    expect(await kept()).toBe(1);
    const running = startDynalake(["run", ...source, "--snapshot-every", "1s", "--keep", "all"]);
    await running.told("following the stream");
    await until(async () => (await kept()) > 1, true);
    running.interrupt();
    await running.ended;
    const before = await kept();
    await nextSecond();
    await nextSecond();
    // One at most, and what was asked before stays.
    const once = await dynalake(["run", ...source, "--once", "--snapshot-every", "1s"]);
    expect(once).toMatchObject({ code: 0 });
    expect(await kept()).toBe(before + 1);
    expect(await dynalake(["run", ...source, "--snapshot-every", "often"])).toMatchObject({ code: 2 });
  });
}, 90_000);
