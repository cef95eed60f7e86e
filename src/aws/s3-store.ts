/** The object store in an S3 bucket, whose root is the root of the lake. */
import { randomUUID } from "node:crypto";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
  type _Object as S3Object,
} from "@aws-sdk/client-s3";
import { DynalakeError } from "../core/error.ts";
import {
  LISTED_MAX,
  type ObjectStore,
  pathInside,
  READ_BYTES_MAX,
  type StoredObject,
  tooLarge,
} from "../core/ports/object-store.ts";
import { awsError, awsFailure, isPassingFailure } from "../sdk/aws-error.ts";
import { backoffMs, serviceBackoff, systemTiming, type Timing } from "../sdk/timing.ts";

export interface S3StoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly timing?: Timing;
}

/** AWS: S3 API reference, DeleteObjects. */
const REMOVED_AT_ONCE_MAX = 1000;
const TRIES_MAX = 6;
/** Object metadata by which the creator recognizes its object. */
const CREATION = "dynalake-creation";

export function s3Store(options: S3StoreOptions): ObjectStore {
  const place: Place = { timing: systemTiming, ...options };
  return {
    read: async (path) => read(place, pathInside(path)),
    list: async (prefix) => {
      const objects: StoredObject[] = [];
      for await (const { Key: path = "", Size: bytes = 0, LastModified } of listed(place, prefix))
        objects.push({ path, bytes, modifiedMs: LastModified?.getTime() ?? 0 });
      return objects;
    },
    names: async (prefix, after) => {
      const names: string[] = [];
      for await (const { Key = "" } of listed(place, prefix, after)) names.push(Key);
      return names;
    },
    folders: async (prefix) => {
      const names: string[] = [];
      for await (const page of pages(place, { Prefix: pathInside(prefix), Delimiter: "/" })) {
        for (const { Prefix: folder = "" } of page.CommonPrefixes ?? [])
          names.push(folder.slice(prefix.length, -1));
        requireListable(place, prefix, names.length);
      }
      return names;
    },
    create: async (path, content) => create(place, pathInside(path), content),
    replace: async (path, content) => {
      const input = { Bucket: place.bucket, Key: pathInside(path), Body: content };
      await place.client.send(new PutObjectCommand(input)).catch(failed(place, "write", path));
    },
    remove: async (paths) => {
      for (const path of paths) pathInside(path);
      for (let at = 0; at < paths.length; at += REMOVED_AT_ONCE_MAX)
        await remove(place, paths.slice(at, at + REMOVED_AT_ONCE_MAX));
    },
  };
}

type Place = S3StoreOptions & { readonly timing: Timing };

/** Throws the error for a failed operation on a path. */
function failed(place: Place, operation: string, path: string): (error: unknown) => never {
  return (error) => {
    const attempt = `${operation} s3://${place.bucket}/${path}`;
    throw awsError(error, { service: "S3", attempt, otherwise: "STORE_FAILED" });
  };
}

async function pause(place: Place, failures: number): Promise<void> {
  await place.timing.sleep(backoffMs(serviceBackoff, failures, place.timing), new AbortController().signal);
}

async function read(place: Place, path: string): Promise<Uint8Array | undefined> {
  const input = { Bucket: place.bucket, Key: path };
  for (let tries = 1; ; tries++) {
    try {
      const { Body, ContentLength = 0 } = await place.client.send(new GetObjectCommand(input));
      if (ContentLength > READ_BYTES_MAX) {
        (Body as { destroy?: () => void } | undefined)?.destroy?.();
        throw tooLarge(`s3://${place.bucket}/${path}`, ContentLength);
      }
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (awsFailure(error).name === "NoSuchKey") return undefined;
      // The SDK retries requests, but not a body that breaks off.
      if (tries === TRIES_MAX || !isPassingFailure(error)) failed(place, "read", path)(error);
    }
    await pause(place, tries);
  }
}

/**
 * One conditional request. If the answer is that the object exists, this very call may have created it, because the SDK
 * resends a request whose answer was lost. The object's metadata decides.
 */
