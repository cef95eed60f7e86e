/** What the stream function needs of its lake, without the engine: an instance starts sooner without the clients of five more services. */
import { FirehoseClient } from "@aws-sdk/client-firehose";
import { GlueClient } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import type { ChangeSink } from "../../core/ports/change-sink.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { clientOptions } from "../../sdk/clients.ts";
import { withoutLog } from "../../sdk/without-log.ts";
import type { CatalogTables } from "../catalog-columns.ts";
import type { VariablesOf } from "../contracts/environment.ts";
import { firehoseSink } from "../firehose-sink.ts";
import { glueCatalog } from "../glue-catalog.ts";
import { s3Store } from "../s3-store.ts";

interface StreamLake {
  readonly store: ObjectStore;
  readonly engine: { readonly catalog: CatalogTables };
  readonly sink: ChangeSink;
}

/** Opens it, without sending anything yet. */
export function openStreamLake(variables: VariablesOf<"stream">): StreamLake {
  const options = clientOptions();
  const { LAKE_BUCKET: bucket, LAKE_DATABASE: database, DELIVERY_STREAM: stream } = variables;
  return {
    store: s3Store({ client: withoutLog(new S3Client(options)), bucket }),
    engine: { catalog: glueCatalog({ client: withoutLog(new GlueClient(options)), database }) },
    sink: firehoseSink({ client: withoutLog(new FirehoseClient(options)), stream }),
  };
}
