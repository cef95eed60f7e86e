/**
 * Deployed tables whose columns follow their data, while the types of attributes change, instances of the stream function stay with an
 * earlier schema, earlier files are deployed again, and functions fail and die.
 */
import { expect, test } from "@jest/globals";
import { sessionOfTests } from "../../crash-points/session.ts";
import { DEPLOYED_EVENTS } from "../counts.ts";
import { deployedTable, report, simulate } from "../simulation.ts";

const session = sessionOfTests();

test("a deployed table shows or counts each value after every step, and ends with columns for all that have room", async () => {
  const request = { steps: 900, seed: 1, length: 60, shrinkSeconds: 60 };
  const result = await simulate({ ...request, game: deployedTable(session()) });
  if (result.failed !== undefined) throw new Error(report(result));
  expect(DEPLOYED_EVENTS.filter((event) => result.counts.of(event) === 0)).toEqual([]);
}, 900_000);
