/** The drift of a deployed table, from what its compactions have found. */
import { describe, expect, test } from "@jest/globals";
import { initialManifest } from "../../../src/core/format/manifest.ts";
import { driftSentence } from "../../../src/core/overlay/drift-finding.ts";
import { foundDrift, foundSince } from "../../../src/core/overlay/found-drift.ts";
import type { FoundDrift, FoundRecord, SegmentLook } from "../../../src/core/overlay/found-record.ts";
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
    "Price: up to 5 of 25 values are not in its column: strings in a column of type bigint; price__text has them",
    "note: up to 4 values are not in SQL: no column (strings); _unmapped has them",
  ]);
});

describe("the moment at which something was first found", () => {
  const look = (run: string, ...found: readonly FoundDrift[]): SegmentLook => ({ runs: [run], found });
  const since = (before: FoundRecord, ...looks: readonly SegmentLook[]) =>
    foundSince(table, before, looks, 2000);

  test("stays while looks find it, in whichever segments and type, and goes with the last of it", () => {
    const before = { looks: [look("a", ofColumn("Price", 1, "int"))], since: { Price: 1000 } };
    const [again, other] = [look("b", ofColumn("Price", 2)), look("c", ofColumn("Size", 3))];
    expect(since(before, again, other)).toEqual({ Price: 1000, Size: 2000 });
    expect(since(before, other)).toEqual({ Size: 2000 });
    expect(since(before)).toEqual({});
    expect(foundDrift(table, { looks: [again], since: { Price: 1000 } }).map(driftSentence)).toEqual([
      "Price: up to 2 of 12 values are not in its column: strings in a column of type bigint, since 1970-01-01 00:16:40Z; price__text has them",
    ]);
  });

  test("is kept where a look could not tell", () => {
    const before = { looks: [look("a", ofColumn("Price", 1))], since: { Price: 1000 } };
    expect(since(before, { runs: ["b"], failures: 1 })).toEqual({ Price: 1000 });
  });

  test("is unknown of what an earlier version had found, which kept none", () => {
    const before = { looks: [look("a", ofColumn("Price", 1))] };
    const found = look("b", ofColumn("Price", 1), ofColumn("Size", 1));
    expect(since(before, found)).toEqual({ Size: 2000 });
  });
});
