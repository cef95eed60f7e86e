/** What became of the items of one file of an export: it waits in the staging folder until the snapshot is planned. */
import * as z from "zod/mini";
import type { LakeFile } from "../../core/format/lake-file.ts";

export interface Tally {
  /** What the export's manifest says. */
  readonly itemCount: number;
  /** Items that became rows. */
  readonly items: number;
  /** Items that belong to no lake table. */
  readonly skipped: number;
  /** Lines without a readable item. */
  readonly rejected: number;
  /** Into how many splits the rows are divided. Absent: they are not. */
  readonly splits?: number | undefined;
}

const count = z.int().check(z.minimum(0));

export const tallyFile: LakeFile<Tally> = {
  name: "tally",
  shape: z.object({
    itemCount: count,
    items: count,
    skipped: count,
    rejected: count,
    splits: z.optional(count),
  }),
};
