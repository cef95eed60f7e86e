/** A schema that a person gives: as a file, or as its content. */
import { readFile } from "node:fs/promises";
import { defined } from "../../core/defined.ts";
import { DynalakeError } from "../../core/error.ts";
import { parseSchema, parseSchemaText, type Schema } from "../../core/schema/schema.ts";
import { jsonFault } from "../../core/values/json-fault.ts";
import { systemCode, systemReason } from "../../files/file-error.ts";
import type { GivenFile } from "../../files/given-file.ts";

/** `content` is what a schema file holds, parsed. */
export type GivenSchema =
  | { readonly kind: "file"; readonly file: GivenFile }
  | { readonly kind: "content"; readonly content: unknown };

/** Where a schema file comes from. */
const WRITTEN_BY =
  "Correct the path. `dynalake infer --source NAME --out FILE` writes a schema file; that of a table in a lake is TABLE/schema.json in its folder.";

/** What messages call it. */
export function nameOfGiven(given: GivenSchema): string {
  return given.kind === "file" ? given.file.name : "the given schema";
}

/** Reads and checks it. Throws SCHEMA_INVALID, SCHEMA_COLLISION or INPUT_INVALID. */
export async function readGivenSchema(given: GivenSchema): Promise<Schema> {
  return given.kind === "file" ? readSchemaFile(given.file) : parseSchema(given.content, nameOfGiven(given));
}

/** Throws SCHEMA_INVALID, SCHEMA_COLLISION or INPUT_INVALID. */
export async function readSchemaFile({ name, path }: GivenFile): Promise<Schema> {
  const unreadable = (why: string, cause: unknown, next?: string): DynalakeError =>
    new DynalakeError("INPUT_INVALID", `${name} cannot be read: ${why}`, { cause, ...defined({ next }) });
  const bytes = await readFile(path).catch((cause: unknown) => {
    const next = systemCode(cause) === "ENOENT" ? WRITTEN_BY : undefined;
    throw unreadable(systemReason(cause), cause, next);
  });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable("it is not UTF-8 text", cause);
  }
  const fault = jsonFault(text);
  if (fault === undefined) return parseSchemaText(text, name);
  const place = `line ${fault.line}, column ${fault.column}`;
  throw new DynalakeError("SCHEMA_INVALID", `${name} is not valid JSON: ${place}: ${fault.why}`);
}
