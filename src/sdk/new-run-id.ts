/** Run ids, and the clock they are taken from. */
import { randomBytes } from "node:crypto";

/** A unique id that sorts by time, such as 20261123T050607Z-1a2b3c4d. */
export function newRunId(): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  return `${time}-${randomBytes(4).toString("hex")}`;
}

/** Whole seconds since the epoch. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
