/** Why a lake table may not hold its items whole: what is restored from it would verify against the lake, and still lack something. */
import { counted } from "../counted.ts";
import type { Schema } from "../schema/schema.ts";
import { undeliveredFiles, type Wholeness } from "../status/wholeness.ts";
import { hiddenAttributes } from "./verify-item.ts";

/** Each names what may be missing; none for a table that is whole. */
export function restoreObstacles(schema: Schema, facts: Wholeness): readonly string[] {
  const putAside = undeliveredFiles(facts.undelivered);
  const hidden = hiddenAttributes(schema);
  return [
    ...facts.openGaps.map((gap) => `changes were lost: ${gap.detail}`),
    ...(putAside === 0 ? [] : [`${counted(putAside, "file")} with changes are not delivered yet`]),
    // breakage: restore-names-what-is-missing
    ...(facts.quarantine === 0 ? [] : [`${counted(facts.quarantine, "file")} of records are in quarantine`]),
    ...(hidden.length === 0 ? [] : [`masked attributes do not come back: ${hidden.join(", ")}`]),
    ...(schema.where.length === 0 ? [] : ["the lake table has only the items that meet its `where`"]),
  ];
}
