/**
 * A place in a bucket from which DynamoDB's import makes a table: data files below `items/`, which the import reads and where nothing
 * else may lie, and beside them `_dynalake.json`, which comes last and says that all of them are there.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DynalakeError } from "../core/error.ts";
import { fileError } from "../files/file-error.ts";
import { awsError } from "../sdk/aws-error.ts";
import { clientOptions } from "../sdk/clients.ts";
import { withoutLog } from "../sdk/without-log.ts";
import { type ImportPlace, importAddress, itemsPrefix } from "./import-place.ts";
import type { SourceConfig } from "./source-connection.ts";

export interface ImportFile {
  /** On this machine. */
  readonly file: string;
  /** In base64. The service compares it. */
  readonly md5: string;
}

const MARK = "_dynalake.json";

/** Its calls fail with CREDENTIALS, UNREACHABLE, THROTTLED or STORE_FAILED, and with the signal's reason. */
export class ImportBucket {
  readonly #client: S3Client;
  readonly #place: ImportPlace;
  readonly #signal: AbortSignal;
  /** Bytes by key. */
  readonly #uploaded: Map<string, number> = new Map();

  constructor(place: ImportPlace, { region, credentials }: SourceConfig, signal: AbortSignal) {
    this.#place = place;
    this.#signal = signal;
    const options = clientOptions(region === undefined ? {} : { region });
    this.#client = withoutLog(
      new S3Client({
        ...options,
        ...(credentials === undefined ? {} : { credentials }),
        followRegionRedirects: true,
      }),
    );
  }

  /** Throws USAGE if an object lies there: an import would read it, too. */
  async requireEmpty(): Promise<void> {
    const first = await this.#listed(this.#place.prefix).next();
    if (first.done === true) return; // breakage: import-into-empty-place
    throw new DynalakeError(
      "USAGE",
      `${importAddress(this.#place)} is not empty: it has ${first.value.key}`,
      {
        next: "Choose another prefix, or delete what lies there: an import reads every object.",
      },
    );
  }

  /** Resolves to the file's size. */
  async upload({ file, md5 }: ImportFile): Promise<number> {
    const key = `${itemsPrefix(this.#place)}${basename(file)}`;
    const content = await readFile(file).catch((error: unknown) => {
      throw fileError(error, file);
    });
    this.#uploaded.set(key, content.length);
    await this.#put({ Key: key, Body: content, ContentMD5: md5 });
    return content.length;
  }

  /** The commit point: a place with this object has every file whole, and no other. Resolves to its address. */
  async complete(manifest: object): Promise<string> {
    const changed = await this.#changed();
    if (changed !== undefined)
      throw new DynalakeError(
        "STORE_FAILED",
        `${importAddress(this.#place)} changed during the upload: ${changed}`,
        { next: "Choose another prefix that nothing else writes to." },
      );
    const key = `${this.#place.prefix}${MARK}`;
    await this.#put({
      Key: key,
      Body: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`),
      IfNoneMatch: "*",
    });
    return `s3://${this.#place.bucket}/${key}`;
  }

  /** An object that is not as it was uploaded, or was not uploaded; undefined where there is none. */
  async #changed(): Promise<string | undefined> {
    const left = new Map(this.#uploaded);
    for await (const { key, bytes } of this.#listed(itemsPrefix(this.#place))) {
      if (left.get(key) !== bytes) return key; // breakage: import-has-its-files-alone
      left.delete(key);
    }
    return left.keys().next().value;
  }

  /** Takes back what was uploaded. A failure of that must not hide the one that led here: what stays has no mark. */
  async abandon(): Promise<void> {
    for (const Key of this.#uploaded.keys())
      await this.#client
        .send(new DeleteObjectCommand({ Bucket: this.#place.bucket, Key }))
        .catch(() => undefined);
  }

  close(): void {
    this.#client.destroy();
  }

  async #put(object: {
    readonly Key: string;
    readonly Body: Uint8Array;
    readonly ContentMD5?: string;
    readonly IfNoneMatch?: string;
  }): Promise<void> {
    const command = new PutObjectCommand({ Bucket: this.#place.bucket, ...object });
    await this.#attempt(`write s3://${this.#place.bucket}/${object.Key}`, () =>
      this.#client.send(command, { abortSignal: this.#signal }),
    );
  }

  /** Page by page: a place that somebody else fills may have any number of objects. */
  async *#listed(prefix: string): AsyncGenerator<{ readonly key: string; readonly bytes: number }> {
    const { bucket: Bucket } = this.#place;
    for (let token: string | undefined; ; ) {
      const command = new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken: token });
      const page = await this.#attempt(`list s3://${Bucket}/${prefix}`, () =>
        this.#client.send(command, { abortSignal: this.#signal }),
      );
      for (const { Key: key = "", Size: bytes = 0 } of page.Contents ?? []) yield { key, bytes };
      token = page.NextContinuationToken;
      if (token === undefined) return;
    }
  }

  async #attempt<T>(attempt: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      this.#signal.throwIfAborted();
      throw awsError(error, { service: "S3", attempt, otherwise: "STORE_FAILED" });
    }
  }
}
