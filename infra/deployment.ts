/**
 * The stacks of this repository's app: the lake, the example, and the tables named in the context.
 *
 * Context (cdk.json, or `-c name=value`):
 *   exports   [{ table, schema, stackName? }]: existing tables and their schema files; a table that is there again gets
 *             another lake table, in the stack of the first. Of a table of another account, `table` and `stream` are ARNs, and
 *             `ownerRole` is the role by which it is exported; `encryptionKey` is the ARN of its KMS key, if it has one
 *   table, schema, stackName   one more entry
 *   example   false leaves the Reviews table out
 *   database  the lake's name. Default: dynalake
 *   email     address that receives failures and alarms
 *   encryption  kms: encrypt with a key created for the lake
 *   lakeFormation  true: Lake Formation governs the catalog
 *   readers   ["name"]: readers with work groups of their own
 *   doctor    true: the doctor's own table
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Annotations, type App, type Environment } from "aws-cdk-lib";
import * as z from "zod/mini";
import { type CommittedTable, deployedEdit, requireDeployable } from "../src/aws/deployed-change.ts";
import { checkedShape } from "../src/core/checked-shape.ts";
import { defined } from "../src/core/defined.ts";
import { DynalakeError } from "../src/core/error.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import type { LakeTables } from "./deployed-lake.ts";
import { describeTable, type TableApi } from "./describe-table.ts";
import { DoctorStack } from "./doctor-stack.ts";
import { type ExistingTable, ExportStack } from "./export-stack.ts";
import { LakeStack } from "./lake-stack.ts";
import { pascal } from "./names.ts";
import { ReviewsStack } from "./reviews-stack.ts";
import { deployedSchemaFile } from "./schema-file.ts";

const exportEntry = z.strictObject({
  table: z.string().check(z.minLength(1)),
  schema: z.string().check(z.minLength(1)),
  stackName: z.optional(
    z
      .string()
      .check(
        z.regex(
          /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
          "a stack name starts with a letter and contains only letters, digits and hyphens",
        ),
      ),
  ),
  stream: z.optional(z.string().check(z.minLength(1))),
  ownerRole: z.optional(z.string().check(z.minLength(1))),
  encryptionKey: z.optional(z.string().check(z.minLength(1))),
});

const contextOf = z.object({
  exports: z._default(fromText(z.array(exportEntry)), []),
  table: z.optional(z.string().check(z.minLength(1))),
  schema: z.optional(z.string().check(z.minLength(1))),
  stackName: exportEntry.shape.stackName,
  example: z._default(fromText(z.boolean()), true),
  doctor: z._default(fromText(z.boolean()), false),
  database: z.optional(z.string()),
  email: z.optional(z.string()),
  encryption: z.optional(z.literal("kms")),
  lakeFormation: z._default(fromText(z.boolean()), false),
  readers: z._default(fromText(z.array(z.string())), []),
});

type Context = z.infer<typeof contextOf>;
type ExportEntry = z.infer<typeof exportEntry>;

/** Values given with -c arrive as text. */
function fromText<T extends z.ZodMiniType>(type: T) {
  return z.pipe(z.transform(parsedText), type);
}

