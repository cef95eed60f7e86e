/** What the lake of an earlier deployment was written with, asked when the app is synthesized. */
import { openAwsLake } from "../src/aws/aws-lake.ts";
import { chosenDeployment, readDeployments } from "../src/aws/deployment.ts";
import { DynalakeError } from "../src/core/error.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import { openTable } from "../src/core/table/open-table.ts";
import { awsClients } from "../src/sdk/clients.ts";

/** The schema of the lake table in a stack, or undefined where the stack has none yet. Fails as AWS does. */
export type LakeSchemas = (stackName: string, table: string) => Promise<Schema | undefined>;

/** Asks the account; the region is that of the deployment. */
export function deployedSchemas(region: string | undefined): LakeSchemas {
  const settings = region === undefined ? {} : { region };
  return async (stackName, table) => {
    const clients = awsClients(settings);
    try {
      const deployments = await readDeployments(clients.cloudFormation, stackName);
      const lake = openAwsLake(chosenDeployment(deployments, table), settings);
      try {
        return (await openTable(lake.store, table))?.schema;
      } finally {
        lake.close();
      }
    } catch (error) {
      // No such stack, or one whose deployment never got so far.
      if (error instanceof DynalakeError && error.code === "USAGE") return undefined;
      throw error;
    } finally {
      clients.close();
    }
  };
}
