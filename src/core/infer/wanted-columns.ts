/**
 * What columns are to become by what was found, where they cannot become it at once: engines and writers have to know new columns
 * first. Meanwhile the schema may change, and what it says by then decides.
 */
import { defined } from "../defined.ts";
import { foldedName, physicalName } from "../schema/physical-name.ts";
import { type AttributeFile, columnName, parseSchema, type Schema } from "../schema/schema.ts";
import { schemaChange } from "../schema/schema-change.ts";
import { grownSchema, mayComeIn } from "./evolved-schema.ts";
import type { Shape } from "./infer-shape.ts";

/** Of each attribute the type that its column is to have. */
export type WantedColumns = Readonly<Record<string, AttributeFile>>;

/** What `grownSchema` decides of values that no column holds; empty where nothing changes. */
export function wantedColumns(schema: Schema, misfits: ReadonlyMap<string, Shape>): WantedColumns {
  const grown = grownSchema(schema, { misfits })?.file.attributes ?? {};
  const { attributes } = schema.file;
  return Object.fromEntries(
    Object.entries(grown).filter(([attribute, spec]) => attributes[attribute] !== spec),
  );
}

/** The schema with all of it that its columns do not have yet, and may take; undefined where that is nothing. */
export function withWanted(schema: Schema, wanted: WantedColumns): Schema | undefined {
  if (schema.evolve === "none") return undefined;
  let grown: Schema | undefined;
  for (const [attribute, spec] of Object.entries(wanted)) {
    const next = withColumn(grown ?? schema, attribute, spec);
    // breakage: wanted-types-only-widen
    if (next !== undefined && schemaChange(schema, next).kind === "compatible") grown = next;
  }
  return grown;
}

/** Undefined where the attribute may not get the column. */
function withColumn(schema: Schema, attribute: string, wanted: AttributeFile): Schema | undefined {
  const { forms: _, ...plain } = schema.file;
  const own = Object.hasOwn(plain.attributes, attribute) ? plain.attributes[attribute] : undefined;
  const mayCome = own === undefined ? mayBeNew(schema, attribute, wanted) : own.mask === undefined;
  if (!mayCome) return undefined;
  const { name, hidden } = own ?? wanted;
  const spec = defined<AttributeFile>({ ...wanted, name, hidden });
  return parseSchema(
    { ...plain, attributes: { ...plain.attributes, [attribute]: spec } },
    "the evolved schema",
  );
}

function mayBeNew(
  schema: Schema,
  attribute: string,
  { name = columnName(attribute) }: AttributeFile,
): boolean {
  const taken = schema.columns.flatMap(({ label }) => [physicalName(label), foldedName(label)]);
  return mayComeIn(schema)(attribute) && !taken.includes(name);
}