async function create(place: Place, path: string, content: Uint8Array): Promise<"created" | "exists"> {
  const creation = randomUUID();
  const input = {
    Bucket: place.bucket,
    Key: path,
    Body: content,
    IfNoneMatch: "*",
    Metadata: { [CREATION]: creation },
  };
  for (let tries = 1; ; tries++) {
    try {
      await place.client.send(new PutObjectCommand(input));
      return "created";
    } catch (error) {
      const { name } = awsFailure(error);
      if (name === "PreconditionFailed")
        return (await creationOf(place, path)) === creation ? "created" : "exists";
      // Another request on the object is in progress, with an unknown outcome.
      if (name !== "ConditionalRequestConflict" || tries === TRIES_MAX) failed(place, "create", path)(error);
    }
    await pause(place, tries);
  }
}

/** The call that created the object, if its metadata says so. */
async function creationOf(place: Place, path: string): Promise<string | undefined> {
  try {
    const head = await place.client.send(new HeadObjectCommand({ Bucket: place.bucket, Key: path }));
    return head.Metadata?.[CREATION];
  } catch (error) {
    // It existed a moment ago, and no process removes what this call created.
    if (awsFailure(error).httpStatus === 404) return undefined;
    return failed(place, "read the metadata of", path)(error);
  }
}

async function* listed(place: Place, prefix: string, after?: string): AsyncGenerator<S3Object> {
  const start = after === undefined ? {} : { StartAfter: pathInside(after) };
  let count = 0;
  for await (const { Contents = [] } of pages(place, { Prefix: pathInside(prefix), ...start })) {
    // The S3 console creates an object with the folder's name for an empty folder.
    for (const object of Contents) if (object.Key?.endsWith("/") === false) yield object;
    count += Contents.length;
    requireListable(place, prefix, count);
  }
}

async function* pages(
  place: Place,
  request: Pick<ListObjectsV2CommandInput, "Prefix" | "Delimiter" | "StartAfter">,
): AsyncGenerator<ListObjectsV2CommandOutput> {
  let token: string | undefined;
  do {
    const input = { Bucket: place.bucket, ...request, ...(token && { ContinuationToken: token }) };
    const page: ListObjectsV2CommandOutput = await place.client
      .send(new ListObjectsV2Command(input))
      .catch(failed(place, "list", request.Prefix ?? ""));
    yield page;
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

function requireListable(place: Place, prefix: string, count: number): void {
  if (count <= LISTED_MAX) return;
  throw new DynalakeError(
    "STORE_FAILED",
    `s3://${place.bucket}/${prefix} contains more than ${LISTED_MAX.toLocaleString("en-US")} objects`,
    { next: "Remove the oldest ones from the lake, for example with a lifecycle rule." },
  );
}

/** Retries only the keys that failed temporarily. */
async function remove(place: Place, paths: readonly string[]): Promise<void> {
  let left = paths;
  for (let tries = 1; left.length > 0; tries++) {
    const Objects = left.map((Key) => ({ Key }));
    const input = { Bucket: place.bucket, Delete: { Objects, Quiet: true } };
    const { Errors = [] } = await place.client
      .send(new DeleteObjectsCommand(input))
      .catch(failed(place, "remove", left[0] ?? ""));
    const [first] = Errors;
    if (first === undefined) return;
    if (tries === TRIES_MAX || Errors.some((error) => !PASSING.has(error.Code ?? ""))) {
      const many = Errors.length === 1 ? "" : ` and ${Errors.length - 1} more`;
      failed(place, "remove", `${first.Key ?? ""}${many}`)(keyError(first));
    }
    left = Errors.map((error) => error.Key ?? "");
    await pause(place, tries);
  }
}

const PASSING: ReadonlySet<string> = new Set(["InternalError", "ServiceUnavailable", "SlowDown"]);

/** The error that DeleteObjects reports for a key, in the form of a failed call. */
function keyError(said: {
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
}): Error {
  const error = Object.assign(new Error(said.Message ?? ""), { $fault: "client" });
  error.name = said.Code ?? "Error";
  return error;
}
