/**
 * What a schema becomes when its data has more than it shows: columns for attributes that appeared, and wider types; where all rows
 * are written anew, other types, too. Whatever else does not fit stays as it is, and is drift.
 */
import { defined } from "../defined.ts";
import { type ColumnType, isNested, schemaTypeText } from "../schema/column-type.ts";
import { foldedName, physicalName } from "../schema/physical-name.ts";
import {
  type AttributeFile,
  type Column,
  columnName,
  type Schema,
  type SchemaFile,
} from "../schema/schema.ts";
import { formsReason } from "../schema/schema-change.ts";
import { keyAttributes } from "../values/key.ts";
import { namesOfAttributes, roomForColumns } from "./following-limits.ts";
import { declarationOf } from "./found-values.ts";
import { columnNames } from "./infer-name.ts";
import { countOf, type Shape } from "./infer-shape.ts";
import { decideAttribute } from "./infer-type.ts";
import { widerType } from "./wider-type.ts";

export interface SchemaGrowth {
  readonly file: SchemaFile;
  /** The names in SQL of new columns. */
  readonly added: readonly string[];
  /** Columns whose type changes, a sentence each. */
  readonly retyped: readonly string[];
}

export interface GrowthInput {
  /** The values that no column gives back, by their attributes. */
  readonly misfits: ReadonlyMap<string, Shape>;
  /** Of attributes with a column, how many values of each type they have; absent where types are only to widen. */
  readonly counts?: ReadonlyMap<string, Shape["counts"]>;
  /** Of attributes with a column of numbers how many digits before the point its values have, where that is known. */
  readonly wholeDigits?: ReadonlyMap<string, number>;
}

/** Undefined if nothing changes, or `evolve` allows nothing of it. */
export function grownSchema(schema: Schema, input: GrowthInput): SchemaGrowth | undefined {
  const { file, evolve } = schema;
  // How files hold the columns is decided where the schema is committed.
  const { forms: _, ...plain } = file;
  if (evolve === "none") return undefined;
  const retypes = retypesOf(schema, input);
  const added = newColumns(schema, input.misfits);
  if (retypes.length === 0 && added.length === 0) return undefined;
  // An assignment would lose an attribute called __proto__.
  const changed = [...retypes, ...added].map(({ attribute, spec }) => [attribute, spec] as const);
  return {
    file: { ...plain, attributes: Object.fromEntries([...Object.entries(file.attributes), ...changed]) }, // breakage: any-name-may-come
    added: added.map(({ attribute, spec }) => spec.name ?? columnName(attribute)),
    retyped: retypes.map(({ why }) => why),
  };
}

interface Declaration {
  readonly attribute: string;
  readonly spec: AttributeFile;
}

function newColumns(schema: Schema, misfits: ReadonlyMap<string, Shape>): readonly Declaration[] {
  const isFollowed = mayComeIn(schema);
  const declared = new Set(Object.keys(schema.file.attributes));
  const found = [...misfits]
    .filter(
      ([attribute, { counts }]) =>
        isFollowed(attribute) && Object.keys(counts).some((kind) => kind !== "NULL"),
    )
    .sort(([a, one], [b, other]) => countOf(other) - countOf(one) || (a < b ? -1 : 1));
  const names = new Set(
    namesOfAttributes(
      found.map(([attribute]) => attribute),
      declared,
    ),
  );
  const decided = found.flatMap(([attribute, shape]): Declaration[] => {
    if (!names.has(attribute)) return [];
    const spec = declarationOf(attribute, shape);
    return spec === undefined ? [] : [{ attribute, spec }];
  });
  // Names of physical columns that widening has brought are free in SQL.
  const taken = schema.columns.flatMap(({ label }) => [physicalName(label), label]);
  const chosen = decided.slice(0, roomForColumns(schema));
  const { nameOf } = columnNames(
    chosen.map(({ attribute }, i) => ({ attribute, count: -i })),
    taken,
  );
  return chosen.map(({ attribute, spec }) => {
    const name = nameOf.get(attribute) as string;
    return { attribute, spec: name === columnName(attribute) ? spec : { name, ...spec } };
  });
}

/** Whether an attribute may get a column by itself: not in a spelling of one that is masked. */
export function mayComeIn({ evolve, file }: Pick<Schema, "evolve" | "file">): (attribute: string) => boolean {
  const hidden = new Set(
    Object.entries(file.attributes)
      .filter(([, { mask }]) => mask !== undefined)
      .map(([attribute]) => foldedName(attribute)),
  );
  // breakage: spellings-of-masked-attributes-stay-hidden
  return (attribute) =>
    evolve === "all" && !Object.hasOwn(file.attributes, attribute) && !hidden.has(foldedName(attribute));
}

