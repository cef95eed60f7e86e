/** Names of runs, and the clock that they are made by. */
import { randomBytes } from "node:crypto";

/** A name for a run that sorts by time: 20261123T050607Z-1a2b3c4d. */
export function newRun(): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  return `${time}-${randomBytes(4).toString("hex")}`;
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
