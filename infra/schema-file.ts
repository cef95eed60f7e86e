/** The schema file of a lake table, read when the app is synthesized. */
import { readFileSync } from "node:fs";
import { DynalakeError } from "../src/core/error.ts";
import { parseSchemaText, type Schema } from "../src/core/schema/schema.ts";

/** Throws USAGE where the file cannot be read, SCHEMA_INVALID or SCHEMA_COLLISION where it is not right. */
export function readSchemaFile(path: string): Schema {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code = "unreadable" } = cause as { readonly code?: string };
    throw new DynalakeError("USAGE", `the schema file ${path} cannot be read: ${code}`, {
      cause,
      next: "Give the path of a schema file; `dynalake infer` writes one from a table.",
    });
  }
  return parseSchemaText(text, path);
}
