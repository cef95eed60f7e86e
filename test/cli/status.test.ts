/** What the engineer on call reads: the health of a lake, gaps until they are repaired, and past gaps. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

const HOUR = 3600;
const TAKEN = Date.UTC(2026, 1, 1) / 1000;

deepTest(
  "a hole is told until a later snapshot repairs it, and by status and manifest ever after",
  async () => {
    await withFolder(async (folder) => {
      const lake = join(folder, "lake");
      const take = async (name: string, seconds: number): Promise<void> => {
        const exportTime = new Date(seconds * 1000).toISOString();
        const whole = await writeExport(join(folder, name), [{ Id: { S: "a" } }], { exportTime });
        await done(["snapshot", "--from-export", whole, "--key", "Id", "--name", "t", "--lake", lake]);
      };
      const status = async () => {
        const text = await done(["status", "--lake", lake]);
        const [table] = JSON.parse(await done(["status", "--lake", lake, "--json"])).tables;
        return { text, table };
      };
      await take("first", TAKEN);
      const gap = {
        reason: "trimmed",
        detail: "records of a shard are gone",
        foundAtSeconds: TAKEN + 30 * HOUR,
        lostUntilSeconds: TAKEN + 7 * HOUR,
      };
      await mkdir(join(lake, "t", "gaps"));
      await writeFile(join(lake, "t", "gaps", "one.json"), JSON.stringify(gap));
      // Within the two minutes by which an export's cut may be off.
      await take("too-early", gap.lostUntilSeconds + 119);
      const open = await status();
      expect(open.table).toMatchObject({ health: "gap", openGaps: [gap], mendedGaps: [] });
      expect(open.text).toMatch(/^health +CHANGES WERE LOST: take a new snapshot$/m);
      expect(open.text).toMatch(/^GAP +records of a shard are gone .*after 2026-02-01 07:02:00Z$/m);

      await take("late-enough", gap.lostUntilSeconds + 120);
      const repaired = await status();
      expect(repaired.table).toMatchObject({ health: "healthy", openGaps: [], mendedGaps: [gap] });
      expect(repaired.text).toMatch(/^repaired gap +records of a shard are gone/m);
    });
  },
);

test("a lake whose stream nobody has read for a day is not healthy", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const whole = await writeExport(join(folder, "export"), [{ Id: { S: "a" } }]);
    await done(["snapshot", "--from-export", whole, "--key", "Id", "--name", "t", "--lake", lake]);
    const position = { streamArn: "arn:aws:dynamodb:eu-west-1:1:table/t/stream/2026", shards: {} };
    const read = async (hoursAgo: number) => {
      const savedAtSeconds = Math.floor(Date.now() / 1000) - hoursAgo * HOUR;
      const state = { format: 1, position, savedAtSeconds, caughtUpAtSeconds: savedAtSeconds };
      await writeFile(join(lake, "t", "position.json"), JSON.stringify(state));
      return done(["status", "--lake", lake]);
    };
    expect(await read(22)).toMatch(/^health +healthy$/m);
    expect(await read(24)).toMatch(/^health +THE STREAM IS NOT READ/m);
  });
});
