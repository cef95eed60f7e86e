/** A row that does not fit, on its way through Firehose to `errors/`, and back by a replay. */
import { randomUUID } from "node:crypto";
import { PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { glueTable } from "../../aws/athena-relations.ts";
import type { AwsLake } from "../../aws/aws-lake.ts";
import { deliveredWithinSeconds } from "../../aws/aws-policy.ts";
import { storedTableName } from "../../aws/contracts/glue-tables.ts";
import type { Deployment } from "../../aws/deployment.ts";
import { VERSION_DIGITS } from "../../core/change/change.ts";
import type { RefusedFacts } from "../../core/doctor/judge-tries.ts";
import { DynalakeError } from "../../core/error.ts";
import { errorsFolder, hourOf, quarantineFolder } from "../../core/format/lake-path.ts";
import { literal } from "../../core/ports/dialect.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { WireRowText } from "../../core/row/returned-row.ts";
import { rowCodec } from "../../core/row/row.ts";
import { changeLine, lineWriter } from "../../core/row/wire-line.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { readItem } from "../../core/values/attribute-value.ts";
import { keyOf } from "../../core/values/key.ts";
import { readRecording } from "../../files/recorded-file.ts";
import { awsError } from "../../sdk/aws-error.ts";
import type { Timing } from "../../sdk/timing.ts";
import { deployedTable, type OpenedStack } from "../open-stack.ts";
import { replayIntoDeployment } from "../replay.ts";

/** What Firehose's buffers and Athena may take beside. */
const PATIENCE_SECONDS = 300;
const POLL_MS = 5_000;

/** Keys of items that there never were: to remove them again changes nothing, whatever becomes of their rows. */
interface Keys {
  readonly fits: string;
  readonly misfit: string;
}

/** Sends one record of two rows, of which one has text in a column of numbers. What it leaves is removed. */
export async function sendMisfit(
  stack: OpenedStack,
  deployment: Deployment,
  timing: Timing,
): Promise<RefusedFacts> {
  const lake = stack.lakeOf(deployment);
  const { store } = lake;
  const { schema } = await deployedTable({ store }, deployment.table);
  const id = randomUUID();
  const keys = { fits: `row-${id}`, misfit: `misfit-${id}` };
  const nowSeconds = Math.floor(timing.nowMs() / 1000);
  const place = { stack, deployment, lake, keys, nowSeconds, timing };
  try {
    await send(lake, deployment, recordOf(schema, keys, nowSeconds));
    return await followed(place);
  } finally {
    await removeQuarantined(store, deployment.table, keys);
  }
}

interface Place {
  readonly stack: OpenedStack;
  readonly deployment: Deployment;
  readonly lake: AwsLake;
  readonly keys: Keys;
  readonly nowSeconds: number;
  readonly timing: Timing;
}

async function followed(place: Place): Promise<RefusedFacts> {
  const { deployment, keys, lake, stack } = place;
  const facts = { isOtherConverted: false, isReadable: true, isReturned: false };
  const refused = await withinPatience(place, async () => {
    const error = await errorOf(lake.store, deployment.table, keys);
    return error !== undefined || (await logged(place)).has(keys.misfit) ? { error } : undefined;
  });
  if (refused === undefined) return { ...facts, misfit: "nowhere" };
  if (refused.error === undefined) return { ...facts, misfit: "log" };
  const { isReadable, path } = refused.error;
  const isOtherConverted = (await logged(place)).has(keys.fits);
  if (!isReadable) return { ...facts, misfit: "errors", isOtherConverted, isReadable };
  const address = `s3://${deployment.bucket}/${path}`;
  const files = [{ name: address, path: address }];
  const wish = { maskKey: undefined, anySource: false, partial: false, dryRun: false };
  const replay = { ...wish, files, onProgress: () => undefined };
  await replayIntoDeployment(stack, deployment, replay);
  const returned = await withinPatience(place, async () =>
    (await logged(place)).has(keys.fits) ? true : undefined,
  );
  const quarantined = await quarantinedOf(lake.store, deployment.table, keys);
  const isReturned = returned === true && quarantined.length > 0;
  return { misfit: "errors", isOtherConverted, isReadable, isReturned };
}

/** What `look` finds, or undefined once the time is over. */
async function withinPatience<Found>(
  { deployment, stack: { signal }, timing }: Place,
  look: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const seconds = deliveredWithinSeconds(deployment.bufferSeconds) + PATIENCE_SECONDS;
  const untilMs = timing.nowMs() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined || timing.nowMs() > untilMs) return found;
    await timing.sleep(POLL_MS, signal);
    signal.throwIfAborted();
  }
}

