/** The first step of a snapshot: the source table's export is started. */
import { createHash } from "node:crypto";
import type { BeginSnapshotEvent, BegunSnapshot } from "../contracts/steps.ts";
import { startExport } from "../source-export.ts";
import type { StepContext } from "./step-context.ts";

export interface BeginSnapshotRequest extends BeginSnapshotEvent {
  readonly sourceTableArn: string;
  readonly kmsKeyArn: string | undefined;
}

export async function beginSnapshot(
  context: StepContext,
  request: BeginSnapshotRequest,
): Promise<BegunSnapshot> {
  const { bucket, clients } = context;
  const { manifest, schema } = context.opened;
  const { table } = schema;
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
  return { run: context.newRunId(), ...started };
}
