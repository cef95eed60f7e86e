/** What people do to the schema file of a table that evolves, with an editor or with `schema apply`. */
import { schemaPath } from "../../src/core/format/lake-path.ts";
import { parseSchema, type Schema, type SchemaFile } from "../../src/core/schema/schema.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { fileForPeople } from "../../src/core/table/schema-file.ts";
import type { Random } from "../support/random.ts";
import { TABLE, type World } from "./world.ts";

/** Edits schema.json in place, or leaves there what does not order anything. */
export async function editSchemaFile(world: World, random: Random): Promise<string | undefined> {
  const schema = await committedSchema(world);
  if (schema === undefined) return undefined;
  const path = schemaPath(TABLE);
  const dice = random.next();
  if (dice < 0.1) {
    await world.store.remove([path]);
    return "schema.json is removed";
  }
  if (dice < 0.2) {
    await world.store.replace(path, new TextEncoder().encode("{ not finished"));
    return "schema.json is being written";
  }
  const earlier = dice < 0.4 ? random.choice(world.schemas) : undefined;
  const [what, file] =
    earlier === undefined
      ? editOf(schema, random)
      : (["an earlier file is brought back", fileForPeople(earlier)] as const);
  await world.store.replace(path, new TextEncoder().encode(`${JSON.stringify(file, null, 2)}\n`));
  world.counts.add("edits of schema.json");
  return `schema.json: ${what}`;
}

/** What `schema apply` is given. */
export async function appliedEdit(world: World, random: Random): Promise<Schema | undefined> {
  const schema = await committedSchema(world);
  if (schema === undefined) return undefined;
  return parseSchema(editOf(schema, random)[1], "a file");
}

async function committedSchema(world: World): Promise<Schema | undefined> {
  const { schema, manifest } = await openTableOf(world.store, world.schemas[0] as Schema);
  return manifest.schema === null ? undefined : schema;
}

type Edit = readonly [what: string, file: SchemaFile];

function editOf(schema: Schema, random: Random): Edit {
  const file = fileForPeople(schema);
  const change = (attribute: string, spec: Readonly<Record<string, unknown>>): Edit => [
    `${attribute} is ${JSON.stringify(spec)}`,
    { ...file, attributes: { ...file.attributes, [attribute]: { ...file.attributes[attribute], ...spec } } },
  ];
  return random.choice<() => Edit>([
    () => change("price", { name: random.choice(["cost", "price", "amount"]) }),
    () => change("size", { hidden: random.choice([true, false]) }),
    () => change("to", { hidden: random.choice([true, false]), name: random.choice(["to", "target"]) }),
    () => change("size", { type: random.choice(["bigint", "decimal(14,2)", "decimal(22,3)"]) }),
    () =>
      change("price", {
        type: random.choice(["decimal(22,3)", "decimal(30,6)", "decimal(38,12)", "string"]),
      }),
    () => change("far", { type: random.choice(["decimal(38,12)", "decimal(38,21)", "decimal(38,36)"]) }),
    () => change("note", { type: "string" }),
    () => change("status", { type: random.choice(["string", "decimal(14,2)", "bigint", "json"]) }),
    () => change("flag", { type: random.choice(["boolean", "string", "bigint"]) }),
    () => change("at", { type: random.choice(["timestamp", "string"]) }),
    () => change("counts", { type: "array<bigint>", set: true }),
    () => change("to", { type: "struct<a:decimal(23,2),b:string,c:struct<x:bigint>>" }),
    () => {
      const evolve = random.choice(["all", "types", "none"] as const);
      return [`evolve is ${evolve}`, { ...file, evolve }];
    },
  ])();
}
