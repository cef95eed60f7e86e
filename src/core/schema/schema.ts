/**
 * A schema describes one lake table: which items of the source it holds, and which attribute becomes which column.
 * `SchemaFile` is a file in `schemas/` as it is written; `parseSchema` turns it into the checked `Schema` that all else uses.
 */
import { z } from "zod";
import { DynalakeError } from "../error.ts";
import { DuplicateMember, parseJson } from "../values/json-members.ts";
import { type KeySchema, keyAttributes } from "../values/key.ts";
import { type ColumnType, InvalidType, parseColumnType } from "./column-type.ts";
import { type Partitioning, parsePartitioning } from "./partitioning.ts";

/** Columns that every lake table has besides those of its attributes. */
export const METADATA_COLUMNS = ["_op", "_version", "_changed_at", "_expired", "_unmapped"] as const;

/** Names that a column of an attribute cannot have: metadata, and the partition columns of the tables underneath. */
export const RESERVED_COLUMNS: ReadonlySet<string> = new Set([
  ...METADATA_COLUMNS,
  "_key",
  "_segment",
  "_segment_part",
  "_run",
  "dt",
  "hr",
  "ddb_export_timestamp",
]);

export const TIMESTAMP_FORMATS = ["iso", "epoch_seconds", "epoch_millis"] as const;
export type TimestampFormat = (typeof TIMESTAMP_FORMATS)[number];

const COLUMN_NAME = /^[a-z0-9_]{1,255}$/;
/** AWS: the Glue API reference, Column. */
const TYPE_CHARACTERS_MAX = 131_072;
const TABLE_NAME = /^[a-z][a-z0-9_]{0,127}$/;

/** A regular expression, since the bounds of zod's strings look at values that are none. */
const nonEmpty = (): z.ZodString => z.string().regex(/^[\s\S]{1,255}$/, "a name has 1 to 255 characters");

const conditionFile = z
  .strictObject({
    equals: z.string().optional().describe("The attribute is this text or number."),
    beginsWith: z.string().optional().describe("The attribute is text that begins with this."),
    exists: z.boolean().optional().describe("The attribute is there, or is not."),
  })
  .refine(
    (condition) => Object.keys(condition).length === 1,
    "exactly one of equals, beginsWith and exists is needed",
  )
  .meta({ minProperties: 1, maxProperties: 1 });

const attributeFile = z.strictObject({
  name: z
    .string()
    .regex(COLUMN_NAME, "a column name has only lower-case letters, digits and _")
    .optional()
    .describe("The column's name. Default: the attribute's name in lower case, other characters as _."),
  type: z
    .string()
    .optional()
    .describe("The column's type as Athena writes it, for example decimal(10,2) or array<struct<year:int>>."),
  format: z
    .enum(TIMESTAMP_FORMATS)
    .optional()
    .describe("How the attribute writes a timestamp. Default: iso, ISO 8601 text."),
  set: z
    .boolean()
    .optional()
    .describe("The array comes from a DynamoDB set (SS, NS or BS), not from a list."),
  mask: z
    .enum(["sha256", "drop"])
    .optional()
    .describe("sha256: the column holds a keyed hash of the value. drop: the value never enters the lake."),
});

/** A schema file as it is written; docs/schemas.md tells what each member means. */
export interface SchemaFile {
  $schema?: string | undefined;
  table: string;
  source?: string | undefined;
  key: { hash: string; range?: string | undefined };
  where?: Record<string, ConditionFile> | undefined;
  partitionBy?: string | undefined;
  attributes: Record<string, AttributeFile>;
}

export interface ConditionFile {
  equals?: string | undefined;
  beginsWith?: string | undefined;
  exists?: boolean | undefined;
}

export interface AttributeFile {
  name?: string | undefined;
  type?: string | undefined;
  format?: TimestampFormat | undefined;
  set?: boolean | undefined;
  mask?: "sha256" | "drop" | undefined;
}

