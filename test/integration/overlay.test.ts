import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { openLake } from "../../src/embedded/lake.ts";
import { withFolder } from "../support/folders.ts";
import { ModelWorld } from "../support/model-world.ts";
import { randomOf } from "../support/random.ts";

test("the view equals the rule after any mix of changes, duplicates, late arrivals, snapshots and compactions", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      await withFolder(async (folder) => {
        const lake = await openLake(folder);
        const world = new ModelWorld(lake, randomOf(seed));
        const history: string[] = [];
        try {
          for (let step = 0; step < 60; step++) {
            history.push(await world.step());
            expect({ history, rows: sorted(await world.shown()) }).toEqual({
              history,
              rows: sorted(world.expected()),
            });
          }
          await world.settle();
          expect({ history, rows: sorted(await world.shown()) }).toEqual({
            history,
            rows: sorted(world.truth),
          });
        } finally {
          await lake.close();
        }
      });
    }),
    { numRuns: Number(process.env.OVERLAY_RUNS ?? 6), endOnFailure: true },
  );
}, 300_000);

function sorted(rows: ReadonlyMap<number, string>): readonly (readonly [number, string])[] {
  return [...rows].sort(([a], [b]) => a - b);
}
