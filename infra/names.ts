/**
 * Names that roles know by their patterns: what belongs to a source begins with the source's prefix, what belongs to a lake with
 * the lake's. So no policy lists the tables of a lake, and a stack adds a table without a change of another stack.
 */
import { createHash } from "node:crypto";
import { ArnFormat, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { SourceHandlerName } from "../src/aws/contracts/handlers.ts";
import type { LakePlace } from "./lake-place.ts";

/** Of 64 characters, which functions and delivery streams may have, these and their separators leave no more. */
const LAKE_CHARACTERS_MAX = 16;
const SOURCE_CHARACTERS_MAX = 12;
const TABLE_CHARACTERS_MAX = 16;
const HASH_DIGITS = 8;

/** What the names of a lake begin with. */
export function lakePrefix(databaseName: string): string {
  return `dynalake-${short(databaseName, LAKE_CHARACTERS_MAX)}`;
}

/** A source's name in its lake: by its place in the app. */
export function sourceName(scope: Construct): string {
  const id = scope.node.id.replace(/[^A-Za-z0-9]/g, "").slice(0, SOURCE_CHARACTERS_MAX);
  return `${id}-${scope.node.addr.slice(-HASH_DIGITS)}`.toLowerCase();
}

export function sourceFunctionName(prefix: string, source: string, handler: SourceHandlerName): string {
  return `${prefix}-${source}-${handler}`;
}

/**
 * The name of a function's role that policies of another account name before it exists. Roles belong to all regions, so that their
 * names have to tell them apart.
 */
export function sourceRoleName(functionName: string, region: string): string {
  return `${functionName}-${createHash("sha256").update(region).digest("hex").slice(0, HASH_DIGITS)}`;
}

/** The pattern of the ARNs of all of a lake's sources' functions for a handler. */
export function sourceFunctionsArn(lake: LakePlace, handler: SourceHandlerName): string {
  return Stack.of(lake).formatArn({
    service: "lambda",
    resource: "function",
    resourceName: sourceFunctionName(lakePrefix(lake.databaseName), "*", handler),
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

export function deliveryStreamName(prefix: string, source: string, table: string): string {
  // breakage: delivery-streams-keep-their-names
  return `${prefix}-${source}-${short(table, TABLE_CHARACTERS_MAX)}`;
}

/** The name itself if it is short enough; otherwise its beginning, and a hash of all of it. */
function short(name: string, charactersMax: number): string {
  if (name.length <= charactersMax) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, HASH_DIGITS);
  return `${name.slice(0, charactersMax - HASH_DIGITS - 1)}-${hash}`;
}

/** order_lines becomes OrderLines. */
export function pascal(name: string): string {
  return name
    .split(/[_-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}
