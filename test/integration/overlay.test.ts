import { expect, test } from "@jest/globals";
import { openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { allEffort } from "../support/effort.ts";
import * as fc from "../support/fast-check.ts";
import { withFolder } from "../support/folders.ts";
import { ModelWorld, modelSchema } from "../support/model-world.ts";
import { randomOf } from "../support/random.ts";

const CUTS = ["bucket(3)", "identity(g)"];

test.each(CUTS)(
  "cut by %s, the view equals the rule after any mix of changes, duplicates, late arrivals, snapshots and compactions",
  async (partitionBy) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        await withFolder((folder) => playHistory(folder, partitionBy, seed));
      }),
      { numRuns: 4, endOnFailure: true },
    );
  },
  300_000,
);

test.each(CUTS)(
  "cut by %s, the view equals the rule where a column is declared in between, while older schemas are still in use",
  async (partitionBy) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        await withFolder((folder) => playHistory(folder, partitionBy, seed, "undeclared"));
      }),
      { numRuns: 4, endOnFailure: true },
    );
  },
  300_000,
);

const STEPS = allEffort ? 60 : 30;

/** `first`: whether the value's attribute is declared from the start. */
async function playHistory(
  folder: string,
  partitionBy: string,
  seed: number,
  first: "declared" | "undeclared" = "declared",
): Promise<void> {
  const lake = await openLakeFolder(folder);
  const later = first === "declared" ? undefined : modelSchema(partitionBy);
  const world = new ModelWorld(lake, modelSchema(partitionBy, first), randomOf(seed), later);
  const history: string[] = [];
  try {
    for (let step = 0; step < STEPS; step++) {
      history.push(await world.step());
      expect({ history, rows: sorted(await world.shown()) }).toEqual({
        history,
        rows: sorted(world.expected()),
      });
    }
    await world.settle();
    expect({ history, rows: sorted(await world.shown()) }).toEqual({ history, rows: sorted(world.truth) });
  } finally {
    await lake.close();
  }
}

function sorted(rows: ReadonlyMap<number, string>): readonly (readonly [number, string])[] {
  return [...rows].sort(([a], [b]) => a - b);
}
