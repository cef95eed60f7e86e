/**
 * The stacks of this repository's own app: the lake, the example, and the tables that the context names.
 *
 * Context (cdk.json, or `-c name=value`):
 *   exports   [{ table, schema, stackName? }]: existing tables with their schema files
 *   table, schema, stackName   one more of them
 *   example   false leaves the Reviews table out
 *   database  the lake's name. Default: dynalake
 *   email     who hears of failures and alarms
 *   encryption  kms: with a key of the lake's own
 */
import type { App, Environment } from "aws-cdk-lib";
import { z } from "zod";
import { DynalakeError } from "../src/core/error.ts";
import { describeTable, type TableApi } from "./describe-table.ts";
import { type ExistingTable, ExportStack } from "./export-stack.ts";
import { LakeStack } from "./lake-stack.ts";
import { pascal } from "./lake-tables.ts";
import { ReviewsStack } from "./reviews-stack.ts";
import { readSchemaFile } from "./schema-file.ts";

const exportEntry = z.strictObject({
  table: z.string().min(1),
  schema: z.string().min(1),
  stackName: z
    .string()
    .regex(
      /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
      "a stack's name begins with a letter and has letters, digits and -",
    )
    .optional(),
});

const contextOf = z.object({
  exports: fromText(z.array(exportEntry)).default([]),
  table: z.string().min(1).optional(),
  schema: z.string().min(1).optional(),
  stackName: exportEntry.shape.stackName,
  example: fromText(z.boolean()).default(true),
  database: z.string().optional(),
  email: z.string().optional(),
  encryption: z.literal("kms").optional(),
});

type Context = z.infer<typeof contextOf>;
type ExportEntry = z.infer<typeof exportEntry>;

/** A value of the command line is text. */
function fromText<T extends z.ZodType>(type: T) {
  return z.preprocess((value) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return value;
    }
  }, type);
}

export interface DeploymentOptions {
  readonly env: Environment;
  /** Asked only where the context names a table. */
  readonly connect: () => TableApi;
  /** The folder of this repository, in which the example's schema lies. */
  readonly root: string;
}

/** Adds the stacks. Throws USAGE for a context that is not right, and whatever the tables and schemas give reason for. */
export async function addStacks(app: App, options: DeploymentOptions): Promise<void> {
  const context = readContext(app);
  const described = await describeAll(exportsOf(context), options.connect);
  const { env } = options;
  const { lake } = new LakeStack(app, "DynalakeLake", {
    env,
    ...(context.database === undefined ? {} : { databaseName: context.database }),
    ...(context.email === undefined ? {} : { email: context.email }),
    ...(context.encryption === undefined ? {} : { encryption: context.encryption }),
  });
  if (context.example) {
    new ReviewsStack(app, "DynalakeReviews", {
      env,
      lake,
      schemaFile: `${options.root}/schemas/reviews.json`,
    });
  }
  for (const { id, schemaFile, table } of described)
    new ExportStack(app, id, { env, lake, schemaFile, table });
}

function readContext(app: App): Context {
  const given = Object.fromEntries(
    Object.keys(contextOf.shape).map((name) => [name, app.node.tryGetContext(name) as unknown]),
  );
  const checked = contextOf.safeParse(given);
  if (checked.success) return checked.data;
  const places = checked.error.issues.map(({ message, path }) => `${path.map(String).join(".")}: ${message}`);
  throw new DynalakeError("USAGE", `the context is not right: ${places.join("; ")}`, {
    next: "Correct cdk.json, or the value behind -c.",
  });
}

function exportsOf({ exports, schema, stackName, table }: Context): readonly ExportEntry[] {
  if (table === undefined && schema === undefined) return exports;
  if (table === undefined || schema === undefined) {
    throw new DynalakeError("USAGE", "a table and its schema file belong together", {
      next: "Give both: -c table=Orders -c schema=schemas/orders.json.",
    });
  }
  return [...exports, { table, schema, ...(stackName === undefined ? {} : { stackName }) }];
}

interface DescribedExport {
  /** The stack's name. */
  readonly id: string;
  readonly schemaFile: string;
  readonly table: ExistingTable;
}

async function describeAll(
  entries: readonly ExportEntry[],
  connect: DeploymentOptions["connect"],
): Promise<readonly DescribedExport[]> {
  if (entries.length === 0) return [];
  const api = connect();
  try {
    const described: DescribedExport[] = [];
    for (const entry of entries) {
      const schema = readSchemaFile(entry.schema);
      const table = await describeTable(api, entry.table, schema);
      const id = entry.stackName ?? `Dynalake${pascal(schema.table)}`;
      described.push({ id, schemaFile: entry.schema, table });
    }
    return described;
  } finally {
    api.close();
  }
}
