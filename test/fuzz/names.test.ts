import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { parseKeyOption } from "../../src/cli/options/key-option.ts";
import { parseTime } from "../../src/cli/options/time-option.ts";
import { DynalakeError } from "../../src/core/error.ts";
import {
  changeObjectPath,
  gapPath,
  manifestPath,
  parseChangeObject,
  quarantinePath,
  segmentFolder,
  segmentOfPath,
} from "../../src/core/format/lake-path.ts";
import { pathInside } from "../../src/core/ports/object-store.ts";
import { parseSchema, tableName } from "../../src/core/schema/schema.ts";
import { chosenTables } from "../../src/core/table/chosen-tables.ts";
import { openTableOf, requireTable, tableAsOf } from "../../src/core/table/open-table.ts";
import { timeText } from "../../src/core/time-text.ts";
import { givenSchema } from "../../src/embedded/schemas/schema-choice.ts";
import { folderStore } from "../../src/files/folder-store.ts";
import { hostileName } from "../arbitraries/hostile.ts";
import { timestampText } from "../arbitraries/item.ts";
import { fingerprint } from "../support/cli.ts";
import * as fc from "../support/fast-check.ts";
import { withFolder } from "../support/folders.ts";
import { answerOf, fuzz } from "./fuzz.ts";

/** Hostile names and options: each is accepted or refused, and none leads out of the lake. */

const FILE = { table: "t", key: { hash: "id" }, attributes: {} };
const SAFE_PATH = /^[a-z][a-z0-9_]*\/[A-Za-z0-9_/.=-]+$/;

/** A path inside the lake, or an error. */
function expectInside(build: () => string): void {
  let path: string;
  try {
    path = build();
  } catch (error) {
    expect((error as Error).message).toMatch(/a part of a lake path/);
    return;
  }
  expect(pathInside(path)).toMatch(SAFE_PATH);
}

test("a name, a key and a time of any kind are understood or refused, and nothing is touched", async () => {
  const given = fc.oneof(
    { weight: 4, arbitrary: hostileName },
    { weight: 1, arbitrary: timestampText },
    {
      weight: 1,
      arbitrary: fc.constantFrom("9".repeat(12), "9".repeat(13), "0", "253402300800", "-1", "2026-02-30"),
    },
  );
  await withFolder(async (folder) => {
    const root = join(folder, "lake");
    await mkdir(join(root, "t"), { recursive: true });
    await mkdir(join(folder, "outside"));
    await writeFile(join(folder, "outside", "schema.json"), JSON.stringify({ ...FILE, table: "outside" }));
    await writeFile(join(root, "t", "schema.json"), JSON.stringify(FILE));
    const store = folderStore(root);
    const opened = await openTableOf(store, parseSchema(FILE, "a test"));
    const before = await fingerprint(folder);
    const codes = ["USAGE", "LAKE_NOT_FOUND", "AS_OF_UNKNOWN"];
    const expectTold = async (run: () => unknown): Promise<void> => {
      const { refused } = await answerOf(run);
      if (refused !== undefined) expect(codes).toContain((refused as DynalakeError).code);
    };
    await fuzz("names and options", given, async (text) => {
      const table = tableName(text);
      parseSchema({ ...FILE, table }, "a test");
      expectInside(() => manifestPath(table, 1));
      expectInside(() => segmentFolder("t", text, "b0000"));
      expectInside(() => gapPath("t", text));
      expectInside(() => quarantinePath("t", text, "a"));
      expectInside(() => changeObjectPath("t", 0, 0, text));
      parseChangeObject(`t/changes/dt=${text}/hr=${text}/${text}`);
      segmentOfPath(`t/segments/${text}/${text}/rows.parquet`);
      await expectTold(() => parseKeyOption(text));
      await expectTold(() => timeText(parseTime(text, 1_795_000_000)));
      await expectTold(() => tableAsOf(store, opened, parseTime(text, 1_795_000_000)));
      await expectTold(() => chosenTables(store, root, text));
      await expectTold(() => requireTable(store, table));
      const demand = { store, given: undefined, key: undefined, source: undefined };
      await expectTold(() => givenSchema({ ...demand, name: text }));
      const { refused } = await answerOf(() =>
        chosenTables(folderStore(join(root, `${text}`.replaceAll("\0", ""))), text, undefined),
      );
      expect(refused === undefined || refused instanceof DynalakeError).toBe(true);
    });
    expect(await fingerprint(folder)).toEqual(before);
  });
});
