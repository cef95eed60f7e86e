/** Reads a lake table's schema file while the app is synthesized. */
import { readFileSync } from "node:fs";
import { DynalakeError } from "../src/core/error.ts";
import { parseSchemaText, type Schema } from "../src/core/schema/schema.ts";

/** Throws USAGE if the file cannot be read, SCHEMA_INVALID or SCHEMA_COLLISION if it is invalid. */
export function deployedSchemaFile(path: string): Schema {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code = "unreadable" } = cause as { readonly code?: string };
    throw new DynalakeError("USAGE", `cannot read schema file ${path}: ${code}`, {
      cause,
      next: "Check the path; `dynalake infer` can write a schema file from a table.",
    });
  }
  return parseSchemaText(text, path);
}
