import { expect, test } from "@jest/globals";
import { type PublishContext, publishViews } from "../../src/aws/publish-views.ts";
import { removeTable } from "../../src/aws/register/register.ts";
import { initialManifest, manifestText } from "../../src/core/format/manifest.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { athena } from "../../src/core/sql/athena.ts";
import { TABLES_VIEW } from "../../src/core/status/tables-view.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { MemoryCatalog } from "../crash-points/memory-catalog.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { register, sourceEntry, tableEntry } from "../support/registry.ts";

const NOW = 1_800_000_000;

const SCHEMA = parseSchema(tableEntry("orders", "a").schema, "a test");

function contextOf(store: MemoryStore, catalog: MemoryCatalog): Omit<PublishContext, "opened"> {
  const engine = { catalog, dialect: athena } as unknown as PublishContext["engine"];
  return { engine, store, bucket: "lake", nowSeconds: () => NOW };
}

test("a list of a kept snapshot that is missing keeps the table from its snapshots, and from nothing else", async () => {
  const store = new MemoryStore();
  const catalog = new MemoryCatalog();
  const listed = { segments: 1, bytes: 1, form: "a" };
  const kept = { exportTimeSeconds: NOW, cutSeconds: NOW, items: 1, segments: [], listed };
  const snapshots = ["one", "two"].map((run) => ({ ...kept, run }));
  const manifest = { ...initialManifest(1), sequence: 1, snapshots };
  store.plant("a/manifest/000000000001.json", manifestText(manifest));
  const opened = await openTableOf(store, SCHEMA);
  const publication = publishViews({ ...contextOf(store, catalog), opened });
  await expect(publication).rejects.toMatchObject({ code: "LAKE_DAMAGED" });
  expect([...catalog.tables.keys()].sort()).toEqual(["a", "a__moments", "a_history", TABLES_VIEW]);
});

test("a table that is removed while it is published does not come back into dynalake_tables", async () => {
  const store = new MemoryStore();
  const catalog = new MemoryCatalog();
  const entry = tableEntry("orders", "a");
  register(store, { sources: [sourceEntry("orders")], tables: [entry] });
  const context = { ...contextOf(store, catalog), opened: await openTableOf(store, SCHEMA) };
  const members = () => catalog.tables.get(TABLES_VIEW)?.Parameters?.["dynalake.tables"];
  await publishViews(context);
  expect(members()).toBe("a");
  await removeTable({ ...context, catalog }, entry, "one");
  expect(members()).toBe("");
  await publishViews(context);
  expect(members()).toBe("");
});
