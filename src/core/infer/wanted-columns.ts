/**
 * What columns are to become by what was found, where they cannot become it at once: engines and writers have to know new columns
 * first. Meanwhile the schema may change, and what it says by then decides.
 */
import { defined } from "../defined.ts";
import { foldedName, physicalName } from "../schema/physical-name.ts";
import type { RebasedSchema } from "../schema/rebased-schema.ts";
import { type AttributeFile, columnName, parseSchema, type Schema } from "../schema/schema.ts";
import { schemaChange } from "../schema/schema-change.ts";
import { type GrowthInput, grownSchema, mayComeIn } from "./evolved-schema.ts";

/** Of each attribute the type that its column is to have. */
export type WantedColumns = Readonly<Record<string, AttributeFile>>;

/** What `grownSchema` decides of values that no column holds; empty where nothing changes. */
export function wantedColumns(
  schema: Schema,
  input: Pick<GrowthInput, "misfits" | "wholeDigits">,
): WantedColumns {
  const grown = grownSchema(schema, input)?.file.attributes ?? {};
  const { attributes } = schema.file;
  return Object.fromEntries(
    Object.entries(grown).filter(([attribute, spec]) => attributes[attribute] !== spec),
  );
}

/**
 * The schema with all of it that its columns do not have yet, and may take; undefined where that is nothing. Each column is judged by
 * itself, after those before it: one that may not come keeps no other one away. `fits` is asked of the change with it.
 */
export function withWanted(
  schema: Schema,
  wanted: WantedColumns,
  fits: (change: RebasedSchema) => boolean = () => true,
): Schema | undefined {
  if (schema.evolve === "none") return undefined;
  let grown: Schema | undefined;
  for (const [attribute, spec] of Object.entries(wanted)) {
    const next = withColumn(grown ?? schema, attribute, spec);
    const change = next && schemaChange(schema, next);
    // breakage: wanted-types-only-widen
    if (change?.kind === "compatible" && fits(change)) grown = next;
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
  const namesOf = (label: string): readonly string[] => [physicalName(label), foldedName(label)];
  const taken = new Set(schema.columns.flatMap(({ label }) => namesOf(label)));
  return mayComeIn(schema)(attribute) && !namesOf(name).some((own) => taken.has(own)); // breakage: wanted-names-are-free
}
