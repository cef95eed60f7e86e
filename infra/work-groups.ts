/** The Athena work group of a lake, and those of its readers. */
import { CfnOutput, Stack } from "aws-cdk-lib";
import { CfnWorkGroup } from "aws-cdk-lib/aws-athena";
import type { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import type { Construct, IConstruct } from "constructs";
import { DynalakeError } from "../src/core/error.ts";
import { type LakePlace, READERS_PREFIX, RESULTS_PREFIX } from "./lake-place.ts";
import { handPolicy } from "./permissions.ts";
import { EVERY_TABLE, TableAccess } from "./table-access.ts";

export interface WorkGroupOptions {
  readonly scanGibibytesMax?: number;
  readonly readers?: readonly string[];
}

const READER_NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** AWS: Athena API reference, CreateWorkGroup. */
const NAME_CHARACTERS_MAX = 128;

/** Answers with the policies of readers, by their names. Throws USAGE for one that is used twice, or that no work group can have. */
export function makeWorkGroups(
  scope: Construct,
  lake: LakePlace,
  { readers = [], scanGibibytesMax = 1024 }: WorkGroupOptions,
): Readonly<Record<string, ManagedPolicy>> {
  const make = (
    id: string,
    name: string,
    prefix: string,
    description: string,
    gibibytesMax?: number,
  ): CfnWorkGroup =>
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
        ...(gibibytesMax === undefined ? {} : { bytesScannedCutoffPerQuery: gibibytesMax * 1024 ** 3 }),
        resultConfiguration: {
          outputLocation: `s3://${lake.bucket.bucketName}/${prefix}`,
          encryptionConfiguration:
            lake.encryptionKey === undefined
              ? { encryptionOption: "SSE_S3" }
              : { encryptionOption: "SSE_KMS", kmsKey: lake.encryptionKey.keyArn },
        },
      },
    });
  const policies: Record<string, ManagedPolicy> = {};
  make("WorkGroup", lake.workGroupName, RESULTS_PREFIX, "Queries on a dynalake lake", scanGibibytesMax);
  // breakage: upkeep-has-no-limit
  make("Upkeep", lake.upkeepWorkGroupName, RESULTS_PREFIX, "Snapshots and compactions of a dynalake lake");
  for (const [i, reader] of readers.entries()) {
    const name = `${lake.workGroupName}-${reader}`;
    const isTaken = readers.indexOf(reader) !== i || name === lake.upkeepWorkGroupName;
    if (!READER_NAME.test(reader) || name.length > NAME_CHARACTERS_MAX || isTaken)
      throw new DynalakeError("USAGE", `invalid name of a reader: "${reader}"`, {
        next: "Give each reader another name in readers, of at most 31 lowercase letters, digits and hyphens.",
      });
    // breakage: results-of-readers-are-apart
    make(
      `Reader-${reader}`,
      name,
      `${READERS_PREFIX}${reader}/`,
      `Queries of ${reader} on a dynalake lake`,
      scanGibibytesMax,
    );
    policies[reader] = makePolicy(scope, lake, reader, name);
  }
  return policies;
}

export function workGroupArn(lake: IConstruct, workGroup: string): string {
  return Stack.of(lake).formatArn({ service: "athena", resource: "workgroup", resourceName: workGroup });
}

/** What `dynalake query --stack` asks for, in the reader's work group and on the stack of the lake. */
function makePolicy(scope: Construct, lake: LakePlace, reader: string, workGroup: string): ManagedPolicy {
  const access = new TableAccess(lake, EVERY_TABLE);
  const place = { workGroupArn: workGroupArn(lake, workGroup), results: `${READERS_PREFIX}${reader}/` };
  const policy = handPolicy(scope, `Reader-${reader}-Policy`, {
    description: `dynalake ${lake.databaseName}: queries of ${reader}`,
    permissions: [
      { actions: ["cloudformation:DescribeStacks"], resources: [Stack.of(lake).stackId] },
      ...access.readRegistry(),
      // Views and the tables under them, whichever there are.
      ...access.runStatementsIn(place, [EVERY_TABLE]),
      ...access.read("changes/", "segments/"),
      ...access.list("changes/", "segments/"),
    ],
  });
  new CfnOutput(scope, `Reader-${reader}-PolicyArn`, {
    description: `The policy of people who query as ${reader}`,
    value: policy.managedPolicyArn,
  });
  return policy;
}
