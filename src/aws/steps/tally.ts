/** What became of the items of one file of an export: it waits in the staging folder until the snapshot is planned. */
import * as z from "zod/mini";
import { type ErrorCode, errorCatalog } from "../../core/error.ts";
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
  /** Why the file's items could not be staged for the table: the snapshot of others of its source goes on. */
  readonly failure?: TallyFailure | undefined;
  /** Into how many splits the rows are divided. Absent: they are not. */
  readonly splits?: number | undefined;
}

export interface TallyFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

const count = z.int().check(z.minimum(0));

function isErrorCode(code: unknown): boolean {
  return typeof code === "string" && Object.hasOwn(errorCatalog, code);
}

export const tallyFile: LakeFile<Tally> = {
  name: "tally",
  shape: z.object({
    itemCount: count,
    items: count,
    skipped: count,
    rejected: count,
    failure: z.optional(z.object({ code: z.custom<ErrorCode>(isErrorCode), message: z.string() })),
    splits: z.optional(count),
  }),
};
