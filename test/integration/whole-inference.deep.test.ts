/** A first snapshot's schema is that of all items, wherever the one that decides it is. */
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { openLake } from "../../src/index.ts";
import { writeExport } from "../support/export-folder.ts";
import { withFolder } from "../support/folders.ts";

const MANY = 20_400;

/** Two data files; `last` is the last item of the second one, far behind the sample. */
function contentOf(last: object): readonly (readonly string[])[] {
  const line = (item: object): string => JSON.stringify({ Item: item });
  const usual = Array.from({ length: MANY }, (_, i) =>
    line({ id: { S: `o${i}` }, price: { N: String(10 + (i % 90)) } }),
  );
  return [usual.slice(0, 100), [...usual.slice(100), line(last)]];
}

test("cents and a new attribute in the last item are in SQL, and `infer` says the same schema", async () => {
  await withFolder(async (folder) => {
    const last = { id: { S: "last" }, price: { N: "0.99" }, refundReason: { S: "damaged" } };
    const files = contentOf(last).map((content) => ({ content: [...content] }));
    await writeExport(join(folder, "export"), { files });
    await using lake = await openLake(join(folder, "lake"), { threads: 1 });
    const taken = await lake.snapshot(
      { export: join(folder, "export") },
      { key: { hash: "id" }, name: "orders" },
    );
    expect(taken).toMatchObject({ items: MANY + 1, schemaOrigin: "inferred" });
    const whole = Array.from({ length: MANY }, (_, i) => 10 + (i % 90)).reduce(
      (sum, price) => sum + price,
      0,
    );
    const rows = lake.query(
      "SELECT CAST(sum(price) AS VARCHAR) AS total, count(refundreason) AS n FROM orders",
    );
    for await (const row of rows.arrays()) expect(row.map(String)).toEqual([`${whole}.9900`, "1"]);
    const schema = await lake.table("orders").schema();
    const inferred = await lake.infer(
      { export: join(folder, "export") },
      { key: { hash: "id" }, name: "orders" },
    );
    expect(schema.attributes).toEqual(inferred.schema.attributes);
    expect(inferred.items).toBe(MANY + 1);
    const sampled = await lake.infer(
      { export: join(folder, "export") },
      { key: { hash: "id" }, name: "orders", sample: 50 },
    );
    expect(sampled.schema.attributes.price).toEqual({ type: "bigint" });
  });
});
