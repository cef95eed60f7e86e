/** The first step of a snapshot: the source table's export is started. */
import { createHash } from "node:crypto";
import { latestManifest } from "../../core/table/lake-table.ts";
import { type StartedExport, startExport } from "../source-export.ts";
import type { StepContext } from "./step-context.ts";

export interface BeginSnapshotRequest {
  /** The name of the state machine's execution: it makes the start idempotent. */
  readonly execution: string;
  /** A table that has a snapshot is left alone. */
  readonly first: boolean;
  readonly sourceTableArn: string;
  readonly kmsKeyArn: string | undefined;
}

export type BegunSnapshot = { readonly skip: true } | ({ readonly run: string } & StartedExport);

export async function beginSnapshot(
  context: StepContext,
  request: BeginSnapshotRequest,
): Promise<BegunSnapshot> {
  const { store, schema, bucket, clients } = context;
  const { table } = schema;
  const manifest = await latestManifest(store, table);
  if (request.first && manifest.snapshots.length > 0) return { skip: true };
  const { sourceTableArn, kmsKeyArn, execution } = request;
  const started = await startExport({
    client: clients.dynamodb,
    sourceTableArn,
    bucket,
    table,
    name: createHash("sha256").update(`${table} ${execution}`).digest("hex").slice(0, 32),
    ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }),
  });
  return { run: context.newRun(), ...started };
}
