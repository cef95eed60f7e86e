/** One run of several lake tables of a source: wherever it is killed, each table is whole or says what it lacks. */
import { expect, test } from "@jest/globals";
import { effort, tries } from "../../support/effort.ts";
import { ONE_RUN_EVENTS } from "../counts.ts";
import { ONE_RUN, report, simulate } from "../simulation.ts";

test("thousands of steps of tables that share the answers of a stream lose nothing of any of them", async () => {
  const request = { seed: 1, length: 150, game: ONE_RUN, shrinkSeconds: 20 };
  const { counts, failed, ...result } = await simulate({
    ...request,
    steps: tries(6_000) / (effort < 1 ? 1.5 : 1),
  });
  if (failed !== undefined) throw new Error(report({ counts, failed, ...result }));
  expect(counts.of("answers that the service is asked for")).toBeLessThan(
    counts.of("answers that readers ask for"),
  );
  const unmet = ONE_RUN_EVENTS.filter((event) => counts.of(event) === 0);
  // With less than all effort the rare ones are missing.
  if (effort < 1) expect(unmet.length).toBeLessThan(ONE_RUN_EVENTS.length / 3);
  else expect(unmet).toEqual([]);
}, 300_000);
