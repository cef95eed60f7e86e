import { execFileSync } from "node:child_process";
import { appendFile, chmod, cp, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { openExport } from "../../../src/embedded/exports/export-folder.ts";
import {
  EXPORT_ID,
  EXPORT_TIME,
  type ExportToWrite,
  exportLine,
  md5Of,
  writeExport,
  writeManifest,
} from "../../support/export-folder.ts";
import { withFolder } from "../../support/folders.ts";

const LINES = [exportLine({ id: { S: "a" } }), exportLine({ id: { S: "b" } })];
const WHOLE: ExportToWrite = { files: [{ content: LINES }, { content: [] }, { content: LINES.slice(1) }] };

describe("a whole export", () => {
  test.each([
    ["the folder around AWSDynamoDB", ""],
    ["AWSDynamoDB", "AWSDynamoDB"],
    ["the export's own folder", `AWSDynamoDB/${EXPORT_ID}`],
  ])("is opened by %s", async (_, below) => {
    await withFolder(async (folder) => {
      const home = await writeExport(folder, WHOLE);
      const opened = await openExport(join(folder, below));
      expect(opened.summary).toEqual({
        tableArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/Reviews",
        exportTimeSeconds: new Date(EXPORT_TIME).getTime() / 1000,
        manifestFilesKey: `AWSDynamoDB/${EXPORT_ID}/manifest-files.json`,
        itemCount: 3,
      });
      expect(opened.parts.map(({ itemCount, file }) => [itemCount, file])).toEqual(
        [2, 0, 1].map((count, i) => [count, join(home, `data/data00${i}.json.gz`)]),
      );
      for (const { file, md5 } of opened.parts) expect(md5).toBe(md5Of(await readFile(file)));
    });
  });

  test("is opened where it had a prefix in its bucket, and where it was moved", async () => {
    await withFolder(async (folder) => {
      const key = `some/prefix/AWSDynamoDB/${EXPORT_ID}/data/data000.json.gz`;
      const home = await writeExport(join(folder, "a"), { files: [{ content: LINES, key }] });
      await rename(home, join(folder, "moved"));
      expect((await openExport(join(folder, "moved"))).parts).toHaveLength(1);
      expect((await openExport(folder)).parts).toHaveLength(1);
    });
  });

  test("is opened without the checksums of its manifests, which some copies lack, and without data files", async () => {
    await withFolder(async (folder) => {
      const home = await writeExport(folder, { files: [] });
      await rm(join(home, "manifest-files.md5"));
      await rm(join(home, "manifest-summary.md5"));
      expect(await openExport(folder)).toMatchObject({ summary: { itemCount: 0 }, parts: [] });
    });
  });

  test("is opened where a link leads to it, or from one of its data files to another place in it", async () => {
    await withFolder(async (folder) => {
      const home = await writeExport(join(folder, "real"), WHOLE);
      await symlink(join(folder, "real"), join(folder, "link"));
      await rename(join(home, "data/data000.json.gz"), join(home, "kept.gz"));
      await symlink("../kept.gz", join(home, "data/data000.json.gz"));
      expect((await openExport(join(folder, "link"))).parts[0]?.file).toBe(join(home, "kept.gz"));
    });
  });
});

describe("what is no export", () => {
  test.each([
    ["a folder that is not there", "nothing"],
    ["an empty folder", "empty"],
    ["a file", "file"],
    ["a link to itself", "loop"],
    ["a name longer than names can be", "x".repeat(300)],
  ])("%s is refused with advice", async (_, name) => {
    await withFolder(async (folder) => {
      await mkdir(join(folder, "empty"));
      await writeFile(join(folder, "file"), "");
      await symlink("loop", join(folder, "loop"));
      await expect(openExport(join(folder, name))).rejects.toMatchObject({
        code: "EXPORT_INVALID",
        next: expect.stringContaining("AWSDynamoDB"),
      });
    });
  });

  test("two exports in one folder are refused: one of them has to be named", async () => {
    await withFolder(async (folder) => {
      const home = await writeExport(folder, WHOLE);
      await cp(home, join(dirname(home), "another"), { recursive: true });
      await expect(openExport(folder)).rejects.toMatchObject({
        code: "EXPORT_INVALID",
        next: expect.stringContaining(EXPORT_ID),
      });
      expect((await openExport(home)).parts).toHaveLength(3);
    });
  });
});

/** Each damages one thing in the folder of a complete export. */
const DAMAGES: readonly (readonly [string, (home: string) => Promise<unknown>])[] = [
  ["no manifest of the files", (home) => rm(join(home, "manifest-files.json"))],
  ["a summary that was changed", (home) => appendFile(join(home, "manifest-summary.json"), " ")],
  ["a manifest of the files that was cut", (home) => cut(join(home, "manifest-files.json"), 100)],
  ["a checksum that was cut", (home) => cut(join(home, "manifest-files.md5"), 5)],
  ["an empty checksum", (home) => writeFile(join(home, "manifest-summary.md5"), "")],
  ["a checksum that cannot be read", (home) => replaceByFolder(join(home, "manifest-summary.md5"))],
  ["a summary that is no JSON", (home) => writeManifest(home, "manifest-summary", "{")],
  ["a summary that is empty", (home) => writeManifest(home, "manifest-summary", "")],
  ["a summary that is null", (home) => writeManifest(home, "manifest-summary", "null")],
  [
    "a manifest with a line that is no JSON",
    (home) => writeManifest(home, "manifest-files", '{"itemCount":3}\n}'),
  ],
  [
    "a manifest of lines without data files",
    (home) => writeManifest(home, "manifest-files", '{"itemCount":3}'),
  ],
  ["a manifest that tells of fewer items", (home) => writeManifest(home, "manifest-files", "")],
  ["a summary that is a folder", (home) => replaceByFolder(join(home, "manifest-summary.json"))],
  ["a summary that never ends", (home) => replaceByLink(join(home, "manifest-summary.json"), "/dev/zero")],
  ["a manifest that is a pipe", (home) => replaceByPipe(join(home, "manifest-files.json"))],
  ["a data file that is missing", (home) => rm(join(home, "data/data001.json.gz"))],
  ["a data file that is a folder", (home) => replaceByFolder(join(home, "data/data001.json.gz"))],
  ["a data file that is a pipe", (home) => replaceByPipe(join(home, "data/data001.json.gz"))],
  [
    "a data file that links out of it",
    (home) => replaceByLink(join(home, "data/data001.json.gz"), "/etc/passwd"),
  ],
  ["a data file that links to nothing", (home) => replaceByLink(join(home, "data/data001.json.gz"), "gone")],
  [
    "a data file that links to itself",
    (home) => replaceByLink(join(home, "data/data001.json.gz"), "data001.json.gz"),
  ],
  [
    "data that lies elsewhere",
    async (home) => {
      await rename(join(home, "data"), join(home, "../data"));
      await symlink("../data", join(home, "data"));
    },
  ],
];

test.each(DAMAGES)(
  "%s is refused",
  async (_, damage) => {
    await withFolder(async (folder) => {
      const home = await writeExport(folder, WHOLE);
      await damage(home);
      await expect(openExport(folder)).rejects.toMatchObject({ code: "EXPORT_INVALID" });
    });
  },
  10_000,
);

test.each([
  ["of another format", { outputFormat: "ION" }, "DYNAMODB_JSON"],
  ["of changes only", { exportType: "INCREMENTAL_EXPORT" }, "whole table"],
  ["without a time", { exportTime: "soon" }, ""],
  ["of a time that is a bare number", { exportTime: "5" }, ""],
  ["of a time before there were exports", { exportTime: "1969-12-31T23:59:59.000Z" }, ""],
  ["of a time that is still to come", { exportTime: "2999-01-01T00:00:00.000Z" }, ""],
  ["of another number of items", { itemCount: 4 }, ""],
  ["of a negative number of items", { itemCount: -3 }, ""],
  ["of another export's manifest", { manifestFilesS3Key: "../other/manifest-files.json" }, ""],
])("an export %s is refused", async (_, summary, advice) => {
  await withFolder(async (folder) => {
    await writeExport(folder, { ...WHOLE, summary });
    await expect(openExport(folder)).rejects.toMatchObject({
      code: "EXPORT_INVALID",
      next: expect.stringContaining(advice),
    });
  });
});

test.each([
  "/etc/passwd",
  "/data/data000.json.gz",
  "../data/data000.json.gz",
  "AWSDynamoDB/x/data/../../../data/data000.json.gz",
  "AWSDynamoDB/x/data/../manifest-files.json",
  "AWSDynamoDB/x/data/..",
  "AWSDynamoDB/x/data/.hidden",
  "AWSDynamoDB/x/data/",
  "AWSDynamoDB/x/data",
  "AWSDynamoDB/x/data/a/b.json.gz",
  "AWSDynamoDB/x/data/a\\b.json.gz",
  "AWSDynamoDB/x/data/a\0b.json.gz",
  "data000.json.gz",
])("a data file named %j is refused: it is none of this export", async (key) => {
  await withFolder(async (folder) => {
    await writeExport(folder, { files: [{ content: LINES, key }] });
    await expect(openExport(folder)).rejects.toMatchObject({ code: "EXPORT_INVALID" });
  });
});

test("a data file that is named twice is refused: its items would be there twice", async () => {
  await withFolder(async (folder) => {
    const key = `AWSDynamoDB/${EXPORT_ID}/data/data000.json.gz`;
    await writeExport(folder, { files: [{ content: LINES }, { content: LINES, key: `other/${key}` }] });
    await expect(openExport(folder)).rejects.toMatchObject({ code: "EXPORT_INVALID" });
  });
});

test("a folder that may not be read counts as none", async () => {
  await withFolder(async (folder) => {
    const home = await writeExport(folder, WHOLE);
    await mkdir(join(dirname(home), "private"));
    await chmod(join(dirname(home), "private"), 0);
    expect((await openExport(folder)).parts).toHaveLength(3);
    await chmod(join(dirname(home), "private"), 0o700);
  });
});

async function cut(file: string, bytes: number): Promise<void> {
  await writeFile(file, (await readFile(file)).subarray(0, bytes));
}

async function replaceByFolder(file: string): Promise<void> {
  await rm(file);
  await mkdir(file);
}

async function replaceByLink(file: string, target: string): Promise<void> {
  await rm(file);
  await symlink(target, file);
}

async function replaceByPipe(file: string): Promise<void> {
  await rm(file);
  execFileSync("mkfifo", [file]);
}
