/** A vacuum of a deployment that had no time for everything, in words. */
import { grouped } from "../../core/counted.ts";
import { timeText } from "../../core/time-text.ts";
import type { DeployedStatus } from "../../stack/status.ts";

export function vacuumText({ goesOn, passes, sinceSeconds }: NonNullable<DeployedStatus["vacuum"]>): string {
  const begun = `not done since ${timeText(sinceSeconds)}`;
  const passed = `${grouped(passes)} ${passes === 1 ? "pass" : "passes"}`;
  if (goesOn === "tick") return `${begun}, after ${passed}; the next tick goes on with it`;
  return `${begun}; waits for the next day, after ${passed} on this one`;
}
