/** A file in `schemas/` as it is written: its members, and the JSON Schema that is published for editors. */
import * as z from "zod/mini";
import { checkedShape } from "../checked-shape.ts";

export const TIMESTAMP_FORMATS = ["iso", "epoch_seconds", "epoch_millis"] as const;
export type TimestampFormat = (typeof TIMESTAMP_FORMATS)[number];

/** What of a schema follows the data by itself: new columns and types, types alone, or nothing. */
const EVOLVE = ["all", "types", "none"] as const;
export type Evolve = (typeof EVOLVE)[number];

/** docs/schemas.md describes each member. */
export interface SchemaFile {
  $schema?: string | undefined;
  table: string;
  source?: string | undefined;
  key: { hash: string; range?: string | undefined };
  where?: Record<string, ConditionFile> | undefined;
  partitionBy?: string | undefined;
  evolve?: Evolve | undefined;
  /** How often the table's schema has changed when dynalake wrote the file. */
  evolution?: number | undefined;
  attributes: Record<string, AttributeFile>;
  /** How files hold the values of attributes whose columns have changed. Only dynalake's own files have it. */
  forms?: Record<string, ColumnForms> | undefined;
}

/** The columns of files that hold an attribute's values. */
export interface ColumnForms {
  /** The one that is written now, */
  column: string;
  /** and those that were written before, the newest first. */
  earlier: readonly EarlierForm[];
}

interface EarlierForm {
  column: string;
  type: string;
  format?: TimestampFormat | undefined;
}

export interface ConditionFile extends TextTest {
  exists?: boolean | undefined;
  /** None of these is met: what other tables take. */
  not?: readonly TextTest[] | undefined;
}

interface TextTest {
  equals?: string | undefined;
  beginsWith?: string | undefined;
}

export interface AttributeFile {
  name?: string | undefined;
  type?: string | undefined;
  format?: TimestampFormat | undefined;
  set?: boolean | undefined;
  mask?: "sha256" | "drop" | undefined;
  hidden?: boolean | undefined;
}

/** In ASCII as Glue has it; with letters of other scripts in any spelling. */
export const COLUMN_NAME: RegExp = /^(?:[a-z0-9_]{1,255}|(?=.*[^ -~])[\p{L}\p{M}\p{N}_]{1,255})$/u;
const TABLE_NAME = /^[a-z][a-z0-9_]{0,127}$/;

/** With a regular expression, because the length checks of zod also run on values that are not strings. */
const nonEmpty = z.string().check(z.regex(/^[\s\S]{1,255}$/, "a name has 1 to 255 characters"));

const textTests = {
  equals: z.optional(z.string()).check(z.describe("The attribute equals this text or number.")),
  beginsWith: z.optional(z.string()).check(z.describe("The attribute is text that begins with this.")),
};

const textTest = z.strictObject(textTests).check(
  z.refine((test) => Object.keys(test).length === 1, "exactly one of equals and beginsWith is required"),
  z.meta({ minProperties: 1, maxProperties: 1 }),
);

const conditionFile = z
  .strictObject({
    ...textTests,
    not: z
      .optional(z.array(textTest).check(z.minLength(1)))
      .check(z.describe("The attribute meets none of these tests, or does not exist.")),
    exists: z.optional(z.boolean()).check(z.describe("true: the attribute exists. false: it does not.")),
  })
  .check(
    z.refine(
      (condition) => Object.keys(condition).length === 1,
      "exactly one of equals, beginsWith, exists and not is required",
    ),
    z.meta({ minProperties: 1, maxProperties: 1 }),
  );

