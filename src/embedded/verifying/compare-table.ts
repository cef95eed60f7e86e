/** Compares a lake table with its source, and reports what it found. */

import type { VerifiedLake, VerifiedSource } from "../../core/ports/verified.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import type { Sharing } from "../../core/verify/shared-scan.ts";
import { verifiedLake } from "../../core/verify/verified-lake.ts";
import { type VerifyContext, type VerifyProgress, verify } from "../../core/verify/verify.ts";
import { type VerifyReport, verifyReport } from "../../core/verify/verify-report.ts";
import { withScratch } from "../../files/verify-scratch.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { streamedRows } from "../reading/items.ts";

export interface VerifyWish {
  /** Its session runs this comparison alone. */
  readonly lake: LakeFolder;
  readonly opened: OpenTable;
  readonly schema: Schema;
  /** Where the scan of the source is shared with other comparisons. */
  readonly sharing?: Sharing;
  /** At most this many differences, and as many unsettled keys, are named. All are counted. */
  readonly namedMax: number;
  readonly onProgress: (progress: VerifyProgress) => void;
  readonly signal: AbortSignal;
}

/** Keys whose items one statement looks up, and which are in memory at once. */
const CANDIDATES_MAX = 5_000;

/** The lake's side of the comparison. */
export function lakeSide({ lake, opened }: VerifyWish): VerifiedLake {
  return verifiedLake(lake, opened, (sql, of) => streamedRows(lake, sql, of));
}

/** The source's side of the comparison. */
export function sourceSide({ sharing }: VerifyWish, source: VerifiedSource): VerifiedSource {
  return sharing === undefined ? source : sharing(source);
}

export async function compareTable(
  wish: VerifyWish,
  sides: Pick<VerifyContext, "source" | "lake" | "settle">,
): Promise<VerifyReport> {
  const { lake, schema, namedMax, onProgress } = wish;
  const verification = await withScratch(lake.session.temporaryFolder, (scratch) =>
    verify({ ...sides, schema, scratch, candidatesMax: CANDIDATES_MAX, namedMax, onProgress }),
  );
  return verifyReport(lake, schema, verification);
}
