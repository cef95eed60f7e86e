/** A lake table as its schema describes it: which items of the source it holds, and which attribute becomes which column. */
import { counted } from "../counted.ts";
import { DynalakeError } from "../error.ts";
import { DuplicateMember, parseJson } from "../values/json-members.ts";
import { type KeySchema, keyAttributes } from "../values/key.ts";
import { type ColumnType, InvalidType, parseColumnType } from "./column-type.ts";
import { type Partitioning, parsePartitioning } from "./partitioning.ts";
import { foldedName, physicalName } from "./physical-name.ts";
import {
  COLUMN_NAME,
  type ColumnForms,
  type Evolve,
  type SchemaFile,
  type SchemaWriter,
  schemaFileIssues,
  type TimestampFormat,
} from "./schema-file.ts";

export type { AttributeFile, ConditionFile, SchemaFile, TimestampFormat } from "./schema-file.ts";

/** Names that the column of an attribute cannot have: metadata, and the partition columns of the underlying tables. */
export const RESERVED_COLUMNS: ReadonlySet<string> = new Set([
  "_op",
  "_version",
  "_changed_at",
  "_expired",
  "_unmapped",
  "_key",
  "_segment",
  "_segment_part",
  "_run",
  "dt",
  "hr",
  "ddb_export_timestamp",
]);

/** Source: "Column", docs.aws.amazon.com/glue/latest/webapi/API_Column.html. */
const TYPE_CHARACTERS_MAX = 131_072;
export const COLUMN_NAME_CHARACTERS_MAX = 255;
const TABLE_NAME_CHARACTERS_DEFAULT = 120;
/** More would make the message of an invalid file hard to read. */
const ISSUES_SHOWN_MAX = 5;

/** A checked schema. `parseSchema` makes it, and everything else relies on it. */
export interface Schema {
  readonly table: string;
  readonly source: string;
  readonly key: KeySchema;
  readonly where: readonly Condition[];
  readonly partitioning: Partitioning | undefined;
  readonly columns: readonly Column[];
  /** Attributes whose values never enter the lake. */
  readonly dropped: ReadonlySet<string>;
  /** What of it follows the data by itself. */
  readonly evolve: Evolve;
  /** The schema file, which is stored with the data. */
  readonly file: SchemaFile;
}

export interface Column {
  readonly attribute: string;
  /** The name by which files hold it, of ASCII. */
  readonly name: string;
  /** The name in SQL: the same, unless that has letters of other scripts. */
  readonly label: string;
  readonly type: ColumnType;
  /** The columns of files that held it before its type changed. */
  readonly earlier: readonly EarlierColumn[];
  readonly format: TimestampFormat;
  /** The attribute is a set; only for arrays. */
  readonly set: boolean;
  readonly masked: boolean;
  /** It is written, and no view shows it. */
  readonly hidden: boolean;
}

/** What an older file has in place of a column. */
export interface EarlierColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly format: TimestampFormat;
}

export interface Condition {
  readonly attribute: string;
  readonly test: TextTest | { readonly exists: boolean } | { readonly not: readonly TextTest[] };
}

export type TextTest = { readonly equals: string } | { readonly beginsWith: string };

/** Reads a schema file's text; `origin` names it in errors. Throws SCHEMA_INVALID or SCHEMA_COLLISION. */
export function parseSchemaText(text: string, origin: string): Schema {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof DuplicateMember)) throw cause;
    throw new DynalakeError("SCHEMA_INVALID", `${origin} is not valid JSON: ${cause.message}`, { cause });
  }
  return parseSchema(json, origin);
}

/** Checks a schema file's content; `origin` names it in errors. Throws SCHEMA_INVALID or SCHEMA_COLLISION. */
export function parseSchema(json: unknown, origin: string): Schema {
  return checkedSchema(json, origin, "people");
}

/** The same for a schema in a file of dynalake's own, which also says how files hold its columns. */
export function parseStoredSchema(json: unknown, origin: string): Schema {
  return checkedSchema(json, origin, "dynalake");
}

