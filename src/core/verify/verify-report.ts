/** What a comparison found, with what explains the missing: quarantine, changes put aside, gaps. */
import { quarantineFolder } from "../format/lake-path.ts";
import { type Gap, openGaps } from "../format/manifest.ts";
import type { Schema } from "../schema/schema.ts";
import { type StatusContext, undeliveredObjects } from "../status/status.ts";
import type { Undelivered } from "../status/status-facts.ts";
import { latestManifest } from "../table/commits.ts";
import { knownGaps } from "../table/recorded-gaps.ts";
import type { Verification } from "./verify.ts";
import { quarantineReasons } from "./verify-quarantine.ts";

export interface VerifyReport extends Verification {
  readonly table: string;
  readonly source: string;
  /** Reasons of the quarantine, by the hashes of keys that differ. */
  readonly quarantined: ReadonlyMap<string, string>;
  /** Objects in quarantine. */
  readonly quarantine: number;
  readonly undelivered: Undelivered;
  readonly openGaps: readonly Gap[];
}

export async function verifyReport(
  context: Pick<StatusContext, "store" | "mappingId">,
  schema: Schema,
  verification: Verification,
): Promise<VerifyReport> {
  const { store } = context;
  const { table, source, key } = schema;
  const manifest = await latestManifest(store, table);
  const differing = new Set(verification.differences.map(({ keyHash }) => keyHash));
  return {
    ...verification,
    table,
    source,
    quarantined: await quarantineReasons(store, table, key, differing),
    quarantine: (await store.list(quarantineFolder(table))).length,
    undelivered: await undeliveredObjects(store, table, context.mappingId),
    openGaps: openGaps(manifest, await knownGaps(store, table, manifest)),
  };
}

export type VerifyResult = "identical" | "different" | "unsettled";

/** Kinds of findings that are certain. */
const DIFFERENCES = ["missing", "extra", "different", "repeated", "unreadable"] as const;
/** Kinds of findings that could not be settled. Items "newer" than an export are only counted. */
const UNSETTLED = ["waiting", "changing", "unknown"] as const;

export function verifyResult({ counts }: Pick<Verification, "counts">): VerifyResult {
  if (DIFFERENCES.some((kind) => counts[kind] > 0)) return "different";
  return UNSETTLED.some((kind) => counts[kind] > 0) ? "unsettled" : "identical";
}
