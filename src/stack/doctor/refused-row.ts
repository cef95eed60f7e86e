/** A row that does not fit, on its way through Firehose to `errors/`, and back by a replay. */
import { randomUUID } from "node:crypto";
import { PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { glueTable } from "../../aws/athena-relations.ts";
import type { AwsLake } from "../../aws/aws-lake.ts";
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
import { awsError } from "../../sdk/aws-error.ts";
import type { Timing } from "../../sdk/timing.ts";
import { deployedTable, type OpenedStack } from "../open-stack.ts";
import { recordingIn } from "../recorded-objects.ts";
import { replayIntoDeployment } from "../replay.ts";
import { arrivalSeconds, withinPatience } from "./patience.ts";
import { thenRemoved } from "./then-removed.ts";

/** Keys of items that there never were: to remove them again changes nothing, whatever becomes of their rows. */
interface Keys {
  readonly fits: string;
  readonly misfit: string;
}

/**
 * Sends one record of two rows, of which one has text in a column of numbers. What it leaves by the time it ends is removed. Files
 * that were in `errors/` before are left alone.
 */
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
  const listed = await store.list(errorsFolder(deployment.table));
  const known = new Set(listed.map(({ path }) => path)); // breakage: earlier-errors-are-known
  const place = { stack, deployment, lake, keys, known, nowSeconds, timing };
  return thenRemoved(async () => {
    await send(lake, deployment, recordOf(schema, keys, nowSeconds));
    return followed(place);
  }, [
    async () => {
      // An interrupt may come before they were seen, and a replay removes no file that it cannot read.
      await store.remove((await errorsOf(place)).map(({ path }) => path)); // breakage: doctors-errors-are-removed
    },
    async () => store.remove(await quarantinedOf(store, deployment.table, keys)),
  ]);
}

interface Place {
  readonly stack: OpenedStack;
  readonly deployment: Deployment;
  readonly lake: AwsLake;
  readonly keys: Keys;
  /** Files of `errors/` that do not have the misfit: those that were there before, and what was read since. */
  readonly known: Set<string>;
  readonly nowSeconds: number;
  readonly timing: Timing;
}

async function followed(place: Place): Promise<RefusedFacts> {
  const { deployment, keys, lake, stack, timing } = place;
  const patience = { seconds: arrivalSeconds(deployment), timing, signal: stack.signal };
  const facts = { isOtherConverted: false, isReadable: true, isReturned: false };
  const refused = await withinPatience(patience, async () => {
    const errors = await errorsOf(place);
    const error = errors.find(({ isReadable }) => isReadable) ?? errors[0];
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
  const returned = await withinPatience(patience, async () =>
    (await logged(place)).has(keys.fits) ? true : undefined,
  );
  const quarantined = await quarantinedOf(lake.store, deployment.table, keys);
  const isReturned = returned === true && quarantined.length > 0;
  return { misfit: "errors", isOtherConverted, isReadable, isReturned };
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

/** The files of `errors/` that have the misfit, or that are new and cannot be read: only a doctor writes into this table. */
async function errorsOf({
  deployment: { table },
  keys: { misfit },
  known,
  lake: { store },
}: Place): Promise<readonly { readonly path: string; readonly isReadable: boolean }[]> {
  const errors: { readonly path: string; readonly isReadable: boolean }[] = [];
  for (const { path } of await store.list(errorsFolder(table))) {
    if (known.has(path)) continue;
    const content = await store.read(path);
    if (content === undefined) continue;
    const recording = recordingIn(path, content);
    const texts = recording?.records.map((record) => (record instanceof WireRowText ? record.text : record));
    if (texts === undefined) errors.push({ path, isReadable: false });
    else if (texts.some((text) => text.includes(misfit))) errors.push({ path, isReadable: true });
    else known.add(path);
  }
  return errors;
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
