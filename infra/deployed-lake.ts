/** Looks up, while the app is synthesized, the schema with which an existing deployment writes its lake. */
import { openAwsLake } from "../src/aws/aws-lake.ts";
import { chosenDeployment, readDeployments } from "../src/aws/deployment.ts";
import { s3Store } from "../src/aws/s3-store.ts";
import { DynalakeError } from "../src/core/error.ts";
import type { ObjectStore } from "../src/core/ports/object-store.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import { openTable } from "../src/core/table/open-table.ts";
import { awsClients } from "../src/sdk/clients.ts";

/** The schema of the lake table in a stack, or undefined if the stack has none yet. Fails when AWS does. */
export type LakeSchemas = (stackName: string, table: string) => Promise<Schema | undefined>;

/** Asks the account, in the deployment's region. */
export function deployedSchemas(region: string | undefined): LakeSchemas {
  const settings = region === undefined ? {} : { region };
  return async (stackName, table) => {
    const clients = awsClients(settings);
    try {
      const { cloudFormation, s3: client } = clients;
      const storeOf = (bucket: string): ObjectStore => s3Store({ client, bucket });
      const deployments = await readDeployments({ cloudFormation, storeOf }, stackName);
      const lake = openAwsLake(chosenDeployment(deployments, table), settings);
      try {
        return (await openTable(lake.store, table))?.schema;
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
