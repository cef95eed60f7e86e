/** What restores did, or would do. */
import type { Difference } from "./reports.ts";

/** What a restore would do. */
export interface PlannedRestore {
  readonly table: string;
  /** The table of DynamoDB that is filled. */
  readonly to: string;
  /** The moment whose items are restored, as ISO 8601; undefined for now. */
  readonly asOf: string | undefined;
  /** The same in seconds since the epoch. */
  readonly asOfSeconds: number | undefined;
  /** Whether there is no such table yet. */
  readonly makesTable: boolean;
  /** The indexes of a table that is made. */
  readonly indexes: readonly string[];
  /** What the items may lack, for people. */
  readonly lacks: readonly string[];
  /** Whether an earlier run of the same restore was cut, and this one goes on. */
  readonly goesOn: boolean;
}

export interface Restored extends PlannedRestore {
  readonly asOf: string;
  readonly asOfSeconds: number;
  /** Items of the lake table. */
  readonly items: number;
  readonly written: number;
  /** Items whose keys were in the table, and which stayed as they were. */
  readonly kept: number;
  /** Items that the table did not take. */
  readonly refused: number;
  /** The file in which they lie, with the reasons. */
  readonly refusedFile: string | undefined;
  /** identical: the table has every item as the lake had it. incomplete: but for those that it refused. */
  readonly result: "identical" | "incomplete" | "different";
  /** Items that the table lacks, by a comparison of all of its items. */
  readonly lacking: number;
  /** Items that the table has otherwise. */
  readonly different: number;
  /** Items that the table had before, and the lake table has not. */
  readonly others: number;
  readonly differences: readonly Difference[];
}

/** How a table compares with the items of a moment. */
export interface VerifiedRestore
  extends Pick<
    Restored,
    "table" | "to" | "asOf" | "asOfSeconds" | "items" | "lacking" | "different" | "others" | "differences"
  > {
  /** identical: the table has every item as the lake has it. */
  readonly result: "identical" | "different";
}

/** What a restore to S3 would do. */
export interface PlannedS3Restore extends Omit<PlannedRestore, "makesTable" | "goesOn"> {
  /** `s3://bucket/prefix/`. */
  readonly toS3: string;
  /** The input of DynamoDB's ImportTable, which makes the table: what `aws dynamodb import-table --cli-input-json` takes. */
  readonly importTable: Readonly<Record<string, unknown>>;
}

export interface S3Restore extends PlannedS3Restore {
  readonly asOf: string;
  readonly asOfSeconds: number;
  readonly items: number;
  /** Uncompressed: AWS bills an import by them. */
  readonly bytes: number;
  readonly files: number;
  /** What the files have, compressed. */
  readonly storedBytes: number;
  /** The address of the object that was written last: where it is, all files are there. */
  readonly manifest: string;
}
