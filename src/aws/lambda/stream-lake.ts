/** What the stream function needs of its lake, without the engine: an instance starts sooner without the clients of five more services. */
import { FirehoseClient } from "@aws-sdk/client-firehose";
import { GlueClient } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import { clientOptions } from "../../sdk/clients.ts";
import { withoutLog } from "../../sdk/without-log.ts";
import type { VariablesOf } from "../contracts/environment.ts";
import { glueCatalog } from "../glue-catalog.ts";
import { s3Store } from "../s3-store.ts";
import type { ServingContext } from "../served-table.ts";

/** Opens it, without sending anything yet. */
export function openStreamLake(
  variables: VariablesOf<"stream">,
): Pick<ServingContext, "store" | "engine" | "firehose"> {
  const options = clientOptions();
  const { LAKE_BUCKET: bucket, LAKE_DATABASE: database } = variables;
  return {
    store: s3Store({ client: withoutLog(new S3Client(options)), bucket }),
    engine: { catalog: glueCatalog({ client: withoutLog(new GlueClient(options)), database }) },
    firehose: withoutLog(new FirehoseClient(options)),
  };
}