interface Retype extends Declaration {
  readonly why: string;
}

/**
 * The columns whose types could reach further behind the point, for numbers that do not fit, if their values had no more digits
 * before it than `seen`: what these have needs to be known. Keys tell rows apart, so that each of their digits needs its room.
 */
export function columnsToMeasure(schema: Schema, { misfits, wholeDigits: seen }: GrowthInput): Column[] {
  if (schema.evolve === "none") return [];
  const keys = keyAttributes(schema.key);
  return schema.columns.filter((column) => {
    if (keys.includes(column.attribute)) return false; // breakage: keys-are-not-measured
    const misfit = misfits.get(column.attribute);
    if (misfit === undefined || !mayRetype(schema, column) || formsReason(column) !== undefined) return false;
    if (widerType(column.type, misfit) !== undefined) return false;
    return widerType(column.type, misfit, seen?.get(column.attribute) ?? 0) !== undefined;
  });
}

/** Values of a mask say nothing, and rows are divided by those of a partition's column. */
function mayRetype({ partitioning }: Schema, { masked, name }: Column): boolean {
  const fixed =
    partitioning !== undefined && partitioning.kind !== "bucket" ? partitioning.column : undefined;
  return !masked && name !== fixed; // breakage: columns-of-parts-only-drift
}

function retypesOf(schema: Schema, { misfits, counts, wholeDigits }: GrowthInput): readonly Retype[] {
  const { columns, file, key } = schema;
  return columns.flatMap((column) => {
    const { attribute, label } = column;
    const misfit = misfits.get(attribute);
    if (misfit === undefined || !mayRetype(schema, column)) return [];
    const known = keyAttributes(key).includes(attribute) ? undefined : wholeDigits?.get(attribute);
    const next = retyped(column, misfit, { own: counts && (counts.get(attribute) ?? {}), known });
    if (next === undefined || !Object.hasOwn(file.attributes, attribute)) return [];
    const { name: named, hidden } = file.attributes[attribute] as AttributeFile;
    const why = `${label} is now ${next.type}, and was ${schemaTypeText(column.type)}`;
    return [{ attribute, spec: { ...defined({ name: named, hidden }), ...next }, why }];
  });
}

/** A wider type; another one only where the column holds not one of its values any more, and not a part of one. */
function retyped(
  column: Column,
  misfit: Shape,
  { own: counts, known }: { readonly own: Shape["counts"] | undefined; readonly known: number | undefined },
): AttributeFile | undefined {
  const { type, format, set } = column;
  if (mayShow(column, misfit)) return undefined; // breakage: moments-in-other-spellings-are-shown
  const wider = formsReason(column) === undefined ? widerType(type, misfit, known) : undefined;
  if (wider !== undefined)
    return set ? { type: schemaTypeText(wider), set } : { type: schemaTypeText(wider) };
  if (counts === undefined || showsParts(type, misfit)) return undefined;
  const isEmpty = countOf({ ...misfit, counts }) - (counts.NULL ?? 0) === countOf(misfit);
  const decision = isEmpty ? decideAttribute(column.attribute, misfit) : undefined;
  if (decision?.kind !== "type") return undefined;
  const text = schemaTypeText(decision.type);
  if (text === schemaTypeText(type) && format === "iso") return undefined;
  return decision.set ? { type: text, set: true } : { type: text };
}

/** What of such values fits the column is in it. */
function showsParts(type: ColumnType, { counts }: Shape): boolean {
  const kinds = type.kind === "array" ? (["L", "SS", "NS", "BS"] as const) : (["M"] as const);
  return isNested(type) && kinds.some((kind) => counts[kind] !== undefined);
}

/** A moment in another spelling is in SQL, though the column alone does not give it back: such a misfit hides nothing. */
function mayShow({ type, format }: Column, { counts }: Shape): boolean {
  if (format !== "iso" || !hasMoments(type)) return false;
  return (["S", "SS", "L", "M"] as const).some((kind) => counts[kind] !== undefined);
}

function hasMoments(type: ColumnType): boolean {
  switch (type.kind) {
    case "array":
      return hasMoments(type.element);
    case "map":
      return hasMoments(type.value);
    case "struct":
      return type.fields.some((field) => hasMoments(field.type));
    default:
      return type.kind === "timestamp";
  }
}
