/**
 * What a deployment's compactions have found in new segments that no column holds, and what columns are to become by it once writers
 * surely know them. It knows names, types, digits and counts, never values.
 */
import * as z from "zod/mini";
import { foundPath } from "../format/deployment-path.ts";
import { type LakeFile, moment, safeName } from "../format/lake-file.ts";
import type { WantedColumns } from "../infer/wanted-columns.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { AttributeFile } from "../schema/schema.ts";
import { readRenewable, replaceLakeFile } from "../table/stored-file.ts";
import type { Drift } from "./drift-finding.ts";

/** A look into the segments of some runs. */
export interface SegmentLook {
  readonly runs: readonly string[];
  /** So often the engine could not tell. Default: never. */
  readonly failures?: number | undefined;
  /** What hides most first, by the columns of then. Undefined where the engine could not tell. */
  readonly found?: readonly FoundDrift[] | undefined;
  /** Of attributes how many digits before the point their values had in the whole table, where that was counted for what was found. */
  readonly wholeDigits?: WholeDigits | undefined;
}

/** By attributes. */
export type WholeDigits = Readonly<Record<string, number>>;

export interface FoundDrift extends Omit<Drift, "column" | "atMost" | "sinceSeconds"> {
  readonly column?: Drift["column"];
}

export interface FoundRecord {
  /** Of runs with live segments. */
  readonly looks: readonly SegmentLook[];
  /** When what they have found was first found, by attributes, in seconds since the epoch. Absent in records of earlier versions. */
  readonly since?: Readonly<Record<string, number>> | undefined;
  /** One change waits at a time: what comes meanwhile is looked at afterwards. */
  readonly wanted?: WantedChange | undefined;
}

export interface WantedChange {
  readonly columns: WantedColumns;
  /** How many digits before the point values have in columns that would have less room for them. */
  readonly wholeDigits?: WholeDigits | undefined;
  readonly sinceSeconds: number;
}

const count = z.int().check(z.minimum(0));

const drift: z.ZodMiniType<FoundDrift> = z.object({
  attribute: z.string(),
  column: z.optional(z.object({ name: z.string(), type: z.string() })),
  hidden: count,
  values: count,
  types: z.record(z.string(), count),
  wholeDigits: count,
  fractionDigits: count,
});

const wholeDigits = z.optional(z.record(z.string(), count));

const foundFile: LakeFile<FoundRecord> = {
  name: "record of what columns do not hold",
  shape: z.object({
    looks: z.array(
      z.object({
        runs: z.array(safeName),
        failures: z.optional(count),
        found: z.optional(z.array(drift)),
        wholeDigits,
      }),
    ),
    since: z.optional(z.record(z.string(), moment)),
    wanted: z.optional(
      z.object({
        // Checked by `parseSchema` when it is used.
        columns: z.record(
          z.string(),
          z.custom<AttributeFile>((value) => typeof value === "object" && value !== null),
        ),
        wholeDigits,
        sinceSeconds: moment,
      }),
    ),
  }),
};

const NOTHING_FOUND: FoundRecord = { looks: [] };

/** All segments are looked into again where the record is damaged. Throws LAKE_NEWER. */
export async function readFound(store: ObjectStore, table: string): Promise<FoundRecord> {
  return (await readRenewable(store, foundFile, foundPath(table))) ?? NOTHING_FOUND;
}

export function saveFound(store: ObjectStore, table: string, found: FoundRecord): Promise<void> {
  return replaceLakeFile(store, foundPath(table), found);
}
