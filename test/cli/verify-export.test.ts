/** `verify --from-export`: what an export can and cannot prove about a lake that has since changed. */
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "@jest/globals";
import { saveReadingState } from "../../src/core/table/reading-state.ts";
import { folderStore } from "../../src/files/folder-store.ts";
import { done, dynalake, expectRefused, type ItemJson } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

const SEED_TIME = "2026-03-01T00:00:00.000Z";
const EXPORT_TIME = "2026-03-02T00:00:00.000Z";
const seconds = (time: string): number => Date.parse(time) / 1000;

const item = (id: string, note: string): ItemJson => ({ Id: { S: id }, Note: { S: note } });

let sequence = 0;

beforeEach(() => {
  sequence = 0;
});

function record(id: string, note: string | undefined, time: string) {
  return {
    eventName: note === undefined ? "REMOVE" : "MODIFY",
    dynamodb: {
      ApproximateCreationDateTime: seconds(time),
      Keys: { Id: { S: id } },
      ...(note === undefined ? {} : { NewImage: item(id, note) }),
      SequenceNumber: String(++sequence),
    },
  };
}

/** A lake seeded from an export, with these changes since. */
async function lakeOf(
  folder: string,
  items: readonly ItemJson[],
  records: readonly unknown[],
): Promise<string> {
  const seed = await writeExport(join(folder, "seed"), items, { exportTime: SEED_TIME });
  const lake = join(folder, "lake");
  await done(["snapshot", "--from-export", seed, "--key", "Id", "--lake", lake]);
  if (records.length > 0) {
    const file = join(folder, "records.jsonl");
    await writeFile(file, records.map((each) => `${JSON.stringify(each)}\n`).join(""));
    await done(["replay", file, "--lake", lake]);
  }
  return lake;
}

async function caughtUp(lake: string, atSeconds: number): Promise<void> {
  await saveReadingState(folderStore(lake), "source", {
    position: { streamArn: "arn", shards: {} },
    savedAtSeconds: atSeconds,
    caughtUpAtSeconds: atSeconds,
    newestChangeSeconds: undefined,
  });
}

test("a lake is proved by the export that it was made of, and damage is named", async () => {
  await withFolder(async (folder) => {
    const items = ["a", "b", "c"].map((id) => item(id, "seed"));
    const lake = await lakeOf(folder, items, []);
    const text = await done(["verify", "--from-export", join(folder, "seed"), "--lake", lake]);
    expect(text).toContain("compared    3 items of the source with 3 of the lake\n");
    expect(text).toMatch(/\nresult {6}IDENTICAL: /);

    const other = await writeExport(
      join(folder, "other"),
      [item("a", "seed"), item("b", "another"), item("d", "seed")],
      { exportTime: SEED_TIME },
    );
    const damaged = await dynalake(["verify", "--from-export", other, "--lake", lake]);
    expect(damaged).toMatchObject({ code: 4 });
    const lines = damaged.stdout.split("\n").filter((line) => /^(missing|extra|different)/.test(line));
    expect(lines.sort()).toEqual([
      'different   {"Id":{"S":"b"}}  Note',
      'extra       {"Id":{"S":"c"}}',
      'missing     {"Id":{"S":"d"}}',
    ]);
  });
});

test("items are compared whatever characters are in them", async () => {
  await withFolder(async (folder) => {
    // Some readers end lines at these characters; only a line feed ends a line of an export.
    const items = ["\u2028", "\u2029", "\u0085", "\v\f\r\n", "\ufeff"].map((text) =>
      item(`${text}k`, `a${text}b`),
    );
    const lake = await lakeOf(folder, items, []);
    const text = await done(["verify", "--from-export", join(folder, "seed"), "--lake", lake]);
    expect(text).toContain("compared    5 items of the source with 5 of the lake\n");
    expect(text).toMatch(/\nresult {6}IDENTICAL: /);
  });
});

