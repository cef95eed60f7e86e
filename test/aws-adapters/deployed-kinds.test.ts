/** A deployed schema with other types and names, from the catalog to the views, without an engine. */
import { expect, test } from "@jest/globals";
import { deliverableTable } from "../../src/aws/deliverable-schema.ts";
import { deployedEdit, deployedEditSentence, requireDeployable } from "../../src/aws/deployed-change.ts";
import { type PublishContext, publishViews } from "../../src/aws/publish-views.ts";
import { registerGlueTables } from "../../src/aws/register/register.ts";
import { afterSchemaChange } from "../../src/core/compaction/next-manifest.ts";
import { initialManifest, type Manifest, manifestText } from "../../src/core/format/manifest.ts";
import { parseSchema, parseStoredSchema, type SchemaFile } from "../../src/core/schema/schema.ts";
import { newColumns } from "../../src/core/schema/schema-change.ts";
import { athena } from "../../src/core/sql/athena.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { schemaBytes } from "../../src/core/table/schema-file.ts";
import { MemoryCatalog } from "../crash-points/memory-catalog.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { tableEntry } from "../support/registry.ts";

const NOW = 1_800_000_000;

const { schema: OWN } = tableEntry("orders", "orders");
const fileOf = (attributes: object): SchemaFile =>
  ({ ...OWN, attributes: { id: { type: "string" }, ...attributes } }) as SchemaFile;
const FIRST = fileOf({ total: { type: "bigint" }, note: { type: "string" } });
const NEXT = fileOf({ total: { type: "string" }, note: { type: "string", name: "größe" } });

/** The lake table after a commit with the first schema, and after one with the next. */
function committed(): readonly [Manifest, Manifest] {
  const one: Manifest = { ...initialManifest(1), sequence: 1, schema: FIRST };
  const table = { schema: parseSchema(FIRST, "a test"), manifest: one };
  const change = requireDeployable(table, parseSchema(NEXT, "a test"));
  if (change === undefined) throw new Error("there is a change");
  const declared = { before: FIRST, added: newColumns(change), schema: change.schema.file };
  return [one, afterSchemaChange(one, declared, { run: "r", nowSeconds: NOW })];
}

class Lake {
  readonly store = new MemoryStore();
  catalog = new MemoryCatalog();

  commit({ sequence, ...manifest }: Manifest): void {
    const path = `orders/manifest/${String(sequence).padStart(12, "0")}.json`;
    this.store.plant(path, manifestText({ ...manifest, sequence }));
  }

  register(schema: SchemaFile): Promise<void> {
    const { store, catalog } = this;
    return registerGlueTables({ store, catalog, bucket: "lake", nowSeconds: () => NOW }, { schema });
  }

  columns(table: string): readonly string[] {
    const columns = this.catalog.tables.get(`orders__${table}`)?.StorageDescriptor?.Columns ?? [];
    return columns.map(({ Name, Type }) => `${Name} ${Type}`).filter((column) => !column.startsWith("_"));
  }
}

test("Glue gets a column of its own for another type, and keeps those of before", async () => {
  const lake = new Lake();
  await lake.register(FIRST);
  const [first, next] = committed();
  lake.commit(first);
  await lake.register(NEXT);
  const all = ["id string", "total bigint", "note string", "total__string string"];
  for (const table of ["changes", "segments", "staging"]) expect(lake.columns(table)).toEqual(all);
  lake.commit(next);
  // A stack that is rolled back deploys the schema of before.
  await lake.register(FIRST);
  expect(lake.columns("segments")).toEqual(all);
  // One that was removed makes all of them again.
  lake.catalog = new MemoryCatalog();
  await lake.register(NEXT);
  expect([...lake.columns("changes")].sort()).toEqual([...all].sort());
});

test("a schema that the data rules out is not deployed", async () => {
  const lake = new Lake();
  const [first] = committed();
  lake.commit(first);
  await expect(lake.register(fileOf({ total: { type: "bigint" } }))).rejects.toMatchObject({
    code: "SCHEMA_INVALID",
    message:
      'the deployed schema cannot change the existing table "orders": attributes.note: its column cannot be removed',
  });
  expect([...lake.catalog.tables.keys()]).toEqual([]);
});

test("rows have the columns of files, which schema.json does not name, and views show them by their names in SQL", async () => {
  const lake = new Lake();
  const { store } = lake;
  const [first, next] = committed();
  lake.commit(first);
  await lake.register(NEXT);
  lake.commit(next);
  const stored = parseStoredSchema(next.schema, "a test");
  store.plant("orders/schema.json", new TextDecoder().decode(schemaBytes(stored)));
  const { catalog } = lake;
  const deployed = parseSchema(NEXT, "a test");
  const context = { store, engine: { catalog }, deployed, settleSeconds: 0, nowSeconds: () => NOW };
  const { schema } = await deliverableTable(context);
  expect(schema.columns.map(({ name }) => name)).toEqual(["id", "total__string", "note"]);
  const engine = { catalog, dialect: athena } as unknown as PublishContext["engine"];
  const opened = await openTableOf(store, deployed);
  await publishViews({ engine, store, bucket: "lake", nowSeconds: () => NOW, opened });
  for (const name of ["orders", "orders_history", "orders_snapshots"]) {
    const view = catalog.tables.get(name);
    const shown = (view?.StorageDescriptor?.Columns ?? []).map(({ Name, Type }) => `${Name} ${Type}`);
    expect(shown.slice(0, 4)).toEqual(["id string", "total string", "total__text string", "grosse string"]);
  }
  const [, text = ""] =
    /Presto View: (\S+) /.exec(catalog.tables.get("orders_history")?.ViewOriginalText ?? "") ?? [];
  const { originalSql } = JSON.parse(Buffer.from(text, "base64").toString()) as { originalSql: string };
  expect(originalSql).toContain('"total__string", "note", "total", "_unmapped"');
});

test("a deployed schema that names no source is one for the lake table's own", () => {
  const schema = parseSchema({ ...FIRST, source: "Orders" }, "a test");
  const manifest: Manifest = { ...initialManifest(1), sequence: 1, schema: schema.file };
  const deployed = (file: SchemaFile) => deployedEdit({ schema, manifest }, parseSchema(file, "a test"));
  expect(deployed(FIRST)).toBeUndefined();
  expect(deployed(NEXT)).toMatchObject({ kind: "pending" });
  expect(deployed({ ...FIRST, source: "Other" })).toMatchObject({ kind: "refused" });
});

test("status says what became of a deployed schema", () => {
  const [first, next] = committed();
  const sentence = (manifest: Manifest, file: SchemaFile): string | undefined => {
    const schema = parseStoredSchema(manifest.schema, "a test");
    const edit = deployedEdit({ schema, manifest }, parseSchema(file, "a test"));
    return edit && deployedEditSentence(edit);
  };
  expect(sentence(first, FIRST)).toBeUndefined();
  expect(sentence(first, NEXT)).toBe(
    'the deployed schema is new and makes "total" string and renames "note" to "größe": a compaction takes it on once Firehose surely knows its columns',
  );
  expect(sentence(next, NEXT)).toBeUndefined();
  expect(sentence(next, FIRST)).toBe(
    'the deployed schema is one that the table had before, and is not used; to go back to it, set "evolution": 1 in its file',
  );
  expect(sentence(next, fileOf({ total: { type: "array<string>" }, note: { type: "string" } }))).toBe(
    "the table cannot take on the deployed schema: attributes.total.type: it is already string",
  );
});