const attributeFile = z.strictObject({
  name: z
    .optional(
      z.string().check(z.regex(COLUMN_NAME, "a column name contains only lower-case letters, digits and _")),
    )
    .check(
      z.describe(
        "The column's name in SQL. Default: the attribute's name in lower case, with _ for other characters.",
      ),
    ),
  type: z
    .optional(z.string())
    .check(
      z.describe("The column's type as Athena writes it, such as decimal(10,2) or array<struct<year:int>>."),
    ),
  format: z
    .optional(z.enum(TIMESTAMP_FORMATS))
    .check(z.describe("How the attribute stores a timestamp. Default: iso, ISO 8601 text.")),
  set: z
    .optional(z.boolean())
    .check(z.describe("true: the array comes from a DynamoDB set (SS, NS or BS), not from a list.")),
  mask: z
    .optional(z.enum(["sha256", "drop"]))
    .check(
      z.describe(
        "sha256: the column holds a keyed hash of the value. drop: the value never enters the lake.",
      ),
    ),
  hidden: z.optional(z.boolean()).check(z.describe("true: the column is written, and no view shows it.")),
});

const schemaFile = z.strictObject({
  $schema: z.optional(z.string()).check(z.describe("Where editors find the JSON Schema of this file.")),
  table: z
    .string()
    .check(
      z.regex(
        TABLE_NAME,
        "a table name starts with a lower-case letter and contains only lower-case letters, digits and _",
      ),
      z.describe("The name of the lake table in SQL."),
    ),
  source: z.optional(nonEmpty).check(z.describe("The DynamoDB table. Default: the name of the lake table.")),
  key: z
    .strictObject({
      hash: nonEmpty.check(z.describe("The name of the partition key attribute.")),
      range: z
        .optional(nonEmpty)
        .check(z.describe("The name of the sort key attribute, if the table has one.")),
    })
    .check(z.describe("The source table's key.")),
  where: z
    .optional(z.record(z.string(), conditionFile))
    .check(
      z.describe(
        "The items that belong to this table (single-table design): each named attribute meets its condition.",
      ),
    ),
  partitionBy: z
    .optional(z.string())
    .check(
      z.describe("bucket(n) of the key, or year(column), month(column), day(column), identity(column)."),
    ),
  evolve: z
    .optional(z.enum(EVOLVE))
    .check(
      z.describe(
        "What follows the data by itself: all (new columns and wider types), types, or none, the default.",
      ),
    ),
  evolution: z
    .optional(z.number())
    .check(
      z.describe(
        "Written by dynalake: how often the table's schema had changed. It tells an edit from an earlier file.",
      ),
    ),
  attributes: z
    .record(z.string(), attributeFile)
    .check(z.describe("The attributes that become columns. All others are kept in _unmapped.")),
});

const physicalColumn = z.string().check(z.regex(/^[a-z0-9_]{1,255}$/));

const storedSchemaFile = z.extend(schemaFile, {
  forms: z.optional(
    z.record(
      z.string(),
      z.strictObject({
        column: physicalColumn,
        earlier: z.array(
          z.strictObject({
            column: physicalColumn,
            type: z.string(),
            format: z.optional(z.enum(TIMESTAMP_FORMATS)),
          }),
        ),
      }),
    ),
  ),
});

/** Who wrote a file: people, or dynalake itself, which also says how files hold the columns. */
export type SchemaWriter = "people" | "dynalake";

/** What is wrong with a value as a schema file; nothing if it is a `SchemaFile`. */
export function schemaFileIssues(
  json: unknown,
  writer: SchemaWriter,
): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const shape: z.ZodMiniType<SchemaFile> = writer === "people" ? schemaFile : storedSchemaFile;
  const checked = checkedShape(shape, json);
  return checked.success ? protoIssues(json as SchemaFile) : checked.error.issues;
}

const PROTO = "__proto__";
const protoMembers = z.object({ attributes: z.optional(attributeFile), where: z.optional(conditionFile) });

/** DynamoDB allows the attribute name "__proto__", but zod skips a member of that name and leaves it out of its copy. */
function protoIssues({ attributes, where = {} }: SchemaFile): readonly z.core.$ZodIssue[] {
  const own = (members: Record<string, unknown>): unknown =>
    Object.hasOwn(members, PROTO) ? members[PROTO] : undefined;
  return checkedShape(protoMembers, { attributes: own(attributes), where: own(where) }).error?.issues ?? [];
}

/** The published JSON Schema of schema files, for editors. */
export function schemaFileJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schemaFile) as Record<string, unknown>;
  return { $schema, title: "dynalake lake table", ...rest };
}
