/** What must hold of the schemas of a table's commits, one after the other. */
import type { Manifest } from "../../src/core/format/manifest.ts";
import { type Column, parseStoredSchema, type Schema } from "../../src/core/schema/schema.ts";
import { schemaMark } from "../../src/core/schema/schema-change.ts";
import type { Counts } from "./counts.ts";

export class EvolutionWatch {
  /** Of each column of files that there has ever been, what it is of. */
  readonly #columns: Map<string, string> = new Map();
  readonly #counts: Counts;
  #schema: Schema;

  constructor(first: Schema, counts: Counts) {
    this.#schema = first;
    this.#counts = counts;
    this.#faultOfNames(first);
  }

  /** The schema, if the commit brings another one; and what is wrong with it. */
  committed(
    { schema: file, texts }: Pick<Manifest, "schema" | "texts">,
    replaces: boolean,
  ): { readonly schema: Schema | undefined; readonly fault: string | undefined } {
    if (texts !== undefined) this.#counts.add("commits with values as text");
    const before = this.#schema;
    if (file === null || schemaMark(file) === schemaMark(before.file))
      return { schema: undefined, fault: undefined };
    const schema = parseStoredSchema(file, "a commit's schema");
    this.#schema = schema;
    for (const event of eventsOf(before, schema)) this.#counts.add(`evolutions: ${event}`);
    if (replaces) this.#counts.add("evolutions: other types at a snapshot");
    return {
      schema,
      fault: this.#faultOfNames(schema) ?? (replaces ? undefined : faultOfTypes(before, schema)),
    };
  }

  /** A column of files is of one attribute and of one type, for ever. */
  #faultOfNames({ columns }: Schema): string | undefined {
    for (const { attribute, name, type, earlier } of columns) {
      for (const each of [{ name, type }, ...earlier]) {
        const held = `${attribute}: ${JSON.stringify(each.type)}`;
        const known = this.#columns.get(each.name);
        if (known !== undefined && known !== held)
          return `the column ${each.name} is of ${held}, and was of ${known}`;
        this.#columns.set(each.name, held);
      }
    }
    return undefined;
  }
}

function eventsOf(before: Schema, after: Schema): readonly string[] {
  const known = new Map(before.columns.map((column) => [column.attribute, column]));
  return after.columns.flatMap((column) => {
    const old = known.get(column.attribute);
    if (old === undefined) return ["new columns"];
    const isNested = column.type.kind === "struct" || column.type.kind === "array";
    return [
      ...(old.name === column.name || isOther(old, column)
        ? []
        : [isNested ? "wider parts" : "wider numbers"]),
      ...(isOther(old, column) ? ["other kinds of types"] : []),
      ...(isFurther(old, column) ? ["digits from before the point"] : []),
      ...(old.label === column.label ? [] : ["other names"]),
      ...(old.hidden === column.hidden ? [] : ["hidden or shown"]),
    ];
  });
}

function isFurther({ type: old }: Column, { type }: Column): boolean {
  return (
    old.kind === "decimal" &&
    type.kind === "decimal" &&
    old.precision - old.scale > type.precision - type.scale
  );
}

/** No column goes, no number loses digits behind the point, and kinds change where people order it. */
function faultOfTypes(before: Schema, after: Schema): string | undefined {
  for (const old of before.columns) {
    const next = after.columns.find(({ attribute }) => attribute === old.attribute);
    if (next === undefined) return `${old.attribute} has no column any more`;
    if (next.name !== old.name && !next.earlier.some(({ name }) => name === old.name))
      return `${old.attribute} has forgotten its column ${old.name}`;
    if (isOther(old, next)) {
      if (ORDERED.has(old.attribute)) continue;
      return `${old.attribute} is of another kind`;
    }
    if (scaleOf(next) < scaleOf(old)) return `${old.attribute} has lost digits behind the point`;
  }
  return undefined;
}

/** Kinds of types change by order alone, and these are what people order. */
const ORDERED: ReadonlySet<string> = new Set(["price", "status", "flag", "at"]);

function isOther({ type: old }: Column, { type }: Column): boolean {
  return old.kind !== type.kind && !(NUMBERS.has(old.kind) && NUMBERS.has(type.kind));
}

const NUMBERS: ReadonlySet<string> = new Set(["int", "bigint", "decimal"]);

function scaleOf({ type }: Column): number {
  return type.kind === "decimal" ? type.scale : 0;
}
