/** The schema that data is written with: the given one, the lake's own, or one inferred. */
import { DynalakeError } from "../../core/error.ts";
import { schemaPath } from "../../core/format/lake-path.ts";
import type { InferredSchema, InferredTable } from "../../core/infer/infer.ts";
import type { Inference } from "../../core/infer/inference.ts";
import { requireOwnNames } from "../../core/overlay/own-names.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { parseSchema, parseStoredSchema, type Schema, tableName } from "../../core/schema/schema.ts";
import { isFilled, type OpenTable, openTable } from "../../core/table/open-table.ts";
import { isPeoples, schemaEdit, schemaEditSentence } from "../../core/table/schema-edit.ts";
import { type KeySchema, keyAttributes } from "../../core/values/key.ts";
import { type GivenSchema, nameOfGiven, readGivenSchema } from "./given-schema.ts";
import { schemaOfObserved } from "./inference.ts";
import { NO_EFFECT, type SchemaEffect, schemaEffect } from "./schema-effect.ts";

export interface SchemaRequest extends SchemaDemand {
  /** Observes items to infer from; called only if nothing else gives a schema. */
  readonly sample: (key: KeySchema) => Promise<Inference>;
}

/** What is known before anything is read. */
export interface SchemaDemand {
  readonly store: ObjectStore;
  readonly given: GivenSchema | undefined;
  /** The lake table's name. */
  readonly name: string | undefined;
  readonly key: KeySchema | undefined;
  /** The types of the key's attributes, if the source has them. */
  readonly keyTypes?: Readonly<Record<string, "S" | "N" | "B">>;
  /** The source table's name, if it is known. */
  readonly source: string | undefined;
  /** All rows of the table are replaced, unless its change log has some. */
  readonly replacesData?: boolean;
}

export interface SchemaChoice {
  readonly schema: Schema;
  readonly origin: "given" | "lake" | "inferred";
  /** What the inference could not decide, one sentence each. */
  readonly undecided: readonly string[];
  /** What else people should know of the schema, one sentence each. */
  readonly notes?: readonly string[];
  /** What a given schema changes of a table that holds data. */
  readonly effect: SchemaEffect;
  /** What the schema was inferred from. */
  readonly guess?: SchemaGuess;
  /** It is the lake's own and may follow the data. */
  readonly evolves?: boolean;
}

export interface SchemaGuess {
  readonly sample: Inference;
  readonly table: InferredTable;
}

export async function chooseSchema(request: SchemaRequest): Promise<SchemaChoice> {
  return (await givenSchema(request)) ?? inferSchema(request, tableName(requireName(request)));
}

/** The schema that is given or the lake's, checked against everything else that is asked for; undefined if one has to be inferred. */
export async function givenSchema(request: SchemaDemand): Promise<SchemaChoice | undefined> {
  const { store, source, replacesData = false } = request;
  const givenName = request.given === undefined ? "" : nameOfGiven(request.given);
  const read = request.given === undefined ? undefined : await readGivenSchema(request.given);
  let given = read && boundTo(read, source, givenName);
  if (given !== undefined && request.name !== undefined && tableName(request.name) !== given.table) {
    throw new DynalakeError(
      "USAGE",
      `--table is "${request.name}", but ${givenName} describes "${given.table}"`,
      { next: "Leave the name out, or give the schema the same `table`." },
    );
  }
  const name = given?.table ?? tableName(requireName(request));
  const opened = await filledTable(request, name);
  if (opened === undefined) await requireOwnNames(store, name);
  const known = opened?.schema;
  // A schema without a source is one for any table that the lake's is filled from.
  if (given !== undefined && known !== undefined && given.file.source === undefined)
    given = boundTo(given, known.source, givenName);
  const chosen = given ?? known;
  if (chosen === undefined) return undefined;
  requireKey(request.key, chosen.key, name);
  if (given === undefined) return lakeChoice(request, opened as OpenTable, chosen);
  const outcome =
    known === undefined
      ? { schema: given, effect: NO_EFFECT, notes: [] }
      : await schemaEffect({ store, name: givenName, replacesData, bound: "least" }, known, given);
  return { origin: "given", undecided: [], ...outcome };
}

function requireKey(offered: KeySchema | undefined, key: KeySchema, name: string): void {
  if (offered === undefined || sameKeySchema(offered, key)) return;
  const [wanted, given] = [key, offered].map((each) => keyAttributes(each).join(","));
  throw new DynalakeError("USAGE", `the key ${given} does not fit the schema of "${name}": ${wanted}`);
}

