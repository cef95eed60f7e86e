/**
 * What a new schema means for an existing lake table. Attributes can be declared later, because their values are kept in
 * `_unmapped`, and types can change, because a column of another type is a new one in files. Nothing else changes.
 */
import { counted } from "../counted.ts";
import { defined } from "../defined.ts";
import { DynalakeError } from "../error.ts";
import { sha256Half } from "../values/hash.ts";
import { keyAttributes } from "../values/key.ts";
import { schemaTypeText } from "./column-type.ts";
import { physicalName } from "./physical-name.ts";
import { type RebasedSchema, rebasedSchema } from "./rebased-schema.ts";
import {
  type AttributeFile,
  type Column,
  parseStoredSchema,
  type Schema,
  type SchemaFile,
} from "./schema.ts";
import { mayHaveText, textColumns } from "./text-name.ts";
import { convertsForm, formText, isOtherKind, sameForm } from "./value-form.ts";
import { reaches, widens } from "./widening.ts";

/** So many types can a column have had: it is in as many columns of files. */
const FORMS_MAX = 8;

/** Why files can have no other column for this one: the end of a sentence. Undefined where they can. */
export function formsReason({ earlier }: Pick<Column, "earlier">): string | undefined {
  // breakage: forms-have-a-bound
  return earlier.length + 1 < FORMS_MAX
    ? undefined
    : `has changed its type ${earlier.length} times and cannot change it again`;
}

/**
 * same: the files mean the same. compatible: columns are added or widened, or only the wording differs; the schema is the new one on
 * the columns of the lake's files. refused: the data rules it out.
 */
export type SchemaChange =
  | { readonly kind: "same" }
  | ({ readonly kind: "compatible" } & RebasedSchema)
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

/**
 * What a new schema says of columns that the lake has. exact: all there is to them. order: the same, by a person who may order
 * another kind of type. least: for a schema that follows the data, what there is at least, since a file that people keep somewhere
 * else does not know how the lake's has grown.
 */
export type SchemaBound = "exact" | "order" | "least";

/** Compares the schema of existing data with a new one. */
export function schemaChange(before: Schema, given: Schema, bound: SchemaBound = "exact"): SchemaChange {
  const after = bound === "least" ? withGrown(before, given) : given;
  if (plainText(before.file) === plainText(after.file)) return { kind: "same" };
  const reasons = [
    ...(bound === "least" ? nameReasons(before, after) : []),
    ...tableReasons(before, after),
    ...columnReasons(before, after, bound),
    ...maskReasons(before, after),
  ];
  if (reasons.length > 0) return { kind: "refused", reasons };
  const rebased = rebasedSchema(before, after);
  const hidden = textReasons(rebased);
  return hidden.length > 0 ? { kind: "refused", reasons: hidden } : { kind: "compatible", ...rebased };
}

/** The names of physical columns that no file has yet. */
export function newColumns({ added, widened }: Pick<RebasedSchema, "added" | "widened">): readonly string[] {
  return [...added, ...widened.map(({ name }) => name)];
}

/** What does not fit another kind of type has to be readable beside its column. */
function textReasons({ schema, widened }: RebasedSchema): readonly string[] {
  const asked = widened.filter(({ otherKind }) => otherKind).map(({ attribute }) => attribute);
  const shown = new Set(textColumns(schema).map(({ column }) => column.attribute));
  // breakage: misfits-of-an-order-have-a-name
  return schema.columns
    .filter(
      (column) => asked.includes(column.attribute) && mayHaveText(column) && !shown.has(column.attribute),
    )
    .map(
      ({ attribute, label, type }) =>
        `attributes.${attribute}.type: values that do not fit ${schemaTypeText(type)} need the name ${label}__text, which another column has`,
    );
}

/** Why types that reach further behind the point have too little room before it, by what is known of the values. */
export function roomReasons(
  widened: RebasedSchema["widened"],
  wholeDigits: ReadonlyMap<string, number> | undefined,
): readonly string[] {
  return widened.flatMap(({ attribute, from, to, wholeDigits: room }) => {
    if (room === undefined) return [];
    const needed = wholeDigits?.get(attribute);
    const place = `attributes.${attribute}.type`;
    if (needed === undefined)
      return [
        `${place}: ${to} has less room before the point than ${from}, and what the values need is not known`,
      ];
    // breakage: reaching-needs-room
    return needed <= room
      ? []
      : [
          `${place}: ${to} has room for ${counted(room, "digit")} before the point, and there are values with ${needed}`,
        ];
  });
}

