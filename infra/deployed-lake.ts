/** Looks up, while the app is synthesized, the lake table that an existing deployment has. */
import { openAwsLake } from "../src/aws/aws-lake.ts";
import type { CommittedTable } from "../src/aws/deployed-change.ts";
import { chosenDeployment, readDeployments } from "../src/aws/deployment.ts";
import { s3Store } from "../src/aws/s3-store.ts";
import { DynalakeError } from "../src/core/error.ts";
import type { ObjectStore } from "../src/core/ports/object-store.ts";
import { openTable } from "../src/core/table/open-table.ts";
import { awsClients } from "../src/sdk/clients.ts";

/** The lake table of a stack, or undefined if the stack has none yet. Fails when AWS does. */
export type LakeTables = (stackName: string, table: string) => Promise<CommittedTable | undefined>;

/** Asks the account, in the deployment's region. */
export function deployedLakeTables(region: string | undefined): LakeTables {
  const settings = region === undefined ? {} : { region };
  return async (stackName, table) => {
    const clients = awsClients(settings);
    try {
      const { cloudFormation, s3: client } = clients;
      const storeOf = (bucket: string): ObjectStore => s3Store({ client, bucket });
      const deployments = await readDeployments({ cloudFormation, storeOf }, stackName);
      const lake = openAwsLake(chosenDeployment(deployments, table), settings);
      try {
        return await openTable(lake.store, table);
      } finally {
        lake.close();
      }
    } catch (error) {
      // The stack does not exist, or its deployment never got that far.
      if (error instanceof DynalakeError && error.code === "USAGE") return undefined;
      throw error;
    } finally {
      clients.close();
    }
  };
}