const schemaFile: z.ZodType<SchemaFile> = z.strictObject({
  $schema: z.string().optional().describe("Where editors find the JSON Schema of this file."),
  table: z
    .string()
    .regex(
      TABLE_NAME,
      "a table name starts with a lower-case letter and has only lower-case letters, digits and _",
    )
    .describe("The name of the lake table in SQL."),
  source: nonEmpty().optional().describe("The DynamoDB table. Default: the lake table's name."),
  key: z
    .strictObject({
      hash: nonEmpty().describe("The name of the partition key attribute."),
      range: nonEmpty().optional().describe("The name of the sort key attribute, where there is one."),
    })
    .describe("The source table's key."),
  where: z
    .record(z.string(), conditionFile)
    .optional()
    .describe(
      "Which items belong to this table (single-table design): every named attribute meets its condition.",
    ),
  partitionBy: z
    .string()
    .optional()
    .describe("bucket(n) of the key, or year(column), month(column), day(column), identity(column)."),
  attributes: z
    .record(z.string(), attributeFile)
    .describe("The attributes that become columns. All others are kept in _unmapped."),
});

export interface Schema {
  readonly table: string;
  readonly source: string;
  readonly key: KeySchema;
  readonly where: readonly Condition[];
  readonly partitioning: Partitioning | undefined;
  readonly columns: readonly Column[];
  /** Attributes whose values never enter the lake. */
  readonly dropped: ReadonlySet<string>;
  /** What the file said, to be written beside the data. */
  readonly file: SchemaFile;
}

export interface Column {
  readonly attribute: string;
  readonly name: string;
  readonly type: ColumnType;
  readonly format: TimestampFormat;
  /** The attribute is a set; meaningful for arrays only. */
  readonly set: boolean;
  readonly masked: boolean;
}

export interface Condition {
  readonly attribute: string;
  readonly test: { readonly equals: string } | { readonly beginsWith: string } | { readonly exists: boolean };
}

/** Reads a schema file's text; `origin` names it in errors. Throws SCHEMA_INVALID or SCHEMA_COLLISION. */
export function parseSchemaText(text: string, origin: string): Schema {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof DuplicateMember)) throw cause;
    throw new DynalakeError("SCHEMA_INVALID", `${origin} is no valid JSON: ${cause.message}`, { cause });
  }
  return parseSchema(json, origin);
}

/** Checks a schema file's content; `origin` names it in errors. Throws SCHEMA_INVALID or SCHEMA_COLLISION. */
export function parseSchema(json: unknown, origin: string): Schema {
  const checked = schemaFile.safeParse(json);
  const issues = checked.success ? protoIssues(json as SchemaFile) : checked.error.issues;
  if (issues.length > 0) {
    const places = issues.slice(0, 5).map((issue) => `${place(issue.path)}: ${issue.message}`);
    throw new DynalakeError("SCHEMA_INVALID", `${origin}: ${places.join("; ")}`);
  }
  // Not zod's copy, which lacks what `protoIssues` has checked.
  const file = json as SchemaFile;
  const invalid = (path: readonly PropertyKey[], why: string): never => {
    throw new DynalakeError("SCHEMA_INVALID", `${origin}: ${place(path)}: ${why}`);
  };
  const columns = parseColumns(file, invalid);
  requireDistinctNames(columns, origin);
  const key: KeySchema =
    file.key.range === undefined ? { hash: file.key.hash } : { hash: file.key.hash, range: file.key.range };
  if (key.hash === key.range) invalid(["key", "range"], "the sort key is the partition key");
  for (const attribute of keyAttributes(key)) {
    if (Object.hasOwn(file.attributes, attribute) && file.attributes[attribute]?.mask !== undefined) {
      invalid(["attributes", attribute, "mask"], "a key attribute cannot be masked");
    }
  }
  return {
    table: file.table,
    source: file.source ?? file.table,
    key,
    where: Object.entries(file.where ?? {}).map(([attribute, test]) => ({ attribute, test }) as Condition),
    partitioning: parsePartitioning(file.partitionBy, columns, (why) => invalid(["partitionBy"], why)),
    columns,
    dropped: new Set(Object.keys(file.attributes).filter((name) => file.attributes[name]?.mask === "drop")),
    file,
  };
}

