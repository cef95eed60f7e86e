/** An object of S3 that is compressed and uploaded while it is written, in bounded memory. It appears when it is whole. */
import { once } from "node:events";
import { createGzip } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { awsError } from "../sdk/aws-error.ts";

export interface GzipUpload {
  /** Is done with the bytes when it returns. */
  write(bytes: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  /** Takes back what was uploaded. */
  abort(): Promise<void>;
}

export interface UploadPlace {
  readonly bucket: string;
  readonly clients: { readonly s3: S3Client };
}

/** `onFailure` is called once, when the upload fails: what is read for it need not be read on. */
export function gzipUpload(
  { bucket, clients }: UploadPlace,
  path: string,
  onFailure: (failure: Error) => void,
): GzipUpload {
  const gzip = createGzip({ level: 1 });
  const params = { Bucket: bucket, Key: path, Body: gzip };
  const upload = new Upload({ client: clients.s3, params, queueSize: 2 });
  const uploaded = upload.done().catch((error: unknown) => {
    const failure = awsError(error, { attempt: `write ${path}`, service: "S3", otherwise: "STORE_FAILED" });
    gzip.destroy(failure);
    onFailure(failure);
    throw failure;
  });
  return {
    write: async (bytes) => {
      // The memory is used again for what comes next.
      if (!gzip.write(Buffer.from(bytes))) await once(gzip, "drain");
    },
    finish: async () => {
      gzip.end();
      await uploaded;
    },
    abort: async () => {
      uploaded.catch(() => undefined);
      await upload.abort();
    },
  };
}
