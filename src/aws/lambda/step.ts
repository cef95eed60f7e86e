/** The context of the steps of snapshots and compactions: the lake is opened once per function instance, a table for each event. */
import type { Context } from "aws-lambda";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import { type AwsLakePlace, openAwsLake } from "../aws-lake.ts";
import type { LakeVariables } from "../contracts/environment.ts";
import { openDeployedTable } from "../lake-schema.ts";
import { type DeployedTable, requireDeployedTable } from "../registry.ts";
import type { LakeContext, StepContext } from "../steps/step-context.ts";

/** Where the lake of a function lies. */
function lakePlaceOf({ LAKE_BUCKET, LAKE_DATABASE, LAKE_WORKGROUP }: LakeVariables): AwsLakePlace {
  return { bucket: LAKE_BUCKET, database: LAKE_DATABASE, workGroup: LAKE_WORKGROUP };
}

/** What a step has that works on the lake. */
export function openLake(variables: LakeVariables): LakeContext {
  return { ...openAwsLake(lakePlaceOf(variables)), newRunId, nowSeconds };
}

/** What Lambda says of an invocation. */
type LambdaTime = Pick<Context, "getRemainingTimeInMillis">;

/** What a function keeps of its time to stop a statement, and to fail with a reason. */
const LAST_MS = 30_000;

/** What it keeps for the request under way, and for saying how far it has come. */
const LAST_REQUEST_MS = 90_000;

/** Whether an invocation has no time left to begin anything. */
export function isOverFor(invocation: LambdaTime): () => boolean {
  return () => invocation.getRemainingTimeInMillis() < LAST_REQUEST_MS;
}

/**
 * Gives each invocation its context; the table is opened each time, since others may have changed it. No statement is waited for
 * longer than the function lives: it would go on, and cost, although nothing reads it.
 */
export function openSteps(
  variables: LakeVariables,
): (table: string, invocation: LambdaTime) => Promise<StepContext> {
  const lake = openLake(variables);
  const { clients } = lake;
  return async (table, invocation) => {
    const untilMs = Date.now() + invocation.getRemainingTimeInMillis() - LAST_MS;
    const { engine } = openAwsLake(lakePlaceOf(variables), { clients, untilMs });
    return contextOf({ ...lake, engine }, await requireDeployedTable(lake.store, table));
  };
}

async function contextOf(lake: LakeContext, { entry, schema }: DeployedTable): Promise<StepContext> {
  return { ...lake, deployed: schema, entry, opened: await openDeployedTable(lake.store, schema) };
}
