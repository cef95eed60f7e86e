/** What a comparison found, with what explains the missing: quarantine, changes put aside, gaps. */
import type { Schema } from "../schema/schema.ts";
import type { StatusContext } from "../status/status.ts";
import { type Wholeness, wholenessOf } from "../status/wholeness.ts";
import { latestManifest } from "../table/commits.ts";
import type { Verification } from "./verify.ts";
import { quarantineReasons } from "./verify-quarantine.ts";

export interface VerifyReport extends Verification, Wholeness {
  readonly table: string;
  readonly source: string;
  /** Reasons of the quarantine, by the hashes of keys that differ. */
  readonly quarantined: ReadonlyMap<string, string>;
}

export async function verifyReport(
  context: Pick<StatusContext, "store" | "mappingIds">,
  schema: Schema,
  verification: Verification,
): Promise<VerifyReport> {
  const { store } = context;
  const { table, source, key } = schema;
  const differing = new Set(verification.differences.map(({ keyHash }) => keyHash));
  return {
    ...verification,
    table,
    source,
    quarantined: await quarantineReasons(store, table, key, differing),
    ...(await wholenessOf(context, await latestManifest(store, table), table)),
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
