/** Taking in an export that is older than the first reading of the stream leaves a gap. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, dynalake } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

const ITEM = { User: { S: "u1" }, Book: { S: "Emma" } };
const RECORD = {
  eventName: "INSERT",
  dynamodb: {
    ApproximateCreationDateTime: Date.now() / 1000,
    Keys: ITEM,
    NewImage: ITEM,
    SequenceNumber: "0",
    StreamViewType: "NEW_AND_OLD_IMAGES",
  },
};

/** A lake that followed the stream before its first snapshot. Its table came from recorded events. */
async function followedLake(folder: string, table: SourceTable): Promise<string> {
  const lake = join(folder, "lake");
  const recording = join(folder, "recording.json");
  await writeFile(recording, JSON.stringify({ Records: [RECORD] }));
  const name = table.name.toLowerCase();
  await done(["replay", recording, "--name", name, "--key", "User,Book", "--lake", lake]);
  const source = ["--source", table.name, "--endpoint", emulator.endpoint];
  const followed = await dynalake(["run", "--once", ...source, "--name", name, "--lake", lake]);
  expect(followed).toMatchObject({ code: 0, stderr: expect.not.stringContaining("first snapshot") });
  return lake;
}

async function health(lake: string) {
  const text = await done(["status", "--lake", lake]);
  const { tables } = JSON.parse(await done(["status", "--lake", lake, "--json"]));
  const { health: word, openGaps, mendedGaps } = tables[0];
  return { text, told: { health: word, openGaps, mendedGaps } };
}

test("a snapshot of an older export tells the hole before the stream's beginning until a later one repairs it", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Older");
    await table.put(ITEM);
    const lake = await followedLake(folder, table);
    expect((await health(lake)).told).toEqual({ health: "healthy", openGaps: [], mendedGaps: [] });
    const take = async (name: string, exportTime: string): Promise<string> => {
      const whole = await writeExport(join(folder, name), [ITEM], { table: table.name, exportTime });
      const taken = await dynalake([
        "snapshot",
        "--from-export",
        whole,
        "--key",
        "User,Book",
        "--name",
        "older",
        "--lake",
        lake,
      ]);
      expect(taken).toMatchObject({ code: 0 });
      return taken.stderr;
    };
    expect(await take("old", "2023-11-14T22:13:20.000Z")).toMatch(
      /older: CHANGES WERE LOST: the stream is younger than the last snapshot\. Take a snapshot after 20/,
    );
    const open = await health(lake);
    expect(open.told).toMatchObject({
      health: "gap",
      openGaps: [{ reason: "started-late" }],
      mendedGaps: [],
    });
    expect(open.text).toMatch(/^GAP +the stream is younger than the last snapshot .*take a snapshot after/m);
    expect(await take("new", new Date(Date.now() + 600_000).toISOString())).not.toContain("LOST");
    expect((await health(lake)).told).toEqual({
      health: "healthy",
      openGaps: [],
      mendedGaps: open.told.openGaps,
    });
  });
});

test("a snapshot of the table that is taken while its stream is followed already leaves none", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Fresh");
    await table.put(ITEM);
    const lake = await followedLake(folder, table);
    await done(["snapshot", "--source", table.name, "--endpoint", emulator.endpoint, "--lake", lake]);
    expect((await health(lake)).told).toEqual({ health: "healthy", openGaps: [], mendedGaps: [] });
  });
});
