/** Where in a bucket the files of an import lie, and the address by which people name it. */
import { DynalakeError } from "../core/error.ts";

export interface ImportPlace {
  readonly bucket: string;
  /** Empty for the whole bucket; otherwise it ends in "/". */
  readonly prefix: string;
}

/** `s3://bucket/prefix`. Throws USAGE. */
export function importPlace(address: string): ImportPlace {
  const [, bucket, path = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(address) ?? [];
  const names = path.split("/");
  if (names.at(-1) === "") names.pop();
  if (bucket === undefined || names.some((name) => name === "" || name === "." || name === ".."))
    throw new DynalakeError("USAGE", `"${address}" is not an address such as s3://bucket/prefix`);
  return { bucket, prefix: names.map((name) => `${name}/`).join("") };
}

/** What the import reads. */
export function itemsPrefix({ prefix }: ImportPlace): string {
  return `${prefix}items/`;
}

export function importAddress({ bucket, prefix }: ImportPlace): string {
  return `s3://${bucket}/${prefix}`;
}
