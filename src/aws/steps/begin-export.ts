/** The source table's export is started: it is for all lake tables of the source that a snapshot is due for. */
import { createHash } from "node:crypto";
import { defined } from "../../core/defined.ts";
import type { BeginExportEvent, BegunExport } from "../contracts/steps.ts";
import { startExport } from "../source-export.ts";
import type { LakeContext } from "./step-context.ts";

export interface BeginExportRequest extends Omit<BeginExportEvent, "step"> {
  readonly source: string;
  readonly sourceTableArn: string;
  readonly kmsKeyArn: string | undefined;
  /** The lake's account, if the table is in another one. */
  readonly bucketOwner?: string | undefined;
}

export async function beginExport(context: LakeContext, request: BeginExportRequest): Promise<BegunExport> {
  const { bucket, clients } = context;
  const { bucketOwner, sourceTableArn, kmsKeyArn, execution, source } = request;
  const started = await startExport({
    client: clients.dynamodb,
    sourceTableArn,
    bucket,
    source,
    name: createHash("sha256").update(`${source} ${execution}`).digest("hex").slice(0, 32),
    ...defined({ bucketOwner, kmsKeyArn }),
  });
  return { run: context.newRunId(), ...started };
}
