import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { openDuckdb } from "../../../src/embedded/duckdb/duckdb-session.ts";
import { confine } from "../../../src/embedded/reading/confinement.ts";
import { withFolder } from "../../support/folders.ts";

test("an engine that is confined reads the lake and nothing else, and cannot be let out again", async () => {
  await withFolder(async (folder) => {
    const root = join(folder, "lake");
    const temporaryFolder = join(folder, "tmp");
    await Promise.all([mkdir(root), mkdir(temporaryFolder)]);
    await Promise.all([writeFile(join(root, "in.txt"), "in"), writeFile(join(folder, "out.txt"), "out")]);
    const session = await openDuckdb({ threads: 1, memoryMegabytes: 512, temporaryFolder });
    try {
      await confine({ root, session });
      expect(await session.rows(`SELECT content FROM read_text('${root}/in.txt')`)).toEqual([
        { content: "in" },
      ]);
      for (const sql of [
        "SELECT * FROM read_text('/etc/passwd')",
        `SELECT * FROM read_text('${folder}/out.txt')`,
        `SELECT * FROM read_text('${root}/../out.txt')`,
        `SELECT * FROM read_text('${root}2/out.txt')`,
        `SELECT * FROM glob('${folder}/*')`,
        "SELECT * FROM read_json('http://127.0.0.1:9/x')",
        `COPY (SELECT 1) TO '${folder}/written.csv'`,
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
      ])
        await expect(session.run(sql)).rejects.toThrow();
    } finally {
      await session.close();
    }
  });
});