function checkedSchema(json: unknown, origin: string, writer: SchemaWriter): Schema {
  const issues = schemaFileIssues(json, writer);
  if (issues.length > 0) {
    const places = issues.slice(0, ISSUES_SHOWN_MAX).map((issue) => `${place(issue.path)}: ${issue.message}`);
    throw new DynalakeError("SCHEMA_INVALID", `${origin}: ${places.join("; ")}`);
  }
  // The value itself: zod's copy lacks a member called __proto__.
  const file = json as SchemaFile;
  const invalid = (path: readonly PropertyKey[], why: string): never => {
    throw new DynalakeError("SCHEMA_INVALID", `${origin}: ${place(path)}: ${why}`);
  };
  const columns = parseColumns(file, invalid);
  requireDistinctNames(columns, origin);
  const key: KeySchema =
    file.key.range === undefined ? { hash: file.key.hash } : { hash: file.key.hash, range: file.key.range };
  if (key.hash === key.range)
    invalid(["key", "range"], "the sort key and the partition key must be different attributes");
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
    evolve: file.evolve ?? "none",
    file,
  };
}

type Refuse = (path: readonly PropertyKey[], why: string) => never;

function parseColumns(file: SchemaFile, invalid: Refuse): readonly Column[] {
  const columns: Column[] = [];
  for (const [attribute, spec] of Object.entries(file.attributes)) {
    const path = ["attributes", attribute];
    if (spec.mask === "drop") {
      for (const member of ["type", "name", "format", "set", "hidden"] as const) {
        if (spec[member] !== undefined) invalid([...path, member], "a dropped attribute has no column");
      }
      continue;
    }
    const label = spec.name ?? columnName(attribute);
    const forms = formsOf(file, attribute);
    const name = forms?.column ?? physicalName(label);
    if (!COLUMN_NAME.test(name))
      invalid([...path, "name"], "a name is required, because the attribute's own is empty");
    if (RESERVED_COLUMNS.has(name))
      invalid([...path, "name"], `the name "${name}" is reserved for a column of dynalake`);
    const type = parseType(spec.type ?? (spec.mask === "sha256" ? "string" : undefined), path, invalid);
    if (spec.mask === "sha256" && type.kind !== "string")
      invalid([...path, "type"], "a masked column must be a string");
    if (spec.format !== undefined && type.kind !== "timestamp")
      invalid([...path, "format"], "only a timestamp can have a format");
    if (spec.set === true && !isSetType(type)) {
      invalid([...path, "set"], "only an array of strings, numbers or binary values can come from a set");
    }
    const masked = spec.mask === "sha256";
    const { format = "iso", set = false, hidden = false } = spec;
    const earlier = (forms?.earlier ?? []).map((each) => ({
      name: each.column,
      type: parseType(each.type, ["forms", attribute], invalid),
      format: each.format ?? "iso",
    }));
    columns.push({ attribute, name, label, type, earlier, format, set, masked, hidden });
  }
  return columns;
}

function formsOf({ forms = {} }: SchemaFile, attribute: string): ColumnForms | undefined {
  return Object.hasOwn(forms, attribute) ? forms[attribute] : undefined;
}

function parseType(text: string | undefined, path: readonly string[], invalid: Refuse): ColumnType {
  if (text === undefined) return invalid(path, "a type is required");
  if (text.length > TYPE_CHARACTERS_MAX)
    return invalid([...path, "type"], `a type has at most ${counted(TYPE_CHARACTERS_MAX, "character")}`);
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
  const byLabel = new Map<string, Column>();
  for (const column of columns) {
    const folded = foldedName(column.label);
    const twin = byName.get(column.name) ?? byLabel.get(folded);
    if (twin) {
      throw new DynalakeError(
        "SCHEMA_COLLISION",
        `${origin}: the attributes "${twin.attribute}" and "${column.attribute}" both become the column "${column.name}"`,
      );
    }
    byLabel.set(folded, column);
    byName.set(column.name, column); // breakage: column-names-distinct
  }
}

/** The default name of an attribute's column: in lower case, with _ for other characters. */
export function columnName(attribute: string): string {
  return attribute
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, "_")
    .slice(0, COLUMN_NAME_CHARACTERS_MAX);
}

/** The default name of the lake table for a source table. */
export function tableName(source: string): string {
  const name = source
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, "_")
    .slice(0, TABLE_NAME_CHARACTERS_DEFAULT);
  return /^[a-z]/.test(name) ? name : `t_${name}`;
}

function place(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the file" : path.map(String).join(".");
}
