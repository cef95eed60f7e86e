/** The lake tables of a stack, read from the registry that its outputs name. */

import { type CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { defined } from "../core/defined.ts";
import { DynalakeError } from "../core/error.ts";
import { REGISTRY_FOLDER } from "../core/format/deployment-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { tableName } from "../core/schema/schema.ts";
import { awsError, awsFailure } from "../sdk/aws-error.ts";
import { LAKE_OUTPUT, REGISTRY_OUTPUT } from "./contracts/stack-outputs.ts";
import { type DeployedSource, deployedSources, mappingIdsOf, readLakeEntry } from "./registry.ts";

export interface Deployment {
  readonly table: string;
  readonly bucket: string;
  readonly database: string;
  readonly workGroup: string;
  /** Its name. */
  readonly deliveryStream: string;
  readonly snapshotMachineArn: string;
  readonly compactionMachineArn: string;
  /** The source's name in the registry. */
  readonly source: string;
  readonly sourceTableArn: string;
  /** The id of the event source mapping from the stream to the function. */
  readonly eventSourceMapping: string;
  /** Those that read the source, now and before, whose failed batches belong to its tables. */
  readonly mappingIds: readonly string[];
  readonly streamFunction: string;
  /** The function with the permissions on the source table. */
  readonly sourceFunction: string;
  /** The role in the source table's account, if that is not the lake's. */
  readonly ownerRole?: string;
  /** How long past states of the table can be queried. */
  readonly retentionHours: number;
  /** The longest time a change waits in buffers on its way to the change log. */
  readonly bufferSeconds: number;
}

export interface DeploymentReading {
  readonly cloudFormation: CloudFormationClient;
  /** The lake in a bucket. */
  readonly storeOf: (bucket: string) => ObjectStore;
}

/** Those that the stack deploys; of the lake's own stack, all of the lake. Fails with USAGE if there are none. */
export async function readDeployments(
  { cloudFormation, storeOf }: DeploymentReading,
  stackName: string,
): Promise<readonly Deployment[]> {
  const answer = await cloudFormation
    .send(new DescribeStacksCommand({ StackName: stackName }))
    .catch((error: unknown) => {
      const { name, said } = awsFailure(error);
      if (name === "ValidationError" && /does not exist/.test(said ?? ""))
        throw noSuchStack(stackName, error);
      const attempt = `describe stack "${stackName}"`;
      throw awsError(error, { service: "CloudFormation", attempt, otherwise: "SOURCE_FAILED" });
    });
  const [stack] = answer.Stacks ?? [];
  if (stack === undefined) throw noSuchStack(stackName);
  const deployments: Deployment[] = [];
  for (const { OutputKey = "", OutputValue = "" } of stack.Outputs ?? []) {
    const [, bucket] = /^s3:\/\/([^/]+)\//.exec(OutputValue) ?? [];
    const isWhole = OutputKey.startsWith(LAKE_OUTPUT);
    if (bucket === undefined || !(isWhole || OutputKey.startsWith(REGISTRY_OUTPUT))) continue;
    if (!OutputValue.endsWith(`/${REGISTRY_FOLDER}`)) continue;
    const ofLake = await deploymentsOf(storeOf(bucket), bucket, isWhole ? undefined : stackName);
    const isKnown = ({ table }: Deployment): boolean =>
      deployments.some((known) => known.table === table && known.bucket === bucket);
    deployments.push(...ofLake.filter((deployment) => !isKnown(deployment)));
  }
  if (deployments.length > 0) return deployments.sort((a, b) => (a.table < b.table ? -1 : 1));
  throw new DynalakeError("USAGE", `stack "${stackName}" has no lake table`, {
    next: `Choose a stack that contains a DynamoDbLake, and wait until it is deployed. This one is in state ${stack.StackStatus}.`,
  });
}

/** The lake tables with that name or source table; all of them without a name. Fails with USAGE if there are none. */
export function chosenDeployments(
  deployments: readonly Deployment[],
  name: string | undefined,
): readonly Deployment[] {
  if (name === undefined) return deployments;
  const chosen = deployments.filter(
    ({ table, sourceTableArn }) => table === tableName(name) || sourceTableArn.endsWith(`/${name}`),
  );
  if (chosen.length > 0) return chosen;
  throw new DynalakeError("USAGE", `the stack has no lake table "${name}"; it has ${namesOf(deployments)}`);
}

/** The lake table with that name, or the only one of that source, or of the stack. Fails with USAGE. */
export function chosenDeployment(deployments: readonly Deployment[], name: string | undefined): Deployment {
  const named = name === undefined ? undefined : deployments.find(({ table }) => table === tableName(name));
  if (named !== undefined) return named;
  const [chosen, ...others] = chosenDeployments(deployments, name);
  if (chosen !== undefined && others.length === 0) return chosen;
  throw new DynalakeError("USAGE", `the stack has several lake tables: ${namesOf(deployments)}`, {
    next: "Choose one with --table.",
  });
}

function namesOf(deployments: readonly Deployment[]): string {
  return deployments.map(({ table }) => table).join(", ");
}

/** `stack` is that of the tables; undefined for all. */
async function deploymentsOf(
  store: ObjectStore,
  bucket: string,
  stack: string | undefined,
): Promise<readonly Deployment[]> {
  const lake = { bucket, ...(await readLakeEntry(store)) };
  const sources = await deployedSources(store);
  return sources.flatMap((source) => tablesOf(lake, source, stack));
}

type LakePart = Pick<
  Deployment,
  "bucket" | "database" | "workGroup" | "snapshotMachineArn" | "compactionMachineArn"
>;

function tablesOf(
  lake: LakePart,
  { entry: source, tables }: DeployedSource,
  stack: string | undefined,
): readonly Deployment[] {
  const { eventSourceMapping, ownerRole, sourceFunction, sourceTableArn, streamFunction } = source;
  const functions = { sourceFunction, streamFunction, ...defined({ ownerRole }) };
  const mappingIds = mappingIdsOf(source);
  const ofSource = { source: source.source, sourceTableArn, eventSourceMapping, mappingIds, ...functions };
  return tables
    .filter(({ entry }) => stack === undefined || entry.stack === stack)
    .map(({ entry, table }): Deployment => {
      const { bufferSeconds, deliveryStream, retentionHours } = entry;
      return { table, ...lake, ...ofSource, deliveryStream, retentionHours, bufferSeconds };
    });
}

function noSuchStack(stackName: string, cause?: unknown): DynalakeError {
  return new DynalakeError("USAGE", `stack "${stackName}" does not exist`, {
    cause,
    next: "Check --stack, the region and the account. `aws cloudformation list-stacks` lists the stacks.",
  });
}