deepTest("what has changed since the export is not compared, and what has not is", async () => {
  await withFolder(async (folder) => {
    const seed = ["a", "b", "c", "d", "e"].map((id) => item(id, "seed"));
    const lake = await lakeOf(folder, seed, [
      record("a", "long before", "2026-03-01T12:00:00Z"),
      record("b", "after", "2026-03-02T01:00:00Z"),
      record("c", undefined, "2026-03-02T01:00:00Z"),
      record("new", "after", "2026-03-02T01:00:00Z"),
      // So close to the export's cut, the clocks do not show which came first.
      record("d", "about then", "2026-03-01T23:58:00Z"),
    ]);
    await caughtUp(lake, seconds("2026-03-02T02:00:00Z"));
    const exported = [
      item("a", "long before"),
      item("b", "seed"),
      item("c", "seed"),
      item("d", "seed"),
      item("e", "lost"),
    ];
    const other = await writeExport(join(folder, "later"), exported, { exportTime: EXPORT_TIME });
    const found = await dynalake(["verify", "--from-export", other, "--lake", lake, "--json"]);
    expect(found).toMatchObject({ code: 4 });
    const { tables } = JSON.parse(found.stdout);
    expect(tables[0]).toMatchObject({
      result: "different",
      counts: { different: 1, missing: 0, extra: 0, newer: 4, waiting: 0 },
      differences: [{ kind: "different", key: { Id: { S: "e" } }, attributes: ["Note"] }],
    });

    const right = await writeExport(join(folder, "right"), [...exported.slice(0, 4), item("e", "seed")], {
      exportTime: EXPORT_TIME,
    });
    const text = await done(["verify", "--from-export", right, "--lake", lake]);
    expect(text).toContain(
      "IDENTICAL as far as an export can tell; 4 changed after the export and not compared\n",
    );
    expect(text).not.toContain("newer");
  });
});

deepTest("a lake that has not read its stream past the export proves no difference", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, [item("a", "seed")], []);
    const exported = [item("a", "changed before the export")];
    const later = await writeExport(join(folder, "later"), exported, { exportTime: EXPORT_TIME });
    const args = ["verify", "--from-export", later, "--lake", lake];
    for (const readUntil of [undefined, seconds(EXPORT_TIME) + 59]) {
      if (readUntil !== undefined) await caughtUp(lake, readUntil);
      const behind = await dynalake(args);
      expect(behind).toMatchObject({ code: 3 });
      expect(behind.stdout).toContain('waiting     {"Id":{"S":"a"}}\n');
    }
    await caughtUp(lake, seconds(EXPORT_TIME) + 60);
    expect(await dynalake(args)).toMatchObject({ code: 4 });
  });
});

test("an export that is older than the snapshot, of another table, or not whole is refused", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, [item("a", "seed")], []);
    const older = { exportTime: "2026-02-01T00:00:00.000Z" };
    const refused = async (name: string, shape: Parameters<typeof writeExport>[2]) =>
      dynalake([
        "verify",
        "--lake",
        lake,
        "--from-export",
        await writeExport(join(folder, name), [item("a", "seed")], shape),
      ]);
    expectRefused(await refused("older", older), {
      code: "USAGE",
      names: ["older than the lake's last snapshot"],
    });
    expectRefused(await refused("other", { exportTime: EXPORT_TIME, table: "Other" }), {
      code: "USAGE",
      names: ['"Other"', '"Source"'],
    });
    const cut = await refused("cut", {
      exportTime: EXPORT_TIME,
      dataFiles: 1,
      after: async ({ home }) => {
        const [name] = await readdir(join(home, "data"));
        await rm(join(home, "data", String(name)));
        await writeFile(join(home, "data", String(name)), "no gzip");
      },
    });
    expectRefused(cut, { code: "EXPORT_INVALID", names: ["not a complete gzip file"] });
    const both = await dynalake(["verify", "--stack", "x", "--from-export", "y"]);
    expectRefused(both, { code: "USAGE", names: ["--stack"] });
  });
});
