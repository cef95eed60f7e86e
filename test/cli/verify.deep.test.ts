/** `verify` of a table that is written to meanwhile: it settles by waiting. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { systemTiming } from "../../src/sdk/timing.ts";
import { done, startDynalake } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";
import { keyOf, parquetFiles, review, rewrite, snapshot, verified } from "./verified-lake.ts";

const emulator = fileEmulator();

test("while writes go on and `run` follows there is no false difference, and a true one is found all the same", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Moving");
    const users = Array.from({ length: 300 }, (_, i) => `u${i}`);
    await table.put(...users.map((user) => review(user, "Mort")), review("lost", "Mort"));
    const lake = join(folder, "lake");
    await snapshot(emulator, lake, table.name);
    await done(["run", "--once", "--lake", lake]);
    await rm(join(lake, "moving", "changes"), { recursive: true });
    for (const segment of await parquetFiles(join(lake, "moving", "segments")))
      await rewrite(segment, `SELECT * FROM file WHERE "user" <> 'lost'`);
    const run = startDynalake(["run", "--lake", lake, "--compact-every", "2"]);
    await run.told("following the stream");
    const stop = new AbortController();
    const writing = (async () => {
      for (let i = 0; !stop.signal.aborted; i++) {
        const user = users[i % users.length] as string;
        if (i % 7 === 0) await table.remove(user, "Mort");
        else await table.put(review(user, "Mort", { Rating: { N: String(i) } }));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    try {
      const { ended, table: found } = await verified(lake, systemTiming);
      expect(found.differences.map(({ kind, key }) => ({ kind, key }))).toEqual([
        { kind: "missing", key: keyOf("lost", "Mort") },
      ]);
      expect(ended).toMatchObject({ code: 4 });
    } finally {
      stop.abort();
      await writing;
      run.interrupt();
      await run.ended;
    }
  });
});