/** The given schema with the names that columns have got since, and what has come by following the data, as far as both do. */
function withGrown(before: Schema, given: Schema): Schema {
  const attributes = followedAttributes(before, given);
  for (const { attribute } of given.columns) {
    const shown = (before.file.attributes[attribute] ?? {}) as AttributeFile;
    // breakage: given-schemas-rename-nothing
    attributes[attribute] = {
      ...defined({ name: shown.name, hidden: shown.hidden }),
      ...attributes[attribute],
    } as AttributeFile;
  }
  const isSame = text(partsOf(before)) === text(partsOf(given));
  const { partitionBy } = (isSame ? before : given).file;
  const file = { ...given.file, ...defined({ partitionBy }), attributes };
  return parseStoredSchema(file, `the lake's "${before.table}"`);
}

/** The given schema with what has come to the lake's by following the data, as far as both do. */
export function withFollowed(before: Schema, given: Schema): Schema {
  const attributes = followedAttributes(before, given);
  return parseStoredSchema({ ...given.file, attributes }, `the lake's "${before.table}"`);
}

function followedAttributes(before: Schema, given: Schema): Record<string, AttributeFile> {
  const attributes = new Map(Object.entries(given.file.attributes));
  const known = new Map(given.columns.map((column) => [column.attribute, column]));
  for (const { attribute, type } of mayFollow(before, given) ? before.columns : []) {
    const own = known.get(attribute);
    const isNew = own === undefined && !given.dropped.has(attribute) && given.evolve === "all";
    // breakage: given-schemas-narrow-nothing
    if (own !== undefined && (widens(own.type, type) || reaches(own.type, type)))
      attributes.set(attribute, { ...attributes.get(attribute), type: schemaTypeText(type) });
    else if (isNew) attributes.set(attribute, before.file.attributes[attribute] as AttributeFile);
  }
  return Object.fromEntries(attributes);
}

function mayFollow(before: Schema, given: Schema): boolean {
  return given.evolve !== "none" && before.evolve !== "none";
}

/** The columns to add. Throws SCHEMA_INVALID if the data rules the change out. `origin` names the new schema in errors. */
export function requireCompatible(
  before: Schema,
  after: Schema,
  origin: string,
  bound: SchemaBound = "exact",
): Exclude<SchemaChange, { readonly kind: "refused" }> {
  const change = schemaChange(before, after, bound);
  if (change.kind !== "refused") return change;
  throw notAllowed(before, origin, change.reasons);
}

export function notAllowed({ table }: Schema, origin: string, reasons: readonly string[]): DynalakeError {
  const places = reasons.slice(0, 5).join("; ");
  return new DynalakeError(
    "SCHEMA_INVALID",
    `${origin} cannot change the existing table "${table}": ${places}`,
    {
      next: "You can only add attributes to an existing table and widen the types of numbers, and in schema.json, with `dynalake schema apply` or by a deployed schema rename and hide columns, or give one of a single value another kind of type. For any other change, take a new snapshot into another lake, or give the schema file another `table`.",
    },
  );
}

/** The schema of a manifest, or `otherwise` if it has none. */
export function schemaOf(file: SchemaFile | null, otherwise: Schema): Schema {
  return file === null ? otherwise : parseStoredSchema(file, `the lake's "${otherwise.table}"`);
}

function tableReasons(before: Schema, after: Schema): readonly string[] {
  const reasons: string[] = [];
  if (before.table !== after.table) reasons.push(`table: "${after.table}" is a different table`);
  // A schema without a source adopts the one that it is first used with.
  const isBound = before.file.source !== undefined && before.source !== before.table;
  if (isBound && before.source !== after.source) reasons.push(`source: it is already "${before.source}"`);
  if (before.key.hash !== after.key.hash || before.key.range !== after.key.range)
    reasons.push("key: it identifies the existing rows");
  if (text(before.file.where ?? {}) !== text(after.file.where ?? {}))
    reasons.push("where: the lake holds only the items that met the existing conditions");
  if (text(partsOf(before)) !== text(partsOf(after)))
    reasons.push(`partitionBy: it is already ${before.file.partitionBy ?? "buckets of the key"}`);
  return reasons;
}

