/** Several lake tables of one source in a deployment: some fail, some come and go, and whatever dies, each is whole or says what it lacks. */
import { expect, test } from "@jest/globals";
import { effort, tries } from "../../support/effort.ts";
import { SEVERAL_EVENTS } from "../counts.ts";
import { report, SEVERAL_TABLES, simulate } from "../simulation.ts";

test("thousands of steps lose nothing of any table, and no table holds up another one", async () => {
  const request = { seed: 1, length: 150, game: SEVERAL_TABLES, shrinkSeconds: 20 };
  const result = await simulate({ ...request, steps: tries(24_000) / (effort < 1 ? 5 : 1) });
  if (result.failed !== undefined) throw new Error(report(result));
  const unmet = SEVERAL_EVENTS.filter((event) => result.counts.of(event) === 0);
  // With less than all effort the rare ones are missing.
  if (effort < 1) expect(unmet.length).toBeLessThan(SEVERAL_EVENTS.length / 3);
  else expect(unmet).toEqual([]);
}, 300_000);
