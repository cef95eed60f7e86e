/** The Athena work group of a lake, and those of its readers. */
import { CfnWorkGroup } from "aws-cdk-lib/aws-athena";
import type { Construct } from "constructs";
import { DynalakeError } from "../src/core/error.ts";
import { type LakePlace, READERS_PREFIX, RESULTS_PREFIX } from "./lake-place.ts";

export interface WorkGroupOptions {
  readonly scanGibibytesMax?: number;
  readonly readers?: readonly string[];
}

const READER_NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** AWS: Athena API reference, CreateWorkGroup. */
const NAME_CHARACTERS_MAX = 128;

/** Throws USAGE for a reader's name that is used twice, or that no work group can have. */
export function makeWorkGroups(
  scope: Construct,
  lake: Pick<LakePlace, "bucket" | "encryptionKey" | "workGroupName">,
  { readers = [], scanGibibytesMax = 1024 }: WorkGroupOptions,
): void {
  const make = (id: string, name: string, prefix: string, description: string): CfnWorkGroup =>
    new CfnWorkGroup(scope, id, {
      name,
      description,
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        // Enforced, so that client settings cannot send results elsewhere.
        enforceWorkGroupConfiguration: true,
        engineVersion: { selectedEngineVersion: "Athena engine version 3" },
        publishCloudWatchMetricsEnabled: true,
        requesterPaysEnabled: false,
        bytesScannedCutoffPerQuery: scanGibibytesMax * 1024 ** 3,
        resultConfiguration: {
          outputLocation: `s3://${lake.bucket.bucketName}/${prefix}`,
          encryptionConfiguration:
            lake.encryptionKey === undefined
              ? { encryptionOption: "SSE_S3" }
              : { encryptionOption: "SSE_KMS", kmsKey: lake.encryptionKey.keyArn },
        },
      },
    });
  make("WorkGroup", lake.workGroupName, RESULTS_PREFIX, "Queries on a dynalake lake");
  for (const [i, reader] of readers.entries()) {
    const name = `${lake.workGroupName}-${reader}`;
    if (!READER_NAME.test(reader) || name.length > NAME_CHARACTERS_MAX || readers.indexOf(reader) !== i)
      throw new DynalakeError("USAGE", `invalid name of a reader: "${reader}"`, {
        next: "Give each reader another name in readers, of at most 31 lowercase letters, digits and hyphens.",
      });
    // breakage: results-of-readers-are-apart
    make(`Reader-${reader}`, name, `${READERS_PREFIX}${reader}/`, `Queries of ${reader} on a dynalake lake`);
  }
}
