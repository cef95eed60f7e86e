/** Recordings in a lake's bucket: what was put aside there, and what people have put there. */
import type { Deployment } from "../aws/deployment.ts";
import type { Recorded } from "../core/delivery/recorded-events.ts";
import type { Recording } from "../core/delivery/recording.ts";
import { DynalakeError } from "../core/error.ts";
import { errorsFolder, failedBatchesFolder, quarantineFolder } from "../core/format/lake-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { readRecording } from "../files/recorded-file.ts";

/** s3://bucket/key; a key that ends in "/" is a folder. */
export function isAddress(file: string): boolean {
  return file.startsWith("s3://");
}

/** The paths of the objects at an address in the lake, in order; throws USAGE or INPUT_INVALID. */
export async function objectsAt(
  store: ObjectStore,
  deployment: Deployment,
  address: string,
): Promise<readonly string[]> {
  const { bucket, table } = deployment;
  // breakage: replay-from-own-bucket
  const key = address.startsWith(`s3://${bucket}/`) ? address.slice(`s3://${bucket}/`.length) : undefined;
  if (key === undefined || key.split("/").some((name) => name === ".." || name === ".")) {
    throw new DynalakeError("USAGE", `${address} is not in the bucket of the lake, s3://${bucket}`, {
      next: "Copy it to this machine with `aws s3 cp`, and give the file.",
    });
  }
  const [, owner] = /^([^/]+)\/(?:quarantine|errors)\//.exec(key) ?? [];
  // breakage: put-aside-of-one-table
  if (owner !== undefined && owner !== table) {
    throw new DynalakeError("USAGE", `${address} was put aside for table "${owner}", not for "${table}"`, {
      next: "Choose the lake table with --table, or its stack with --stack.",
    });
  }
  if (key !== "" && !key.endsWith("/")) return [key];
  const paths = (await store.list(key)).map(({ path }) => path);
  if (paths.length > 0) return paths;
  throw new DynalakeError("INPUT_INVALID", `${address} holds no objects`);
}

/** What an object holds, or undefined if that is no recording. */
export function recordingIn(name: string, content: Uint8Array): Recording | undefined {
  try {
    return readRecording(name, content);
  } catch (error) {
    if (error instanceof DynalakeError && error.code === "INPUT_INVALID") return undefined;
    throw error;
  }
}

/** Throws INPUT_INVALID where the object is not there, holds no recording, or one of another table. */
export async function readObject(
  store: ObjectStore,
  deployment: Deployment,
  path: string,
): Promise<Recording> {
  const file = `s3://${deployment.bucket}/${path}`;
  const content = await store.read(path);
  if (content === undefined) {
    throw new DynalakeError("INPUT_INVALID", `there is no ${file}`, {
      next: 'Check the key; a folder ends in "/".',
    });
  }
  const recording = readRecording(file, content);
  // breakage: replay-from-own-stream
  const other = recording.records.map(sourceOf).find((arn) => arn !== undefined && !isOf(deployment, arn));
  if (other === undefined) return recording;
  throw new DynalakeError("INPUT_INVALID", `${file} holds changes of another table: ${other}`, {
    next: "Replay it into the lake table of that source, with its --stack.",
  });
}

function sourceOf(record: Recorded): string | undefined {
  if (typeof record !== "string" || !record.includes('"eventSourceARN"')) return undefined;
  try {
    const { eventSourceARN } = JSON.parse(record) as { readonly eventSourceARN?: unknown };
    return typeof eventSourceARN === "string" ? eventSourceARN : undefined;
  } catch {
    // Text that is not JSON goes to quarantine.
    return undefined;
  }
}

function isOf({ sourceTableArn }: Deployment, streamArn: string): boolean {
  return streamArn === sourceTableArn || streamArn.startsWith(`${sourceTableArn}/`);
}

/** Whether the object was put aside by the deployment, and has done its duty once its records are delivered. */
export function wasPutAside({ table, mappingIds }: Deployment, path: string): boolean {
  const folders = [quarantineFolder(table), errorsFolder(table), ...mappingIds.map(failedBatchesFolder)];
  return folders.some((folder) => path.startsWith(folder)); // breakage: only-put-aside-removed
}

/** When a batch of the deployment's source failed for good, according to its path; undefined for other objects. */
export function failedAtSeconds({ mappingIds }: Deployment, path: string): number | undefined {
  // breakage: batches-of-former-mappings-are-the-sources
  if (!mappingIds.some((id) => path.startsWith(failedBatchesFolder(id)))) return undefined;
  const [, day, hours, minutes, seconds] =
    /\/(\d{4}-\d\d-\d\d)T(\d\d)\.(\d\d)\.(\d\d)-[^/]*$/.exec(path) ?? [];
  // A name that Lambda did not give: as of now, all tables are served.
  if (day === undefined) return Number.POSITIVE_INFINITY;
  return Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`) / 1000;
}
