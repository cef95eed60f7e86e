/** The lake tables of a stack, read from its outputs. */

import { type CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { DynalakeError } from "../core/error.ts";
import { tableName } from "../core/schema/schema.ts";
import { awsError, awsFailure } from "../sdk/aws-error.ts";
import { DEPLOY_THIS_VERSION, STACK_OUTPUTS, type StackOutput } from "./contracts/stack-outputs.ts";

export interface Deployment extends Readonly<Record<StackOutput, unknown>> {
  readonly table: string;
  readonly bucket: string;
  readonly database: string;
  readonly workGroup: string;
  /** Its name. */
  readonly deliveryStream: string;
  readonly snapshotMachineArn: string;
  readonly compactionMachineArn: string;
  readonly sourceTableArn: string;
  /** The id of the event source mapping from the stream to the function. */
  readonly eventSourceMapping: string;
  readonly streamFunction: string;
  /** How long past states of the table can be queried. */
  readonly retentionHours: number;
  /** The longest time a change waits in buffers on its way to the change log. */
  readonly bufferSeconds: number;
}

/** Fails with USAGE if the stack does not exist or has no lake table. */
export async function readDeployments(
  client: CloudFormationClient,
  stackName: string,
): Promise<readonly Deployment[]> {
  const answer = await client
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
  const outputs = new Map(
    (stack.Outputs ?? []).map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]),
  );
  const deployments = [...outputs.keys()]
    .filter((key) => key.endsWith(STACK_OUTPUTS.table))
    .map((key) => deploymentOf(stackName, outputs, key.slice(0, -STACK_OUTPUTS.table.length)));
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

/** The lake table with that name, or the only one. Fails with USAGE. */
export function chosenDeployment(deployments: readonly Deployment[], name: string | undefined): Deployment {
  const [chosen, ...others] = chosenDeployments(deployments, name);
  if (chosen !== undefined && others.length === 0) return chosen;
  throw new DynalakeError("USAGE", `the stack has several lake tables: ${namesOf(deployments)}`, {
    next: "Choose one with --table.",
  });
}

function namesOf(deployments: readonly Deployment[]): string {
  return deployments.map(({ table }) => table).join(", ");
}

function deploymentOf(stackName: string, outputs: ReadonlyMap<string, string>, prefix: string): Deployment {
  const entries = Object.entries(STACK_OUTPUTS).map(([member, suffix]) => {
    const value = outputs.get(`${prefix}${suffix}`);
    if (value !== undefined && value !== "") return [member, value];
    throw new DynalakeError("USAGE", `stack "${stackName}" has no output "${prefix}${suffix}"`, {
      next: DEPLOY_THIS_VERSION,
    });
  });
  const values = Object.fromEntries(entries);
  return {
    ...values,
    retentionHours: Number(values.retentionHours),
    bufferSeconds: Number(values.bufferSeconds),
  } as Deployment;
}

function noSuchStack(stackName: string, cause?: unknown): DynalakeError {
  return new DynalakeError("USAGE", `stack "${stackName}" does not exist`, {
    cause,
    next: "Check --stack, the region and the account. `aws cloudformation list-stacks` lists the stacks.",
  });
}