function parsedText(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

export interface DeploymentOptions {
  readonly env: Environment;
  /** Called only if the context names a table. */
  readonly connect: () => TableApi;
  /** Asked about those tables only: what existing deployments have. */
  readonly lakeTables: LakeTables;
  /** The folder of this repository, which contains the example's schema. */
  readonly root: string;
}

/** Adds the stacks. Throws USAGE for an invalid context, and the errors of describing the tables and reading the schemas. */
export async function addStacks(app: App, options: DeploymentOptions): Promise<void> {
  const context = readContext(app);
  const described = await describeAll(exportsOf(context), options);
  const { env } = options;
  const { lake } = new LakeStack(app, "DynalakeLake", {
    env,
    ...(context.database === undefined ? {} : { databaseName: context.database }),
    ...(context.email === undefined ? {} : { email: context.email }),
    lakeFormation: context.lakeFormation,
    readers: context.readers,
    ...(context.encryption === undefined ? {} : { encryption: context.encryption }),
  });
  if (context.example) {
    new ReviewsStack(app, "DynalakeReviews", {
      env,
      lake,
      schemaFile: `${options.root}/schemas/reviews.json`,
    });
  }
  if (context.doctor)
    new DoctorStack(app, "DynalakeDoctor", { env, lake, schemaFile: `${options.root}/schemas/doctor.json` });
  const stacks = new Map<string, ExportStack>();
  for (const { id, ownerRoleArn, schemaFile, table, unknown } of described) {
    const known = stacks.get(table.tableArn);
    const stack =
      known ?? new ExportStack(app, id, { env, lake, schemaFile, table, ...defined({ ownerRoleArn }) });
    if (known === undefined) {
      stacks.set(table.tableArn, stack);
      writeOwnerSetup(app, stack);
    } else stack.addTable({ schemaFile });
    if (unknown !== undefined) Annotations.of(stack).addWarningV2("dynalake:lake-schema", unknown);
  }
}

/** What the owner of a table of another account attaches before the stack is deployed, beside the templates. */
function writeOwnerSetup(app: App, stack: ExportStack): void {
  const { ownerSetup } = stack.lake;
  if (ownerSetup === undefined) return;
  const file = join(app.outdir, `${stack.stackName}.owner.json`);
  writeFileSync(file, `${JSON.stringify(ownerSetup, null, 2)}\n`);
  Annotations.of(stack).addInfoV2(
    "dynalake:owner-setup",
    `The owner of the table attaches what is in ${file}`,
  );
}

function readContext(app: App): Context {
  const given = Object.fromEntries(
    Object.keys(contextOf.shape).map((name) => [name, app.node.tryGetContext(name) as unknown]),
  );
  const checked = checkedShape(contextOf, given);
  if (checked.success) return checked.data;
  const places = checked.error.issues.map(({ message, path }) => `${path.map(String).join(".")}: ${message}`);
  throw new DynalakeError("USAGE", `invalid CDK context: ${places.join("; ")}`, {
    next: "Correct the value in cdk.json or after -c.",
  });
}

function exportsOf({ exports, schema, stackName, table }: Context): readonly ExportEntry[] {
  if (table === undefined && schema === undefined) return exports;
  if (table === undefined || schema === undefined) {
    throw new DynalakeError("USAGE", "the context needs both a table and a schema file", {
      next: "Pass both: -c table=Orders -c schema=schemas/orders.json.",
    });
  }
  return [...exports, { table, schema, ...(stackName === undefined ? {} : { stackName }) }];
}

interface DescribedExport {
  /** The stack's name. */
  readonly id: string;
  readonly schemaFile: string;
  readonly table: ExistingTable;
  /** Of a table of another account. */
  readonly ownerRoleArn: string | undefined;
  /** A warning, if the schema could not be compared with the lake's. */
  readonly unknown: string | undefined;
}

async function describeAll(
  entries: readonly ExportEntry[],
  { connect, lakeTables }: Pick<DeploymentOptions, "connect" | "lakeTables">,
): Promise<readonly DescribedExport[]> {
  let api: TableApi | undefined;
  try {
    const described: DescribedExport[] = [];
    for (const entry of entries) {
      const schema = deployedSchemaFile(entry.schema);
      const { ownerRole: ownerRoleArn } = entry;
      let table = foreignTable(entry, schema);
      if (table === undefined) {
        api ??= connect();
        table = await describeTable(api, entry.table, schema);
      }
      const first = described.find(({ table: { tableArn } }) => tableArn === table.tableArn);
      if (first !== undefined) requireSameOwner(first, { schemaFile: entry.schema, table, ownerRoleArn });
      const id = stackIdOf(entry, first?.id ?? `Dynalake${pascal(schema.table)}`, first !== undefined);
      const unknown = await requireFits(lakeTables, id, entry.schema);
      described.push({ id, schemaFile: entry.schema, table, ownerRoleArn, unknown });
    }
    return described;
  } finally {
    api?.close();
  }
}

const TABLE_ARN = /^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[\w.-]+$/;

/** A table of another account, as the context gives it: who deploys may not describe it. Throws USAGE. */
function foreignTable(
  { encryptionKey, ownerRole, stream, table }: ExportEntry,
  schema: Schema,
): ExistingTable | undefined {
  if ([encryptionKey, ownerRole, stream].every((arn) => arn === undefined)) return undefined;
  if (ownerRole === undefined || stream === undefined || !TABLE_ARN.test(table)) {
    throw new DynalakeError("USAGE", `table "${table}" of another account is not given by its ARNs`, {
      next: 'Give "table", "stream" and "ownerRole", all of them ARNs.',
    });
  }
  return {
    tableName: table.slice(table.lastIndexOf("/") + 1),
    tableArn: table,
    streamArn: stream,
    key: schema.key,
    ...defined({ encryptionKeyArn: encryptionKey }),
  };
}

type OwnedTable = Pick<DescribedExport, "schemaFile" | "table" | "ownerRoleArn">;

/** The stack of a source table reads it in one way, for all of its lake tables. Throws USAGE. */
function requireSameOwner(first: OwnedTable, other: OwnedTable): void {
  const given = ({ ownerRoleArn, table }: OwnedTable): Readonly<Record<string, string | undefined>> => {
    return { stream: table.streamArn, ownerRole: ownerRoleArn, encryptionKey: table.encryptionKeyArn };
  };
  const [ones, others] = [given(first), given(other)];
  const name = Object.keys(ones).find((each) => ones[each] !== others[each]); // breakage: entries-of-a-table-agree
  if (name === undefined) return;
  const [one = "none", another = "none"] = [ones[name], others[name]];
  throw new DynalakeError(
    "USAGE",
    `the context gives table "${other.table.tableName}" two values of ${name}: ${one} with ${first.schemaFile}, and ${another} with ${other.schemaFile}`,
    { next: `Give both entries the same ${name}.` },
  );
}

/** A source table is read by one stack, for all of its lake tables. Throws USAGE if another one is named for it. */
function stackIdOf({ stackName, table }: ExportEntry, id: string, isTaken: boolean): string {
  if (stackName === undefined || stackName === id) return id;
  if (!isTaken) return stackName;
  throw new DynalakeError("USAGE", `table "${table}" is in stack "${id}" already, not in "${stackName}"`, {
    next: "Leave stackName out where a source table has another lake table.",
  });
}

/** Throws SCHEMA_INVALID if the schema file does not fit the lake's data. Returns a warning if it could not find out. */
async function requireFits(
  lakeTables: LakeTables,
  stackName: string,
  schemaFile: string,
): Promise<string | undefined> {
  const schema = deployedSchemaFile(schemaFile);
  let known: CommittedTable | undefined;
  try {
    known = await lakeTables(stackName, schema.table);
  } catch (error) {
    if (!(error instanceof DynalakeError)) throw error;
    return `Could not check that ${schemaFile} fits the lake's data: ${error.message}`;
  }
  if (known === undefined) return undefined;
  const edit = deployedEdit(known, schema);
  // breakage: earlier-schemas-are-not-synthesized
  if (edit?.kind === "earlier")
    throw new DynalakeError("SCHEMA_INVALID", `${schemaFile} holds an earlier schema of the table`, {
      next: `To go back to it, set "evolution": ${edit.evolution} in it.`,
    });
  requireDeployable(known, schema, schemaFile);
  return undefined;
}
