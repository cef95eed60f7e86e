/** The lake tables of a deployed stack. */
import { athenaItems } from "../aws/athena-items.ts";
import { type AwsLake, openAwsLake } from "../aws/aws-lake.ts";
import { chosenDeployments, type Deployment, readDeployments } from "../aws/deployment.ts";
import { DynalakeError } from "../core/error.ts";
import { knownSchema } from "../core/table/chosen-schemas.ts";
import { type AwsClients, awsClients } from "../sdk/clients.ts";
import type { CommandContext } from "./command.ts";
import type { StackTarget } from "./lake-target.ts";
import type { DeployedTable, OpenedLake } from "./opened-lake.ts";

export interface OpenedStack extends OpenedLake<DeployedTable> {
  readonly clients: AwsClients;
  readonly deployments: readonly Deployment[];
  /** The lake that a table of the stack lies in. */
  lakeOf(deployment: Deployment): AwsLake;
}

/**
 * Reads what the stack tells of itself. Statements of the lake end when the command is interrupted. Fails with USAGE where
 * there is no such stack or no region, and with CREDENTIALS or UNREACHABLE.
 */
export async function openStack(
  { interrupted }: Pick<CommandContext, "interrupted">,
  { stack, region }: StackTarget,
): Promise<OpenedStack> {
  const clients = awsClients(region === undefined ? {} : { region });
  try {
    const deployments = await readDeployments(clients.cloudFormation, stack);
    const lakeOf = (place: Deployment): AwsLake => openAwsLake(place, { clients, signal: interrupted });
    return {
      place: [...new Set(deployments.map(({ bucket }) => `s3://${bucket}`))].join(", "),
      clients,
      deployments,
      lakeOf,
      tables: (name) =>
        Promise.all(
          chosenDeployments(deployments, name).map((deployment) =>
            deployedTable(lakeOf(deployment), deployment),
          ),
        ),
      close: async () => clients.close(),
    };
  } catch (error) {
    clients.close();
    throw error;
  }
}

async function deployedTable(lake: AwsLake, deployment: Deployment): Promise<DeployedTable> {
  const { store, engine } = lake;
  const { table } = deployment;
  const schema = await knownSchema(store, table);
  if (schema === undefined) {
    throw new DynalakeError("LAKE_NOT_FOUND", `nothing has been written into "${table}" yet`, {
      next: "Its first snapshot starts by itself within a day of the deployment; `dynalake snapshot` with --stack takes one now.",
    });
  }
  const items = (asOfSeconds?: number) => athenaItems(lake, schema, asOfSeconds);
  const mappingId = deployment.eventSourceMapping;
  return { kind: "stack", lake, deployment, mappingId, store, engine, schema, items };
}
