/** Verifies a lake table against an export on this machine. */

import { DynalakeError } from "../../core/error.ts";
import { exportedTable } from "../../core/exports/export-manifest.ts";
import { exportSettling } from "../../core/verify/verify-export.ts";
import type { VerifyReport } from "../../core/verify/verify-report.ts";
import type { GivenFile } from "../../files/given-file.ts";
import { openExport } from "../exports/export-folder.ts";
import { compareTable, lakeSide, sourceSide, type VerifyWish } from "./compare-table.ts";
import { verifiedExport } from "./verified-export.ts";

/** Throws USAGE if the export is another table's, or older than the lake's snapshot, and EXPORT_INVALID. */
export async function verifyWithExport({ name, path }: GivenFile, wish: VerifyWish): Promise<VerifyReport> {
  const { opened, schema, signal } = wish;
  const { store, engine } = wish.lake;
  const folder = await openExport(path, name);
  const { exportTimeSeconds } = folder.summary;
  const exported = exportedTable(folder.summary);
  if (exported !== undefined && exported !== schema.source) {
    const message = `the export is one of table "${exported}", and "${schema.table}" comes from "${schema.source}"`;
    throw new DynalakeError("USAGE", message, { next: "Choose the lake table of that source with --table." });
  }
  const source = sourceSide(wish, verifiedExport(folder, schema, signal));
  const lake = lakeSide(wish);
  const settle = await exportSettling({ store, engine, opened, source, lake, exportTimeSeconds });
  return compareTable(wish, { source, lake, settle });
}
