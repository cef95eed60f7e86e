/** A table's design from a file: the answer of `aws dynamodb describe-table`. */
import { readFile, stat } from "node:fs/promises";
import * as z from "zod/mini";
import { DynalakeError } from "../../core/error.ts";
import type { TableDesign } from "../../core/table/table-design.ts";
import { systemReason } from "../../files/file-error.ts";
import type { GivenFile } from "../../files/given-file.ts";
import { designOf } from "../../source/table-description.ts";

/** A description has some kilobytes. */
const BYTES_MAX = 1_000_000;

const key = z
  .array(z.object({ AttributeName: z.string(), KeyType: z.enum(["HASH", "RANGE"]) }))
  .check(z.minLength(1), z.maxLength(2));
const index = z.object({
  IndexName: z.string(),
  KeySchema: key,
  Projection: z.optional(
    z.object({
      ProjectionType: z.optional(z.enum(["ALL", "KEYS_ONLY", "INCLUDE"])),
      NonKeyAttributes: z.optional(z.array(z.string())),
    }),
  ),
});
const description = z.object({
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(["S", "N", "B"]) }),
  ),
  KeySchema: key,
  LocalSecondaryIndexes: z.optional(z.array(index)),
  GlobalSecondaryIndexes: z.optional(z.array(index)),
});
const answer = z.object({ Table: description });

/** Throws INPUT_INVALID where the file is no such answer. */
export async function readDesignFile({ name, path }: GivenFile): Promise<TableDesign> {
  const parsed = answer.safeParse(jsonOf(name, await readSmall(name, path)));
  if (parsed.success) return designOf(parsed.data.Table);
  const [issue] = parsed.error.issues;
  throw invalid(name, `${issue?.path.map(String).join(".")}: ${issue?.message}`);
}

async function readSmall(name: string, path: string): Promise<string> {
  try {
    if ((await stat(path)).size > BYTES_MAX) throw invalid(name, "it is too large");
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof DynalakeError) throw cause;
    throw new DynalakeError("INPUT_INVALID", `${name} cannot be read: ${systemReason(cause)}`, { cause });
  }
}

function jsonOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(name, "it is not JSON");
  }
}

function invalid(name: string, why: string): DynalakeError {
  return new DynalakeError("INPUT_INVALID", `${name} does not describe a table: ${why}`, {
    next: "Give the answer of `aws dynamodb describe-table --table-name NAME`.",
  });
}
