/** Reports the days whose acknowledged rows are missing in the log. */
import type { CountedDay } from "../../core/delivery/check-deliveries.ts";
import { DynalakeError } from "../../core/error.ts";
import { logger } from "./telemetry.ts";

/** A comparison that fails is reported, too, and keeps nothing from a table's compactions: the next one compares again. */
export async function tellCheckedDays(
  table: string,
  check: () => Promise<readonly CountedDay[]>,
): Promise<void> {
  try {
    for (const { missing, ...counted } of await check())
      if (missing > 0) logger.error("acknowledged rows are missing", { table, missing, ...counted });
  } catch (error) {
    if (!(error instanceof DynalakeError)) throw error; // breakage: uncounted-tables-are-compacted
    const { code, message: reason, next } = error;
    logger.warn("acknowledged rows could not be compared", { table, code, reason, next });
  }
}