const PROTO = "__proto__";
const protoMembers = z.object({ attributes: attributeFile.optional(), where: conditionFile.optional() });

/** zod passes over a member called "__proto__" and leaves it out of its copy; DynamoDB allows it as an attribute's name. */
function protoIssues({ attributes, where = {} }: SchemaFile): readonly z.core.$ZodIssue[] {
  const own = (members: Record<string, unknown>): unknown =>
    Object.hasOwn(members, PROTO) ? members[PROTO] : undefined;
  return protoMembers.safeParse({ attributes: own(attributes), where: own(where) }).error?.issues ?? [];
}

type Refuse = (path: readonly PropertyKey[], why: string) => never;

function parseColumns(file: SchemaFile, invalid: Refuse): readonly Column[] {
  const columns: Column[] = [];
  for (const [attribute, spec] of Object.entries(file.attributes)) {
    const path = ["attributes", attribute];
    if (spec.mask === "drop") {
      for (const member of ["type", "name", "format", "set"] as const) {
        if (spec[member] !== undefined) invalid([...path, member], "a dropped attribute has no column");
      }
      continue;
    }
    const name = spec.name ?? columnName(attribute);
    if (!COLUMN_NAME.test(name)) invalid([...path, "name"], "a name is needed: the attribute's own is empty");
    if (RESERVED_COLUMNS.has(name))
      invalid([...path, "name"], `"${name}" is the name of a column of dynalake's own`);
    const type = parseType(spec.type ?? (spec.mask === "sha256" ? "string" : undefined), path, invalid);
    if (spec.mask === "sha256" && type.kind !== "string")
      invalid([...path, "type"], "a masked column is a string");
    if (spec.format !== undefined && type.kind !== "timestamp")
      invalid([...path, "format"], "only a timestamp has a format");
    if (spec.set === true && !isSetType(type)) {
      invalid([...path, "set"], "only an array of string, numbers or binary comes from a set");
    }
    const masked = spec.mask === "sha256";
    columns.push({ attribute, name, type, format: spec.format ?? "iso", set: spec.set ?? false, masked });
  }
  return columns;
}

function parseType(text: string | undefined, path: readonly string[], invalid: Refuse): ColumnType {
  if (text === undefined) return invalid(path, "a type is missing");
  if (text.length > TYPE_CHARACTERS_MAX)
    return invalid([...path, "type"], "a type has at most 131,072 characters");
  try {
    return parseColumnType(text);
  } catch (error) {
    if (!(error instanceof InvalidType)) throw error;
    return invalid([...path, "type"], error.message);
  }
}

function isSetType(type: ColumnType): boolean {
  return (
    type.kind === "array" &&
    ["string", "int", "bigint", "double", "decimal", "binary"].includes(type.element.kind)
  );
}

function requireDistinctNames(columns: readonly Column[], origin: string): void {
  const byName = new Map<string, Column>();
  for (const column of columns) {
    const twin = byName.get(column.name);
    if (twin) {
      throw new DynalakeError(
        "SCHEMA_COLLISION",
        `${origin}: the attributes "${twin.attribute}" and "${column.attribute}" both become the column "${column.name}"`,
      );
    }
    byName.set(column.name, column);
  }
}

/** The name that an attribute's column has by default: lower case, and _ for what a column name cannot hold. */
export function columnName(attribute: string): string {
  return attribute
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, "_")
    .slice(0, 255);
}

/** The name of the lake table of a source table by default. */
export function tableName(source: string): string {
  const name = source
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, "_")
    .slice(0, 120);
  return /^[a-z]/.test(name) ? name : `t_${name}`;
}

function place(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the file" : path.map(String).join(".");
}

/** The published JSON Schema of schema files, for editors. */
export function schemaFileJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schemaFile) as Record<string, unknown>;
  return { $schema, title: "dynalake lake table", ...rest };
}
