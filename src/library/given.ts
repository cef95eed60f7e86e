/** What callers give, checked and in the terms of the rooms below. */
import { resolve } from "node:path";
import { defined } from "../core/defined.ts";
import { DynalakeError } from "../core/error.ts";
import type { SnapshotsKept } from "../core/format/snapshots-kept.ts";
import type { NumberForm } from "../core/ports/query-result.ts";
import type { KeySchema } from "../core/values/key.ts";
import type { GivenSchema } from "../embedded/schemas/given-schema.ts";
import type { GivenFile } from "../files/given-file.ts";
import type { SourceConfig } from "../source/source-connection.ts";
import type { OpenOptions, Origin } from "./options.ts";
import type { TableKey, TableSchema } from "./schema.ts";

const NUMBER_FORMS: readonly unknown[] = ["safe", "bigint", "string"] satisfies readonly NumberForm[];

/** Throws USAGE unless it is a form in which numbers can be asked for. */
export function requireNumberForm(form: unknown): void {
  if (!NUMBER_FORMS.includes(form))
    throw new DynalakeError("USAGE", `numbers is "${String(form)}", not "bigint" or "string"`);
}

/** Seconds since the epoch. Throws USAGE for a Date that is none. */
export function secondsOf(time: Date): number {
  const milliseconds = time instanceof Date ? time.getTime() : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new DynalakeError("USAGE", "the given time is not a valid Date");
  return Math.floor(milliseconds / 1000);
}

/** Throws USAGE unless the value is a string. */
export function requireText(name: string, value: unknown): void {
  if (typeof value !== "string") throw new DynalakeError("USAGE", `${name} is not a string`);
}

/** Throws USAGE unless the number is at least `min`, and whole if it has to be. */
export function requireNumber(
  name: string,
  value: number | undefined,
  { min, whole = false }: { readonly min: number; readonly whole?: boolean },
): void {
  if (value === undefined) return;
  if (value >= min && Number.isFinite(value) && (!whole || Number.isInteger(value))) return;
  const kind = whole ? "a whole number" : "a number";
  throw new DynalakeError("USAGE", `${name} is ${value}, not ${kind} of at least ${min}`);
}

/** Throws USAGE unless it says how many snapshots are kept. */
export function givenKept(keep: SnapshotsKept | undefined): SnapshotsKept | undefined {
  if (keep === undefined || keep === "all") return keep;
  if (typeof keep === "object" && keep !== null)
    requireNumber("keep.seconds", keep.seconds, { min: 1, whole: true });
  else requireNumber("keep", keep, { min: 1, whole: true });
  return keep;
}

export function givenFile(cwd: string, name: string): GivenFile {
  return { name, path: resolve(cwd, name) };
}

export function givenSchema(cwd: string, schema: string | TableSchema): GivenSchema;
export function givenSchema(cwd: string, schema: string | TableSchema | undefined): GivenSchema | undefined;
export function givenSchema(cwd: string, schema: string | TableSchema | undefined): GivenSchema | undefined {
  if (schema === undefined) return undefined;
  if (typeof schema === "string") return { kind: "file", file: givenFile(cwd, schema) };
  return { kind: "content", content: schema };
}

export function givenKey(key: TableKey | undefined): KeySchema | undefined {
  if (key === undefined) return undefined;
  const { hash, range } = key;
  if (typeof hash === "string" && (range === undefined || typeof range === "string"))
    return { hash, ...defined({ range }) };
  throw new DynalakeError("USAGE", "the given key does not name its attributes", {
    next: 'Give { hash: "ATTRIBUTE" }, or { hash: "ATTRIBUTE", range: "ATTRIBUTE" }.',
  });
}

/** Throws USAGE unless the origin names either a table or an export. */
export function requireOrigin(from: Origin): void {
  const { source, export: folder } = from as { readonly source?: unknown; readonly export?: unknown };
  if ((typeof source === "string") !== (typeof folder === "string")) return;
  throw new DynalakeError("USAGE", "an origin is either a source table or an export", {
    next: 'Give { source: "TABLE" } or { export: "FOLDER" }.',
  });
}

/** Only what is given: a remembered address fills in the rest. */
export function sourceConfig({ source = {} }: OpenOptions): SourceConfig {
  const { endpoint, region, credentials, environment = process.env } = source;
  return { environment, ...defined({ endpoint, region, credentials }) };
}
