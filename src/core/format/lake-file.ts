/**
 * The one way to read a file of a lake table: UTF-8, JSON, the number of its format, then its shape. An error names the path: a
 * file that a newer version wrote is LAKE_NEWER, a file that cannot be understood is LAKE_DAMAGED.
 */
import * as z from "zod/mini";
import { checkedShape } from "../checked-shape.ts";
import { DynalakeError } from "../error.ts";

/**
 * The version of the lake's files that this code writes. Since 2, deltas are of all keys: code that expects a delta of each bucket
 * would show rows twice after its next compaction.
 */
export const LAKE_FORMAT = 2;

/**
 * The version of the manifests of a table whose columns have changed: older code would write and read such a column by the name that
 * it had before.
 */
export const EVOLVED_FORMAT = 3;

/** That of a table that keeps several snapshots: older code would delete their files. */
export const SNAPSHOTS_FORMAT = 4;

/** The newest that this code reads. */
export const NEWEST_FORMAT: number = SNAPSHOTS_FORMAT;

/** Those that were ever used. */
const FORMATS: readonly unknown[] = Array.from({ length: NEWEST_FORMAT }, (_, i) => i + 1);

/** A kind of file: what it is called, and what it holds. */
export interface LakeFile<T> {
  /** For people: "manifest", "gap". */
  readonly name: string;
  readonly shape: z.ZodMiniType<T>;
  /** What to do when it cannot be read. Default: the advice of LAKE_DAMAGED. */
  readonly next?: string;
}

/** The last second of the year 9999: calendars and the names of partitions end there. */
const SECONDS_MAX = 253_402_300_799;

/** A moment in a file of the lake: seconds since the epoch. */
export const moment: z.ZodMiniNumber = z.number().check(z.minimum(0), z.maximum(SECONDS_MAX));

/** A name that can be part of a path and of a partition. */
export const safeName: z.ZodMiniString = z.string().check(z.regex(/^[A-Za-z0-9_-]+$/));

/** What the file holds. Throws LAKE_NEWER or LAKE_DAMAGED, naming `path`. */
export function parseLakeFile<T>(file: LakeFile<T>, content: Uint8Array, path: string): T {
  const json = jsonOf(file, lakeFileText(file, content, path), path);
  requireReadable(json, path); // breakage: newer-format-first
  if (!FORMATS.includes(formatOf(json)))
    throw damaged(file, path, "its format is not a number that was ever used");
  const result = checkedShape(file.shape, json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.length === 0 ? "" : `${issue?.path.map(String).join(".")}: `;
  throw damaged(file, path, `${place}${issue?.message}`, result.error);
}

/** The text of a file. Throws LAKE_DAMAGED, naming `path`, if it is not UTF-8. */
export function lakeFileText(
  file: Pick<LakeFile<unknown>, "name">,
  content: Uint8Array,
  path: string,
): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content); // breakage: fatal-decoding
  } catch (cause) {
    throw damaged(file, path, "it is not UTF-8 text", cause);
  }
}

/** Throws LAKE_NEWER, naming `path`, for a file of a newer version. A file without a number is of the first format. */
export function requireReadable(json: unknown, path: string): void {
  const format = formatOf(json);
  if (typeof format !== "number" || format <= NEWEST_FORMAT) return;
  throw new DynalakeError(
    "LAKE_NEWER",
    `${path} has format ${format}; this version reads formats up to ${NEWEST_FORMAT}`,
  );
}

function formatOf(json: unknown): unknown {
  return ((json ?? {}) as { readonly format?: unknown }).format ?? 1;
}

function jsonOf(file: LakeFile<unknown>, text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(file, path, "it is not JSON", cause);
  }
}

function damaged(
  { name, next }: Pick<LakeFile<unknown>, "name" | "next">,
  path: string,
  why: string,
  cause?: unknown,
): DynalakeError {
  return new DynalakeError("LAKE_DAMAGED", `${path} is not a valid ${name}: ${why}`, {
    cause,
    ...(next === undefined ? {} : { next }),
  });
}

const encoder = new TextEncoder();

/** A file as it is written. */
export function lakeFileBytes(value: object): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}
