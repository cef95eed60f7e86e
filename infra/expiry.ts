/** What expires in the bucket of a lake: nothing but what rules of its lifecycle name. */
import { Duration } from "aws-cdk-lib";
import type { Bucket, LifecycleRule } from "aws-cdk-lib/aws-s3";
import { grouped } from "../src/core/counted.ts";
import { DynalakeError } from "../src/core/error.ts";
import { ACKNOWLEDGED_FOLDER, waitingFolder } from "../src/core/format/deployment-path.ts";
import { errorsFolder, FAILED_BATCHES_FOLDER, quarantineFolder } from "../src/core/format/lake-path.ts";
import { within } from "./delivery-options.ts";
import { MAPS_PREFIX, READERS_PREFIX, RESULTS_PREFIX } from "./lake-place.ts";

const RESULT_DAYS = 7;
/** Counts of rows are compared after two days, or when a table is compacted again. */
const COUNTED_DAYS = 30;
/** AWS: "Lifecycle configuration elements" in the user guide of S3. With one more, S3 refuses all of them. */
const RULES_MAX = 1000;

/**
 * Only what is listed here ever expires: the change log is the only copy of history. For a while, versions can restore what was
 * deleted by mistake. They do not disturb commits, since a deleted name can be created again. They are not kept longer, because
 * staging and exports, which are deleted after each snapshot, would cost as much as the table does.
 */
export function lifecycleRules(hasReaders: boolean, undeleteDays: number): LifecycleRule[] {
  const results = Duration.days(RESULT_DAYS);
  return [
    { id: "query-results", prefix: RESULTS_PREFIX, expiration: results },
    ...(hasReaders ? [{ id: "results-of-readers", prefix: READERS_PREFIX, expiration: results }] : []),
    { id: "acknowledged", prefix: ACKNOWLEDGED_FOLDER, expiration: Duration.days(COUNTED_DAYS) },
    { id: "map-results", prefix: MAPS_PREFIX, expiration: results },
    { id: "unfinished-uploads", abortIncompleteMultipartUploadAfter: Duration.days(7) },
    ...(undeleteDays > 0
      ? [
          {
            id: "deleted",
            noncurrentVersionExpiration: Duration.days(undeleteDays),
            expiredObjectDeleteMarker: true,
          },
        ]
      : []),
  ];
}

/**
 * Rules for what could not be delivered. The prefix of a rule has no wildcards and each table has a folder of its own: three rules
 * for each table. Tags could not replace them, because Firehose and Lambda write some of these objects, and set none.
 */
export class PutAside {
  private readonly lake: { readonly databaseName: string };
  private readonly bucket: Bucket;
  private readonly expiration: Duration;
  private rules: number;
  private tables = 0;

  /** `rules`: how many the bucket has already. Throws USAGE unless the days are in their range. */
  constructor(lake: { readonly databaseName: string }, bucket: Bucket, rules: number, days: number) {
    within("putAsideDays", days, 7, 3650);
    this.lake = lake;
    this.bucket = bucket;
    this.expiration = Duration.days(days);
    this.rules = rules;
    this.expire(FAILED_BATCHES_FOLDER);
  }

  /** What could not be delivered to a table. Throws USAGE if the bucket would have more rules than S3 takes. */
  expireOf(table: string): void {
    this.expire(quarantineFolder(table), errorsFolder(table), waitingFolder(table));
    this.tables++;
  }

  private expire(...folders: readonly string[]): void {
    this.rules += folders.length;
    if (this.rules > RULES_MAX) throw this.tooManyTables(); // breakage: rules-of-a-bucket-have-a-limit
    for (const prefix of folders) this.bucket.addLifecycleRule({ prefix, expiration: this.expiration });
  }

  private tooManyTables(): DynalakeError {
    const { databaseName } = this.lake;
    return new DynalakeError(
      "USAGE",
      `the lake "${databaseName}" has putAsideDays and more than ${this.tables} tables: its bucket would need more than ` +
        `${grouped(RULES_MAX)} lifecycle rules, and S3 takes no more`,
      { next: "Put the other tables into a second lake, or remove putAsideDays." },
    );
  }
}
