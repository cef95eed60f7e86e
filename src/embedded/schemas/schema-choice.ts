/** The schema that a command writes with: the file given, the lake's own, or one inferred. */
import { readFile } from "node:fs/promises";
import type { GivenFile } from "../../cli/command.ts";
import { DynalakeError } from "../../core/error.ts";
import { inferenceOf, inferredSchema, observe } from "../../core/infer/infer.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import {
  parseSchema,
  parseSchemaText,
  type Schema,
  type SchemaFile,
  tableName,
} from "../../core/schema/schema.ts";
import { knownSchema } from "../../core/table/chosen-schemas.ts";
import { holdsData } from "../../core/table/holds-data.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import { jsonFault } from "../../core/values/json-fault.ts";
import { type KeySchema, keyAttributes } from "../../core/values/key.ts";
import { systemCode } from "../../files/file-error.ts";
import { NO_EFFECT, type SchemaEffect, schemaEffect } from "./schema-effect.ts";

export interface SchemaRequest extends SchemaDemand {
  /** Items to infer from; asked only where nothing else gives a schema. */
  readonly sample: () => Promise<{ readonly items: Iterable<Item>; readonly key: KeySchema | undefined }>;
}

/** What is known before anything is read. */
export interface SchemaDemand {
  readonly store: ObjectStore;
  /** --schema. */
  readonly file: GivenFile | undefined;
  /** --name: the lake table's name. */
  readonly name: string | undefined;
  /** --key: the key's attributes. */
  readonly key: KeySchema | undefined;
  /** The types of the key's attributes, where the source tells them. */
  readonly keyTypes?: Readonly<Record<string, "S" | "N" | "B">>;
  /** The source table's name, where it is known. */
  readonly source: string | undefined;
  /** All rows that the table has are replaced, unless its change log has some. */
  readonly replacesData?: boolean;
}

export interface SchemaChoice {
  readonly schema: Schema;
  readonly origin: "file" | "lake" | "inferred";
  /** What the inference could not decide, one sentence each. */
  readonly undecided: readonly string[];
  /** What the file changes of a table that holds data. */
  readonly effect: SchemaEffect;
}

export async function chooseSchema(request: SchemaRequest): Promise<SchemaChoice> {
  return (await givenSchema(request)) ?? inferSchema(request, tableName(requireName(request)));
}

/** The schema of the file or of the lake, checked against all else that is asked for; undefined where one has to be inferred. */
export async function givenSchema(request: SchemaDemand): Promise<SchemaChoice | undefined> {
  const fileName = request.file?.name ?? "";
  const read = request.file === undefined ? undefined : await readSchemaFile(request.file);
  let given = read && boundTo(read, request.source, fileName);
  if (given !== undefined && request.name !== undefined && tableName(request.name) !== given.table) {
    throw new DynalakeError(
      "USAGE",
      `--name is "${request.name}", but ${fileName} describes "${given.table}"`,
    );
  }
  const name = given?.table ?? tableName(requireName(request));
  const known = await boundSchema(request, name);
  // A file without a source is one for any table that the lake's is filled from.
  if (given !== undefined && known !== undefined && given.file.source === undefined)
    given = boundTo(given, known.source, fileName);
  const chosen = given ?? known;
  if (chosen === undefined) return undefined;
  if (request.key !== undefined && !sameKeySchema(request.key, chosen.key)) {
    const wanted = keyAttributes(chosen.key).join(",");
    const offered = keyAttributes(request.key).join(",");
    throw new DynalakeError("USAGE", `the key ${offered} does not fit the schema of "${name}": ${wanted}`);
  }
  if (given === undefined) return { schema: chosen, origin: "lake", undecided: [], effect: NO_EFFECT };
  const { store, replacesData = false } = request;
  const effect =
    known === undefined
      ? NO_EFFECT
      : await schemaEffect({ store, file: fileName, replacesData }, known, given);
  return { schema: given, origin: "file", undecided: [], effect };
}

/** The schema of a table that holds data; throws USAGE where the data is another source table's. */
async function boundSchema(request: SchemaDemand, table: string): Promise<Schema | undefined> {
  const { store, source } = request;
  const known = await knownSchema(store, table);
  if (known === undefined || !(await holdsData(store, table))) return undefined;
  return boundTo(known, source, `the lake's "${table}"`);
}

