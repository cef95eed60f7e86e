/** A deployed stack, opened: its lake tables, and the clients that reach them. */
import { type AwsLake, openAwsLake } from "../aws/aws-lake.ts";
import { chosenDeployments, type Deployment, readDeployments } from "../aws/deployment.ts";
import { s3Store } from "../aws/s3-store.ts";
import { DynalakeError } from "../core/error.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { type OpenTable, openTable } from "../core/table/open-table.ts";
import { type AwsClients, awsClients } from "../sdk/clients.ts";

export interface StackPlace {
  /** The name of the stack. */
  readonly stack: string;
  /** Default: what the environment or the profile says. */
  readonly region: string | undefined;
  /** The Athena work group that statements run in. Default: the lake's. */
  readonly workGroup?: string | undefined;
}

export interface OpenedStack extends StackPlace {
  /** The buckets: s3://name. */
  readonly place: string;
  readonly clients: AwsClients;
  readonly deployments: readonly Deployment[];
  /** The lake tables of that name or of that source, or all of them. Throws USAGE if there are none. */
  tables(name: string | undefined): readonly Deployment[];
  /** The lake that holds a table of the stack. */
  lakeOf(deployment: Deployment): AwsLake;
  /** Ends what runs: statements are stopped, and executions continue, but nothing waits for them. */
  readonly signal: AbortSignal;
  close(): void;
}

/** Reads the stack's outputs, and the registry that they name. Fails with USAGE if there is no such stack or no region, and with CREDENTIALS or UNREACHABLE. */
export async function openStack(
  { stack, region, workGroup }: StackPlace,
  signal: AbortSignal,
): Promise<OpenedStack> {
  const clients = awsClients(region === undefined ? {} : { region });
  try {
    const { cloudFormation, s3 } = clients;
    const storeOf = (bucket: string): ObjectStore => s3Store({ client: s3, bucket });
    const deployments = await readDeployments({ cloudFormation, storeOf }, stack);
    return {
      stack,
      region,
      place: [...new Set(deployments.map(({ bucket }) => `s3://${bucket}`))].join(", "),
      clients,
      deployments,
      tables: (name) => chosenDeployments(deployments, name),
      // breakage: statements-run-in-the-given-work-group
      lakeOf: (lake) => openAwsLake({ ...lake, workGroup: workGroup ?? lake.workGroup }, { clients, signal }),
      signal,
      close: () => clients.close(),
    };
  } catch (error) {
    clients.close();
    throw error;
  }
}

/** Opens a deployed table. Throws LAKE_NOT_FOUND if there is no data yet. */
export async function deployedTable({ store }: Pick<AwsLake, "store">, table: string): Promise<OpenTable> {
  const opened = await openTable(store, table);
  if (opened !== undefined) return opened;
  throw new DynalakeError("LAKE_NOT_FOUND", `nothing has been written into "${table}" yet`, {
    next: "Its first snapshot starts by itself within a day of the deployment; `dynalake snapshot` with --stack takes one now.",
  });
}
