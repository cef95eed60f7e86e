import { tmpdir } from "node:os";
import { expect, test } from "@jest/globals";
import { seed } from "../../src/core/compaction/seed.ts";
import { openGaps } from "../../src/core/format/manifest.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { gapFound } from "../../src/core/table/gap.ts";
import { readGaps, recordGap } from "../../src/core/table/recorded-gaps.ts";
import { openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import { deliverAll, NOW, seeding, shown, TABLE, World, worldSchema } from "../crash-points/world.ts";

test("a snapshot after a stream was made anew, whose numbers begin again, shows the table or leaves the hole open", async () => {
  const session = await openDuckdb({ threads: 1, memoryMegabytes: 200, temporaryFolder: tmpdir() });
  try {
    const repaired: boolean[] = [];
    for (let seconds = 0; seconds <= 480; seconds += 10) {
      const world = new World(session, worldSchema());
      await deliverAll(world, [{ key: 1, sequence: 5000, value: "old1", timeSeconds: NOW - 1 }]);
      const found = { reason: "stream-recreated", detail: "" } as const;
      await recordGap(world.store, TABLE, "gap", gapFound(found, { arn: "new", createdAtSeconds: NOW }, NOW));
      world.nowSeconds = NOW + seconds;
      await seed(seeding(world, { 1: "old1" }, world.nowSeconds));
      await deliverAll(world, [{ key: 1, sequence: 1, value: "new2", timeSeconds: world.nowSeconds + 1 }]);
      const gaps = await readGaps(world.store, TABLE);
      const isRepaired = openGaps(await latestManifest(world.store, TABLE), gaps).length === 0;
      repaired.push(isRepaired);
      if (isRepaired) expect({ seconds, rows: await shown(world) }).toEqual({ seconds, rows: { 1: "new2" } });
      await world.engine.drop();
    }
    expect([repaired[0], repaired.at(-1)]).toEqual([false, true]);
  } finally {
    await session.close();
  }
});