/** The schema of a source table; throws USAGE where it is explicitly another one's: their items must never mix. */
export function boundTo(schema: Schema, source: string | undefined, origin: string): Schema {
  if (source === undefined || schema.source === source) return schema;
  if (schema.file.source === undefined || schema.source === schema.table) {
    return parseSchema({ ...schema.file, source }, origin);
  }
  throw new DynalakeError("USAGE", `${origin} is of the table "${schema.source}", not of "${source}"`, {
    next: "Give --name NAME for a lake table of its own, or correct `source` in the schema file.",
  });
}

function requireName(request: SchemaDemand): string {
  const name = request.name ?? request.source;
  if (name !== undefined) return name;
  throw new DynalakeError("USAGE", "the lake table has no name", {
    next: "Give --name NAME, or --schema FILE.",
  });
}

/** Reads and checks a schema file; throws SCHEMA_INVALID, SCHEMA_COLLISION or INPUT_INVALID. */
export async function readSchemaFile({ name: file, path }: GivenFile): Promise<Schema> {
  const unreadable = (why: string, cause: unknown): DynalakeError =>
    new DynalakeError("INPUT_INVALID", `${file} cannot be read: ${why}`, { cause });
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(systemCode(cause) ?? "", cause);
  });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable("it is not UTF-8 text", cause);
  }
  const fault = jsonFault(text);
  if (fault === undefined) return parseSchemaText(text, file);
  const place = `line ${fault.line}, column ${fault.column}`;
  throw new DynalakeError("SCHEMA_INVALID", `${file} is no valid JSON: ${place}: ${fault.why}`);
}

async function inferSchema(request: SchemaRequest, table: string): Promise<SchemaChoice> {
  const { items, key: sampledKey } = await request.sample();
  const key = request.key ?? sampledKey;
  if (key === undefined) {
    throw new DynalakeError("USAGE", `the key of "${table}" is not known`, {
      next: "Give --key HASH or --key HASH,RANGE: an export does not say which attributes are its key.",
    });
  }
  const inference = inferenceOf();
  let seen = 0;
  for (const item of items) {
    observe(inference, item);
    seen++;
  }
  const { file, undecided, notes } = inferredSchema(inference, {
    table,
    source: request.source ?? table,
    key,
  });
  if (seen === 0) return emptySchema(request, file);
  const sentences = [...undecided.map(({ attribute, why }) => `${attribute}: ${why}`), ...notes];
  const schema = parseSchema(file, "the inferred schema");
  return { schema, origin: "inferred", undecided: sentences, effect: NO_EFFECT };
}

/** Without items only the key can be declared, and its types only where the table tells them. */
function emptySchema(request: SchemaRequest, file: SchemaFile): SchemaChoice {
  const attributes = Object.fromEntries(
    Object.entries(request.keyTypes ?? {}).map(([name, type]) => [
      name,
      { ...file.attributes[name], type: { S: "string", N: "decimal(38,9)", B: "binary" }[type] },
    ]),
  );
  const schema = parseSchema(
    { ...file, attributes: { ...file.attributes, ...attributes } },
    "the inferred schema",
  );
  const sentence =
    "no item was seen, so all but the key will be in _unmapped: give --schema before the first change";
  return { schema, origin: "inferred", undecided: [sentence], effect: NO_EFFECT };
}

export function sameKeySchema(a: KeySchema, b: KeySchema): boolean {
  return a.hash === b.hash && a.range === b.range;
}

/** --key HASH or --key HASH,RANGE; throws USAGE. */
export function parseKeyOption(text: string | undefined): KeySchema | undefined {
  if (text === undefined) return undefined;
  const [hash = "", range, ...more] = text.split(",");
  if (hash === "" || range === "" || more.length > 0) {
    throw new DynalakeError("USAGE", `--key is HASH or HASH,RANGE, not "${text}"`, {
      next: "A key attribute whose name holds a comma can be given in a schema file.",
    });
  }
  return range === undefined ? { hash } : { hash, range };
}
