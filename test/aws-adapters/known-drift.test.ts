/** What alarms of what compactions have found: values that a column should show and none does. */
import { expect, test } from "@jest/globals";
import { unshownValues } from "../../src/aws/known-drift.ts";
import { initialManifest } from "../../src/core/format/manifest.ts";
import { type FoundDrift, type FoundRecord, saveFound } from "../../src/core/overlay/found-record.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { MemoryStore } from "../support/memory-store.ts";

const FILE = {
  table: "orders",
  key: { hash: "Id" },
  attributes: { Id: { type: "string" }, Price: { type: "bigint" }, Tags: { type: "array<string>" } },
};
const digits = { wholeDigits: 0, fractionDigits: 0 };
const ofColumn = (attribute: string, type: string, hidden: number): FoundDrift => ({
  ...{ attribute, hidden, values: hidden, types: { S: hidden }, ...digits },
  column: { name: attribute.toLowerCase(), type },
});
const UNDECLARED: FoundDrift = { attribute: "Note", hidden: 4, values: 4, types: { S: 4 }, ...digits };
const looks = [
  { runs: ["a"], found: [ofColumn("Price", "bigint", 2), ofColumn("Tags", "array<string>", 16), UNDECLARED] },
  { runs: ["b"], found: [ofColumn("Price", "bigint", 32)] },
];

async function unshown(
  evolve: "all" | "types" | "none",
  { texts, wanted }: { readonly texts?: readonly string[]; readonly wanted?: FoundRecord["wanted"] } = {},
): Promise<number> {
  const store = new MemoryStore();
  await saveFound(store, "orders", { looks, ...(wanted && { wanted }) });
  const schema = parseSchema({ ...FILE, evolve }, "a test");
  return unshownValues(store, { schema, manifest: { ...initialManifest(1), ...(texts && { texts }) } });
}

test.each(["all", "types", "none"] as const)(
  "under %s, what columns hide counts, not what is text beside them, nor attributes without one",
  async (evolve) => {
    expect(await unshown(evolve)).toBe(50);
    expect(await unshown(evolve, { texts: ["Price"] })).toBe(16);
  },
);

test("what a column that is waited for is going to show raises no alarm", async () => {
  const wanted = { columns: { Price: { type: "decimal(23,4)" } }, sinceSeconds: 1 };
  expect(await unshown("all", { wanted })).toBe(16);
});

test("nothing counts before the first look", async () => {
  const schema = parseSchema({ ...FILE, evolve: "all" }, "a test");
  expect(await unshownValues(new MemoryStore(), { schema, manifest: initialManifest(1) })).toBe(0);
});