function recordOf(schema: Schema, { fits, misfit }: Keys, nowSeconds: number): string {
  const writer = lineWriter(rowCodec(schema));
  const lineOf = (key: string): string => {
    const item = readItem({ Id: { S: key } });
    const change = {
      operation: "REMOVE" as const,
      key: keyOf(schema.key, item) ?? [],
      version: "1".padStart(VERSION_DIGITS, "0"),
      changedAtSeconds: nowSeconds,
      expired: false,
      item,
      before: undefined,
    };
    return new TextDecoder().decode(changeLine(writer, change).content);
  };
  return `${lineOf(fits)}${JSON.stringify({ ...JSON.parse(lineOf(misfit)), small: "text" })}\n`;
}

async function send(
  { clients: { firehose } }: Pick<AwsLake, "clients">,
  { deliveryStream }: Deployment,
  record: string,
): Promise<void> {
  const Records = [{ Data: new TextEncoder().encode(record) }];
  const { FailedPutCount = 0 } = await firehose
    .send(new PutRecordBatchCommand({ DeliveryStreamName: deliveryStream, Records }))
    .catch((error: unknown) => {
      const attempt = "send the doctor's rows";
      throw awsError(error, { service: "Firehose", attempt, otherwise: "DELIVERY_FAILED" });
    });
  if (FailedPutCount > 0)
    throw new DynalakeError("THROTTLED", "the delivery stream did not take the doctor's rows");
}

/** Those of the two keys that the change log has. */
async function logged({ deployment, keys, lake, nowSeconds }: Place): Promise<ReadonlySet<string>> {
  const { database, table } = deployment;
  const changes = glueTable(database, storedTableName(table, "changes"));
  const { dt } = hourOf(nowSeconds - 3600);
  const names = [keys.fits, keys.misfit].map(literal).join(", ");
  const found = await lake.engine.rows(
    `SELECT id FROM ${changes} WHERE dt >= ${literal(dt)} AND id IN (${names})`,
  );
  return new Set(found.map((row) => String(row.id)));
}

/** The file of `errors/` that has the misfit, or that is new and cannot be read. */
async function errorOf(
  store: ObjectStore,
  table: string,
  { misfit }: Keys,
): Promise<{ readonly path: string; readonly isReadable: boolean } | undefined> {
  for (const { path } of await store.list(errorsFolder(table))) {
    const content = await store.read(path);
    if (content === undefined) continue;
    const rows = rowsIn(path, content);
    if (rows === undefined) return { path, isReadable: false };
    if (rows.some((row) => row.includes(misfit))) return { path, isReadable: true };
  }
  return undefined;
}

/** Undefined if they cannot be read. */
function rowsIn(path: string, content: Uint8Array): readonly string[] | undefined {
  try {
    const { records } = readRecording(path, content);
    return records.map((record) => (record instanceof WireRowText ? record.text : record));
  } catch (error) {
    if (error instanceof DynalakeError && error.code === "INPUT_INVALID") return undefined;
    throw error;
  }
}

async function quarantinedOf(
  store: ObjectStore,
  table: string,
  { misfit }: Keys,
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const { path } of await store.list(`${quarantineFolder(table)}not-a-row/`)) {
    const content = await store.read(path);
    if (content !== undefined && new TextDecoder().decode(content).includes(misfit)) paths.push(path);
  }
  return paths;
}

async function removeQuarantined(store: ObjectStore, table: string, keys: Keys): Promise<void> {
  await store.remove(await quarantinedOf(store, table, keys));
}
