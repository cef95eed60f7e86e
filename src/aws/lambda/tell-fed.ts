/** Reports what was delivered of the changes that wait for a table, and fails where some still wait, so that Lambda counts an error. */
import { counted } from "../../core/counted.ts";
import type { Fed } from "../../core/delivery/feed-waiting.ts";
import { DynalakeError } from "../../core/error.ts";
import { logger } from "./telemetry.ts";

/** Throws DELIVERY_FAILED. */
export function tellFed(table: string, { rows, objects, failed }: Fed): void {
  if (objects > 0) logger.info("changes that waited were delivered", { table, rows, objects });
  for (const { path, code, message: reason } of failed)
    logger.warn("changes wait on for their table", { table, path, code, reason });
  if (failed.length > 0) {
    const what = `${counted(failed.length, "object")} with changes that wait for "${table}"`;
    throw new DynalakeError("DELIVERY_FAILED", `${what} could not be delivered`);
  }
}
