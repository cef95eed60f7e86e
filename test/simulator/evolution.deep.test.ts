/** Many histories of tables that change over time: see evolution.test.ts. */
import { expect, test } from "@jest/globals";
import { sessionOfTests } from "../crash-points/session.ts";
import { EVOLVING_EVENTS } from "./counts.ts";
import { evolvingTable, report, simulate } from "./simulation.ts";

const session = sessionOfTests();

test("hundreds of evolutions lose nothing, and every kind of them is met", async () => {
  const request = { steps: 4_000, seed: 1, length: 100, shrinkSeconds: 60 };
  const result = await simulate({ ...request, game: evolvingTable(session()) });
  if (result.failed !== undefined) throw new Error(report(result));
  expect(EVOLVING_EVENTS.filter((event) => result.counts.of(event) === 0)).toEqual([]);
}, 900_000);
