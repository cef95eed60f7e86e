/** A lake on AWS, opened: its store and its engine. Its tables are opened from the store (`requireTable`). */
import type { ObjectStore } from "../core/ports/object-store.ts";
import { type AwsClients, type AwsSettings, awsClients } from "../sdk/clients.ts";
import { type AthenaEngine, athenaEngine } from "./athena-engine.ts";
import type { Deployment } from "./deployment.ts";
import { s3Store } from "./s3-store.ts";

export interface AwsLake {
  readonly bucket: string;
  readonly clients: AwsClients;
  readonly store: ObjectStore;
  readonly engine: AthenaEngine;
  close(): void;
}

/** Where a lake is, according to a deployment or to the environment of a function. */
export type AwsLakePlace = Pick<Deployment, "bucket" | "database" | "workGroup">;

export interface AwsLakeOptions extends AwsSettings {
  /** Default: new clients. */
  readonly clients?: AwsClients;
  /** Statements that take longer are stopped. Default: 30 minutes. */
  readonly timeoutSeconds?: number;
  /** No statement is waited for beyond this moment. */
  readonly untilMs?: number;
  /** Stops running statements. */
  readonly signal?: AbortSignal;
}

/** Opens the lake, without sending anything yet. */
export function openAwsLake(place: AwsLakePlace, options: AwsLakeOptions = {}): AwsLake {
  const clients = options.clients ?? awsClients(options);
  const { bucket, database, workGroup } = place;
  const store = s3Store({ client: clients.s3, bucket });
  const engine = athenaEngine({
    bucket,
    database,
    workGroup,
    store,
    athena: clients.athena,
    glue: clients.glue,
    ...(options.timeoutSeconds === undefined ? {} : { timeoutSeconds: options.timeoutSeconds }),
    ...(options.untilMs === undefined ? {} : { untilMs: options.untilMs }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { bucket, clients, store, engine, close: () => clients.close() };
}