/** The table's own schema, or what people have made of it in schema.json. */
async function lakeChoice(
  { store, source, replacesData = false }: SchemaDemand,
  opened: OpenTable,
  chosen: Schema,
): Promise<SchemaChoice> {
  const own: SchemaChoice = { schema: chosen, origin: "lake", undecided: [], effect: NO_EFFECT };
  const edit = await schemaEdit(store, opened);
  // A file that people have edited is theirs until it counts.
  if (edit === undefined || !isPeoples(edit)) return { ...own, evolves: chosen.evolve !== "none" };
  const { table } = chosen;
  if (edit.kind === "pending" || (edit.kind === "refused" && replacesData)) {
    const path = schemaPath(table);
    try {
      const edited = boundTo(edit.written, source, path);
      const wish = { store, name: path, replacesData, bound: "order" } as const;
      const outcome = await schemaEffect(wish, opened.schema, edited);
      const notes = [`${path} was edited, and is now the schema of "${table}"`, ...outcome.notes];
      return { origin: "given", undecided: [], ...outcome, notes };
    } catch (error) {
      if (!(error instanceof DynalakeError)) throw error;
    }
  }
  return { ...own, notes: [schemaEditSentence(table, edit)] };
}

/** The table, if it holds data. Throws USAGE if the data is another source table's, unless a given schema says that it is to be. */
async function filledTable(request: SchemaDemand, table: string): Promise<OpenTable | undefined> {
  const { store, source, given, replacesData = false } = request;
  const opened = await openTable(store, table);
  if (opened === undefined || !(await isFilled(opened))) return undefined;
  const { schema: known } = opened;
  const origin = `the lake's "${table}"`;
  if (source === undefined || known.source === source) return opened;
  const isReplaceable = replacesData && (await opened.changes.days()).length === 0;
  if (isReplaceable && given !== undefined) return opened;
  const schema = boundTo(known, source, origin, isReplaceable ? REPLACE : RENAME);
  return { ...opened, schema };
}

const RENAME =
  "Give the lake table a name of its own: `--table NAME`, and the same `table` in a schema file.";
const REPLACE =
  "Give the lake table a name of its own (`--table NAME`), or correct `source` in the schema file and pass it (`--schema FILE`).";

/** The schema of a source table. Throws USAGE if it is explicitly another one's: their items must never mix. */
export function boundTo(
  schema: Schema,
  source: string | undefined,
  origin: string,
  next: string = REPLACE,
): Schema {
  if (source === undefined || schema.source === source) return schema;
  if (schema.file.source === undefined || schema.source === schema.table) {
    return parseStoredSchema({ ...schema.file, source }, origin);
  }
  throw new DynalakeError("USAGE", `${origin} is for table "${schema.source}", not "${source}"`, { next });
}

function requireName(request: SchemaDemand): string {
  const name = request.name ?? request.source;
  if (name !== undefined) return name;
  throw new DynalakeError("USAGE", "the lake table has no name", {
    next: "Give it one (`--table NAME`), or a schema file (`--schema FILE`).",
  });
}

async function inferSchema(request: SchemaRequest, table: string): Promise<SchemaChoice> {
  const { key } = request;
  if (key === undefined) {
    throw new DynalakeError("USAGE", `the key of "${table}" is not known`, {
      next: "Name its attributes (`--key HASH` or `--key HASH,RANGE`): an export does not say which attributes are its key.",
    });
  }
  const named = { table, source: request.source ?? table, key };
  const sample = await request.sample(key);
  const inferred = schemaOfObserved(sample, named);
  if (inferred.items === 0) return emptySchema(request, inferred);
  return { ...inferredChoice(inferred), guess: { sample, table: named } };
}

export function inferredChoice({ file, undecided, notes }: InferredSchema): SchemaChoice {
  const sentences = [...undecided.map(({ attribute, why }) => `${attribute}: ${why}`), ...notes];
  const schema = parseSchema(file, "the inferred schema");
  return { schema, origin: "inferred", undecided: sentences, effect: NO_EFFECT };
}

/** Without items only the key can be declared, and its types only if the table's description has them. */
function emptySchema({ keyTypes = {} }: SchemaRequest, { file }: InferredSchema): SchemaChoice {
  const attributes = Object.fromEntries(
    Object.entries(keyTypes).map(([name, type]) => [
      name,
      { ...file.attributes[name], type: { S: "string", N: "decimal(38,9)", B: "binary" }[type] },
    ]),
  );
  const schema = parseSchema(
    { ...file, attributes: { ...file.attributes, ...attributes } },
    "the inferred schema",
  );
  const sentence =
    "no item was seen, so everything but the key will be in _unmapped: give a schema (`--schema`) before the first change";
  return { schema, origin: "inferred", undecided: [sentence], effect: NO_EFFECT };
}

export function sameKeySchema(a: KeySchema, b: KeySchema): boolean {
  return a.hash === b.hash && a.range === b.range;
}
