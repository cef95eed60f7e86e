/** The drift of a deployed table, from what its compactions have found. */
import { expect, test } from "@jest/globals";
import { initialManifest } from "../../../src/core/format/manifest.ts";
import { driftSentence } from "../../../src/core/overlay/drift-finding.ts";
import { foundDrift } from "../../../src/core/overlay/found-drift.ts";
import type { FoundDrift } from "../../../src/core/overlay/found-record.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";

const schema = parseSchema(
  {
    table: "orders",
    key: { hash: "Id" },
    attributes: { Id: { type: "string" }, Price: { type: "bigint" }, Size: { type: "bigint" } },
  },
  "a test",
);
const table = { schema, manifest: { ...initialManifest(1), texts: ["Price"] } };
const digits = { wholeDigits: 0, fractionDigits: 0 };
const ofColumn = (attribute: string, hidden: number, type = "bigint"): FoundDrift => ({
  ...{ attribute, hidden, values: hidden + 10, types: { S: hidden }, ...digits },
  column: { name: attribute.toLowerCase(), type },
});

test("what all looks have found counts together, with the columns of now, and what hides most comes first", () => {
  const undeclared: FoundDrift = { attribute: "note", hidden: 4, values: 4, types: { S: 4 }, ...digits };
  const looks = [
    { runs: ["a"], found: [ofColumn("Price", 2), undeclared] },
    { runs: ["b"], failures: 3 },
    { runs: ["c"], found: [ofColumn("Price", 3), ofColumn("Size", 9, "int")] },
  ];
  expect(foundDrift(table, { looks }).map(driftSentence)).toEqual([
    "Price: 5 of 25 values are not in its column: strings in a column of type bigint; price__text has them",
    "note: 4 values are not in SQL: no column (strings); _unmapped has them",
  ]);
});
