/** `dynalake quarantine`: records counted by reason, shown without values, and delivered once the cause is repaired. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, dynalake, expectRefused, fingerprint, rowsOf } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";

const SECRET = "ann@example.com";

function record(id: string, number: number, eventName = "INSERT"): object {
  const Keys = { Id: { S: id } };
  return {
    eventName,
    dynamodb: { Keys, NewImage: { ...Keys, Email: { S: SECRET } }, SequenceNumber: String(number) },
  };
}

/** A lake with one good change and two records that make no sense. */
async function withQuarantine(use: (lake: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const [event, lake] = [join(folder, "event.json"), join(folder, "lake")];
    const Records = [record("good", 1), record("a", 2, "TRUNCATE"), record("b", 3, "TRUNCATE")];
    await writeFile(event, JSON.stringify({ Records }));
    const replayed = await dynalake(["replay", event, "--key", "Id", "--name", "t", "--lake", lake]);
    expect(replayed.code).toBe(3);
    await use(lake);
  });
}

test("records are counted by reason, and `status` names the command", async () => {
  await withQuarantine(async (lake) => {
    const text = await done(["quarantine", "list", "--lake", lake]);
    expect(text).toMatch(/^t: 2 records \(unknown-operation\), (of|from) /);
    const { groups } = JSON.parse(await done(["quarantine", "list", "--lake", lake, "--json"]));
    expect(groups).toMatchObject([{ table: "t", reason: "unknown-operation", records: 2 }]);
    expect(await done(["status", "--lake", lake])).toContain(
      "unknown-operation; see `dynalake quarantine list`",
    );
    expect(await done(["quarantine", "list", "--lake", lake, "--reason", "no-key"])).toBe(
      "No records of the reason no-key are in quarantine\n",
    );
  });
});

test("records are shown without their values, unless these are asked for", async () => {
  await withQuarantine(async (lake) => {
    const shown = await done(["quarantine", "show", "--lake", lake]);
    expect(shown).toContain('"Email"');
    expect(shown).not.toContain(SECRET);
    expect(await done(["quarantine", "show", "--lake", lake, "--json"])).not.toContain(SECRET);
    const one = await dynalake(["quarantine", "show", "--lake", lake, "--values", "--limit", "1", "--json"]);
    expect(one.stderr).toContain("the newest 1 record;");
    const { record: raw } = JSON.parse(one.stdout) as { readonly record: string };
    expect(JSON.parse(raw)).toMatchObject({
      eventName: "TRUNCATE",
      dynamodb: { NewImage: { Email: { S: SECRET } } },
    });
  });
});

test("a replay delivers what makes sense now, and leaves the rest where it is", async () => {
  await withQuarantine(async (lake) => {
    const replay = ["quarantine", "replay", "--lake", lake];
    expect(await dynalake(replay)).toMatchObject({ code: 3, stdout: 'Replayed 0 changes into "t"\n' });
    const reasons = join(lake, "t", "quarantine", "unknown-operation");
    const [name = ""] = await readdir(reasons);
    const kept = join(reasons, name);
    expectRefused(await dynalake([...replay, "--reason", "no-key"]), {
      code: "USAGE",
      names: ["no-key"],
      next: "unknown-operation",
    });
    const stay = await dynalake([...replay, "--dry-run"]);
    expect(stay).toMatchObject({ code: 3, stdout: 'Would replay 0 changes into "t"\n' });
    expect(stay.stderr).toContain("2 records would stay in quarantine");
    await writeFile(kept, (await readFile(kept, "utf8")).replaceAll("TRUNCATE", "INSERT"));
    const before = await fingerprint(lake);
    const planned = await dynalake([...replay, "--dry-run", "--json"]);
    expect(planned).toMatchObject({ code: 0 });
    expect(JSON.parse(planned.stdout)).toMatchObject({ rows: 2, quarantined: 0, dryRun: true });
    expect(await fingerprint(lake)).toEqual(before);
    const repaired = await dynalake([...replay, "--json"]);
    expect(repaired).toMatchObject({ code: 0 });
    expect(JSON.parse(repaired.stdout)).toMatchObject({ table: "t", rows: 2, quarantined: 0, dryRun: false });
    expect(await rowsOf(lake, "SELECT count(*) AS n FROM t")).toEqual(['{"n":3}']);
    expect(await dynalake(replay)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("Nothing to replay"),
    });
    const { tables } = JSON.parse(await done(["status", "--lake", lake, "--json"]));
    expect(tables).toMatchObject([{ health: "healthy", quarantine: {} }]);
  });
});

test("`repair` is a replay", async () => {
  await withQuarantine(async (lake) => {
    const repaired = await dynalake(["quarantine", "repair", "--lake", lake]);
    expect(repaired).toMatchObject({ code: 3, stdout: 'Replayed 0 changes into "t"\n' });
  });
});

test("what is dropped is gone, and a gap until a later snapshot; a dry run changes nothing", async () => {
  await withQuarantine(async (lake) => {
    const drop = ["quarantine", "drop", "--lake", lake];
    const health = async () => {
      const { tables } = JSON.parse(await done(["status", "--lake", lake, "--json"]));
      const [{ health: of, quarantine, openGaps }] = tables;
      return { health: of, quarantine, reasons: openGaps.map((gap: { reason: string }) => gap.reason) };
    };
    const before = await fingerprint(lake);
    const wouldDrop = await done([...drop, "--dry-run"]);
    expect(wouldDrop).toMatch(
      /^Would drop 2 records of "t" \(2 unknown-operation\); until a snapshot after 20/,
    );
    expectRefused(await dynalake([...drop, "--reason", "no-key"]), { code: "USAGE", names: ["no-key"] });
    expect(await fingerprint(lake)).toEqual(before);
    expect(await health()).toEqual({
      health: "quarantine",
      quarantine: { "unknown-operation": 1 },
      reasons: [],
    });
    expect(JSON.parse(await done([...drop, "--reason", "unknown-operation", "--json"]))).toEqual({
      table: "t",
      records: { "unknown-operation": 2 },
      files: 1,
      snapshotAfterSeconds: expect.any(Number),
      dryRun: false,
    });
    expect(await health()).toEqual({ health: "gap", quarantine: {}, reasons: ["dropped"] });
    expect(await done(["status", "--lake", lake])).toContain(
      "GAP         2 records (2 unknown-operation) were dropped from quarantine",
    );
    expect(await done(drop)).toBe('The quarantine of "t" is empty\n');
    expect((await health()).reasons).toEqual(["dropped"]);
  });
});
