import { expect, test } from "@jest/globals";
import { INPUTS_MIN, inputsOfARun } from "./fuzz.ts";

test("a run with all effort tries at least ten thousand inputs: each kind counts its own", () => {
  expect(inputsOfARun).toBeGreaterThanOrEqual(INPUTS_MIN);
});
