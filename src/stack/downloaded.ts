/** Objects of a bucket, brought to this machine side by side. */
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { fileError, systemCode } from "../files/file-error.ts";
import { awsError, isPassingFailure } from "../sdk/aws-error.ts";
import { backoffMs, serviceBackoff, systemTiming, type Timing } from "../sdk/timing.ts";

export interface Download {
  readonly client: S3Client;
  readonly bucket: string;
  readonly paths: readonly string[];
  /** Of this machine; it is there, and empty. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly timing?: Timing;
}

const AT_ONCE_MAX = 8;
const TRIES_MAX = 6;

/** The files, in the order of the paths. Fails with STORE_FAILED, CREDENTIALS, UNREACHABLE or DISK_FULL, and with the signal's reason. */
export async function downloadObjects(download: Download): Promise<readonly string[]> {
  const { folder, paths, signal } = download;
  const files = paths.map((_, i) => join(folder, `${i}.parquet`));
  const left = [...paths.entries()];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      signal.throwIfAborted();
      const [i, path] = next;
      try {
        await downloadOne(download, path, files[i] as string);
      } catch (error) {
        left.length = 0;
        throw error;
      }
    }
  };
  const lanes = Array.from({ length: AT_ONCE_MAX }, lane);
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
  return files;
}

/** The SDK retries requests, but not a body that breaks off. */
async function downloadOne(
  { client, bucket, signal, timing = systemTiming }: Download,
  Key: string,
  file: string,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }), {
        abortSignal: signal,
      });
      await pipeline(Body as Readable, createWriteStream(file), { signal });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (isOfDisk(error)) throw fileError(error, file);
      if (tries === TRIES_MAX || !isPassingFailure(error)) {
        const attempt = `read s3://${bucket}/${Key}`;
        throw awsError(error, { service: "S3", attempt, otherwise: "STORE_FAILED" });
      }
    }
    await timing.sleep(backoffMs(serviceBackoff, tries, timing), signal);
  }
}

function isOfDisk(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EACCES", "EROFS", "EIO"].includes(systemCode(error) ?? "");
}
