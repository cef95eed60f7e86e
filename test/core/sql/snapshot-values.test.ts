/** What kept snapshots show by the columns of now. */
import { expect, test } from "@jest/globals";
import { type Column, parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { athena } from "../../../src/core/sql/athena.ts";
import { snapshotValues } from "../../../src/core/sql/snapshot-values.ts";

const schemaOf = (type: string): Schema =>
  parseSchema(
    { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" }, price: { type } } },
    "a test",
  );

test("an attribute whose values were in several columns is named once in what no column of now shows", () => {
  const written = schemaOf("decimal(12,2)");
  const [id, price] = written.columns as readonly [Column, Column];
  const earlier = ["int", "decimal(9,2)"].map((type, i) => {
    const [, column] = schemaOf(type).columns as readonly [Column, Column];
    return { ...column, name: `price_${i}` };
  });
  const form = { written: { ...written, columns: [id, { ...price, earlier }] }, lacking: new Set<string>() };
  const values = snapshotValues(athena, schemaOf("string"), form);
  expect(values).toContain("MAP(ARRAY['price'], ARRAY[");
  for (const name of ["price", "price_0", "price_1"]) expect(values).toContain(`CAST("${name}" AS varchar)`);
});

test("a hash is no value of a column in clear, and a value in clear is none of a column of hashes", () => {
  const [clear, hashed] = [{ type: "string" }, { mask: "sha256" }].map((email) =>
    parseSchema({ table: "t", key: { hash: "id" }, attributes: { email } }, "a test"),
  ) as [Schema, Schema];
  const shown = (written: Schema, now: Schema): string =>
    snapshotValues(athena, now, { written, lacking: new Set() });
  expect(shown(clear, clear)).toMatch(/^"email",/);
  for (const [written, now] of [
    [clear, hashed],
    [hashed, clear],
  ] as const)
    expect(shown(written, now)).toMatch(/^CAST\(NULL AS varchar\) AS "email",/);
});