/** How rows are divided, whatever the column is called. */
function partsOf({ partitioning, columns }: Schema): unknown {
  if (partitioning === undefined || partitioning.kind === "bucket") return partitioning;
  const column = columns.find(({ name }) => name === partitioning.column);
  return { kind: partitioning.kind, attribute: column?.attribute }; // breakage: parts-follow-a-renamed-column
}

/** Another spelling of what files call a column is no other name. */
function nameReasons(before: Schema, after: Schema): readonly string[] {
  const known = new Map(before.columns.map((column) => [column.attribute, column]));
  return after.columns.flatMap(({ attribute, label }) => {
    const old = known.get(attribute);
    if (old === undefined || physicalName(old.label) === physicalName(label)) return [];
    return [`attributes.${attribute}.name: it is already "${old.label}"`];
  });
}

function columnReasons(before: Schema, after: Schema, bound: SchemaBound): readonly string[] {
  const byAttribute = new Map(after.columns.map((column) => [column.attribute, column]));
  return before.columns.flatMap((column) => {
    const next = byAttribute.get(column.attribute);
    const place = `attributes.${column.attribute}`;
    // An attribute that is dropped from now on is reported by its mask.
    if (next === undefined)
      return after.dropped.has(column.attribute) ? [] : [`${place}: its column cannot be removed`];
    const reasons: string[] = [];
    if (next.masked !== column.masked) return [];
    const member = schemaTypeText(next.type) === schemaTypeText(column.type) ? "format" : "type";
    const isSame = sameForm(column, next);
    if (!isSame && !mayBecome(before, column, next, bound))
      reasons.push(`${place}.${member}: it is already ${formText(column)}`);
    else if (!isSame && formsReason(column) !== undefined)
      reasons.push(`${place}.${member}: it ${formsReason(column)}`);
    else if (next.set !== column.set)
      reasons.push(`${place}.set: its column ${column.set ? "comes" : "does not come"} from a set`);
    return reasons;
  });
}

/** Keys tell rows apart, so that each of their values needs its room. */
function mayBecome(before: Schema, column: Column, next: Column, bound: SchemaBound): boolean {
  if (isPartition(before, column)) return false;
  // breakage: keys-keep-their-kind
  if (keyAttributes(before.key).includes(column.attribute)) return widens(column.type, next.type);
  if (convertsForm(column, next)) return true;
  // One that says where the values of before are was ordered already.
  const isOrdered = bound === "order" || next.earlier.some(({ name }) => name === column.name);
  return isOrdered && isOtherKind(column, next); // breakage: kinds-change-by-order
}

/** Rows are divided by its values as their type has them. */
function isPartition({ partitioning }: Schema, { name }: Column): boolean {
  return partitioning !== undefined && partitioning.kind !== "bucket" && partitioning.column === name;
}

type Mask = "sha256" | "drop" | "none";

/** A mask is permanent: the lake lacks the original values of what was masked, and holds the values of what was not. */
function maskReasons(before: Schema, after: Schema): readonly string[] {
  const attributes = new Set([...Object.keys(before.file.attributes), ...Object.keys(after.file.attributes)]);
  return [...attributes].flatMap((attribute) => {
    const [old, next] = [maskOf(before, attribute), maskOf(after, attribute)];
    if (old === next) return [];
    const why =
      old === "none"
        ? "existing values are stored unmasked, in a column or in _unmapped"
        : "the lake does not hold the values that were masked";
    return [`attributes.${attribute}.mask: ${why}`];
  });
}

function maskOf(schema: Schema, attribute: string): Mask {
  if (!Object.hasOwn(schema.file.attributes, attribute)) return "none";
  return schema.file.attributes[attribute]?.mask ?? "none";
}

/** A short text that tells the schema from others: schemas of one meaning have the same. */
export function schemaMark(file: SchemaFile): string {
  return sha256Half(plainText(file));
}

/** The file in a canonical form, without what only editors and dynalake itself read. */
function plainText(file: SchemaFile): string {
  return text({ ...file, $schema: undefined, evolution: undefined, forms: undefined });
}

function text(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? "";
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}
