/** Tables whose attributes and types change over time, while writers stay with earlier schemas and processes die. */
import { expect, test } from "@jest/globals";
import { sessionOfTests } from "../crash-points/session.ts";
import { evolvingTable, report, simulate } from "./simulation.ts";

const session = sessionOfTests();

test("each scalar of each item is in SQL or counted as drift, whoever changes the schema, and whoever dies", async () => {
  const request = { steps: 70, seed: 500, length: 70, shrinkSeconds: 20 };
  const result = await simulate({ ...request, game: evolvingTable(session()) });
  if (result.failed !== undefined) throw new Error(report(result));
  for (const event of ["checks of the drift", "evolutions: new columns", "evolutions: wider numbers"])
    expect([event, result.counts.of(event) > 0]).toEqual([event, true]);
}, 300_000);
