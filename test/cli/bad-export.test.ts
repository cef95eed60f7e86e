/** An export that is damaged or contradicts its manifests is rejected, and the lake stays unchanged. */
import { mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { snapshotCommand } from "../../src/cli/commands/snapshot.ts";
import type { CommandContext } from "../../src/cli/context/command.ts";
import { settingsFrom } from "../../src/cli/context/settings.ts";
import { systemTiming } from "../../src/sdk/timing.ts";
import {
  done,
  dynalake,
  dynalakes,
  expectRefused,
  fingerprint,
  type ItemJson,
  lakeItems,
} from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { dataFileName, type ExportDraft, type ExportShape, md5, writeExport } from "./export-fixture.ts";

const ITEMS: readonly ItemJson[] = Array.from({ length: 10 }, (_, i) => ({
  Id: { S: `id-${i}` },
  Secret: { S: "a diagnosis" },
  Count: { N: String(i) },
}));

let folder: string;
/** A lake with the table "t". No export in this file may change it. */
let lake: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  lake = join(folder, "lake");
  const whole = await writeExport(join(folder, "whole"), ITEMS);
  await done(["snapshot", "--from-export", whole, "--key", "Id", "--name", "t", "--lake", lake]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const fileOf = (draft: ExportDraft, file = 0): string => join(draft.home, "data", dataFileName(file));

/** Changes the first data file and its checksum in the manifest together. */
async function replaceData(draft: ExportDraft, change: (content: Buffer) => Buffer): Promise<void> {
  const content = change(await readFile(fileOf(draft)));
  await writeFile(fileOf(draft), content);
  (draft.files[0] as Record<string, unknown>).md5Checksum = md5(content);
}

const inFirst = (members: Record<string, unknown>) => (draft: ExportDraft) =>
  Object.assign(draft.files[0] as object, members);
const inSummary = (members: Record<string, unknown>) => (draft: ExportDraft) =>
  Object.assign(draft.summary, members);

interface Damage extends ExportShape {
  readonly tells: string | RegExp;
  readonly items?: readonly ItemJson[];
  /** Detected only while the items are read, when the lake is already being prepared for them. */
  readonly foundLate?: boolean;
}

const DAMAGES: Readonly<Record<string, Damage>> = {
  "a summary that is cut off": {
    after: async ({ home }) => {
      await truncate(join(home, "manifest-summary.json"), 100);
      await rm(join(home, "manifest-summary.md5"));
    },
    tells: "manifest-summary.json is not valid JSON",
  },
  "a summary that is not that of its checksum": {
    after: ({ home }) => writeFile(join(home, "manifest-summary.json"), "{}"),
    tells: "manifest-summary.json does not match its checksum",
  },
  "a summary without its number of items": {
    before: inSummary({ itemCount: undefined }),
    tells: /manifest-summary\.json: itemCount/,
  },
  "a summary with another number of items": {
    before: inSummary({ itemCount: 11 }),
    tells: /lists 10 items.* says 11/,
  },
  "a summary that names a manifest elsewhere": {
    before: inSummary({ manifestFilesS3Key: "../../other/manifest-files.json" }),
    tells: /manifest-summary\.json .*outside/,
  },
  "an incremental export": {
    // Its summary has two moments in place of exportTime.
    before: inSummary({
      exportType: "INCREMENTAL_EXPORT",
      exportTime: undefined,
      exportFromTime: "2026-01-10T09:00:00Z",
      exportToTime: "2026-01-10T10:00:00Z",
    }),
    tells: "INCREMENTAL_EXPORT",
  },
  "an export in another format": { before: inSummary({ outputFormat: "ION" }), tells: "ION" },
  "an export of the future": {
    before: inSummary({ exportTime: "2999-01-01T00:00:00Z" }),
    tells: "exportTime is in the future",
  },
  "no list of files": {
    after: ({ home }) => rm(join(home, "manifest-files.json")),
    tells: /manifest-files\.json cannot be read: no such file or directory \(ENOENT\)/,
  },
  "a list of files that is cut off": {
    after: async ({ home }) => {
      await truncate(join(home, "manifest-files.json"), 230);
      await rm(join(home, "manifest-files.md5"));
    },
    tells: /manifest-files\.json, line \d is not valid JSON/,
  },
  "a list that names one file twice": {
    before: ({ files }) => files.splice(1, 1, files[0] as Record<string, unknown>),
    tells: `names data/${dataFileName(0)} twice`,
  },
  "a data file that is missing": {
    after: (draft) => rm(fileOf(draft)),
    tells: `data/${dataFileName(0)} is missing`,
  },
  "a data file that is cut off": {
    before: (draft) => replaceData(draft, (content) => content.subarray(0, -12)),
    tells: `data/${dataFileName(0)} is not a complete gzip file`,
    foundLate: true,
  },
  "a data file that is no gzip": {
    before: (draft) => replaceData(draft, () => Buffer.from("no gzip")),
    tells: `data/${dataFileName(0)} is not a complete gzip file`,
  },
  "a data file with another content than that of its checksum": {
    after: async (draft) => {
      const content = gunzipSync(await readFile(fileOf(draft)));
      await writeFile(fileOf(draft), gzipSync(content.toString().replace("diagnosis", "diagnosys")));
    },
    tells: `data/${dataFileName(0)} does not match its checksum`,
    foundLate: true,
  },
  "a data file with fewer items than the list tells": {
    before: ({ files, summary }) => {
      Object.assign(files[0] as object, { itemCount: 6 });
      summary.itemCount = 11;
    },
    tells: /has 5 items; the manifest says 6/,
    foundLate: true,
  },
  "a data file above the export's folder": {
    before: inFirst({ dataFileS3Key: "AWSDynamoDB/data/../../../lake/t/schema.json" }),
    tells: /manifest-files\.json .*outside/,
  },
  "a data file by an absolute path": {
    before: inFirst({ dataFileS3Key: "/etc/data/passwd" }),
    tells: /manifest-files\.json .*outside/,
  },
  "a data file that is a link out of the export": {
    after: async (draft) => {
      const outside = join(folder, "outside.json.gz");
      await rename(fileOf(draft), outside);
      await symlink(outside, fileOf(draft));
    },
    tells: `data/${dataFileName(0)} leads outside the export`,
  },
  "a folder of data files that is a link out of the export": {
    after: async ({ home }) => {
      const outside = join(folder, "outside");
      await rename(join(home, "data"), outside);
      await symlink(outside, join(home, "data"));
    },
    tells: `data/${dataFileName(0)} leads outside the export`,
  },
  "a folder in the place of a data file": {
    after: async (draft) => {
      await rm(fileOf(draft));
      await mkdir(fileOf(draft));
    },
    tells: `data/${dataFileName(0)}`,
  },
  "an item that is there twice": {
    items: [...ITEMS, { Id: { S: "id-3" } }],
    tells: "the export holds 1 items twice",
    foundLate: true,
  },
};

test.each(Object.keys(DAMAGES))("%s", async (name) => {
  const { tells, items = ITEMS, foundLate = false, ...shape } = DAMAGES[name] as Damage;
  await withFolder(async (own) => {
    const spoilt = await writeExport(join(own, "export"), items, shape);
    const before = await fingerprint(lake);
    const options = { fromExport: spoilt, key: "Id", threads: 1 };
    await expect(snapshotCommand(quietContext(), { ...options, name: "other", lake })).rejects.toMatchObject({
      code: "EXPORT_INVALID",
      message: expect.stringMatching(tells),
    });
    expect(await fingerprint(lake)).toEqual(before);
    if (!foundLate) return;
    const targets = [
      ["--name", "other", "--lake", lake],
      ["--name", "t", "--lake", lake],
      ["--name", "t", "--lake", join(own, "none")],
    ];
    const command = ["snapshot", "--from-export", spoilt, "--key", "Id"];
    for (const ended of await dynalakes(targets.map((target) => [...command, ...target]))) {
      expectRefused(ended, { code: "EXPORT_INVALID", names: [tells, /^(?!.*diagnosis)/s] });
    }
    expect(await fingerprint(lake)).toEqual(before);
    expect(await fingerprint(own)).not.toHaveProperty([join(own, "none")]);
  });
});

/** A context for running a command in this process. */
function quietContext(): CommandContext {
  const terminal = {
    print: async () => undefined,
    note: () => undefined,
    progress: () => undefined,
    settle: () => undefined,
    colors: false,
    width: undefined,
  };
  return {
    version: "0.0.0",
    terminal,
    settings: settingsFrom({ environment: {}, file: undefined }, { cwd: "/" }),
    environment: {},
    cwd: "/",
    absolute: (path) => path,
    timing: systemTiming,
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    interrupted: new AbortController().signal,
  };
}

test("a folder without an export, and one with several", async () => {
  await withFolder(async (own) => {
    const command = ["snapshot", "--key", "Id", "--name", "t", "--lake", join(own, "none"), "--from-export"];
    await mkdir(join(own, "empty"));
    const empty = await dynalake([...command, join(own, "empty")]);
    expectRefused(empty, {
      code: "EXPORT_INVALID",
      names: ["no manifest-summary.json"],
      next: "AWSDynamoDB",
    });
    const home = join(own, "AWSDynamoDB");
    await writeExport(own, ITEMS);
    await rename(join(home, "01700000000000-0123abcd"), join(home, "other"));
    await writeExport(own, ITEMS);
    const several = await dynalake([...command, own]);
    expectRefused(several, { code: "EXPORT_INVALID", names: ["2 exports"], next: join(home, "other") });
  });
});

deepTest("a wrong --key is refused and binds nothing: the right one can be given next", async () => {
  await withFolder(async (own) => {
    const into = join(own, "lake");
    const items = ["ann", "bob"].flatMap((user) =>
      ["a", "b"].map((book) => ({ User: { S: user }, Book: { S: book } })),
    );
    const whole = await writeExport(join(own, "export"), items);
    const take = (...key: readonly string[]) =>
      dynalake(["snapshot", "--from-export", whole, "--name", "t", "--lake", into, ...key]);
    expectRefused(await take(), { code: "USAGE", names: ['key of "t"'], next: "--key HASH,RANGE" });
    expectRefused(await take("--key", "Id"), { code: "USAGE", names: ['"Id"'], next: "--key" });
    expectRefused(await take("--key", "A,B,C"), { code: "USAGE", names: ['"A,B,C"'] });
    expectRefused(await take("--key", "User"), {
      code: "EXPORT_INVALID",
      names: ["twice"],
      next: "HASH,RANGE",
    });
    expect(await fingerprint(into)).toEqual({});
    expect(await take("--key", "User,Book")).toMatchObject({ code: 0 });
    expect(await lakeItems(into)).toHaveLength(4);
  });
});

test("a lake that has a later snapshot keeps it", async () => {
  await withFolder(async (own) => {
    const older = await writeExport(join(own, "export"), ITEMS, { exportTime: "2023-11-13T00:00:00Z" });
    const before = await fingerprint(lake);
    const ended = await dynalake(["snapshot", "--from-export", older, "--name", "t", "--lake", lake]);
    expectRefused(ended, { code: "CONFLICT", names: ['"t" already has a snapshot of a later time'] });
    expect(await fingerprint(lake)).toEqual(before);
  });
});

test("a folder that is not there is not taken for one without an export", async () => {
  const ended = await dynalake(["snapshot", "--from-export", "nowhere", "--key", "Id", "--lake", lake]);
  const said = "nowhere cannot be read: no such file or directory (ENOENT)";
  expectRefused(ended, { code: "EXPORT_INVALID", names: [said] });
});
