// Checks the examples in docs/types.md and docs/schemas.md.
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { DynalakeError } from "../../src/core/error.ts";
import { type Dialect, literal } from "../../src/core/ports/dialect.ts";
import type { WireValue } from "../../src/core/row/encoding.ts";
import { rowCodec, toItem, toRow } from "../../src/core/row/row.ts";
import { parseColumnType } from "../../src/core/schema/column-type.ts";
import {
  type AttributeFile,
  parseSchema,
  parseSchemaText,
  RESERVED_COLUMNS,
  type TimestampFormat,
} from "../../src/core/schema/schema.ts";
import { requireCompatible } from "../../src/core/schema/schema-change.ts";
import { schemaFileJsonSchema } from "../../src/core/schema/schema-file.ts";
import { athena } from "../../src/core/sql/athena.ts";
import { duckdb } from "../../src/core/sql/duckdb.ts";
import { readAttributeValue } from "../../src/core/values/attribute-value.ts";
import { type DuckdbSession, openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import { attributeValue } from "../arbitraries/item.ts";
import { typeText } from "../arbitraries/schema.ts";
import * as fc from "../support/fast-check.ts";

const root = join(import.meta.dirname, "..", "..");
const types = readFileSync(join(root, "docs", "types.md"), "utf8");
const schemas = readFileSync(join(root, "docs", "schemas.md"), "utf8");

describe("docs/types.md", () => {
  let session: DuckdbSession;
  beforeAll(async () => {
    session = await openDuckdb({ threads: 1, memoryMegabytes: 256, temporaryFolder: tmpdir() });
  });
  afterAll(() => session.close());

  const examples = rowsBelow(types, "## Examples").map(([value = "", column = "", sql = "", also]) => ({
    value: code(value),
    column,
    sql: sql === "NULL" ? null : code(sql),
    also,
  }));

  test("has examples of all types", () => {
    const kinds = new Set(examples.map(({ value }) => Object.keys(JSON.parse(value))[0]));
    expect([...kinds].sort()).toEqual(["B", "BOOL", "BS", "L", "M", "N", "NS", "NULL", "S", "SS"]);
  });

  test.each(examples)("$value in $column is $sql", async ({ value, column, sql, also }) => {
    const { shown, unmapped } = encoded(column, value);
    expect(unmapped ? "yes" : "no").toBe(also);
    expect(await inSql(column, shown)).toBe(sql);
  });

  async function inSql(column: string, wire: WireValue): Promise<string | null> {
    if (wire === null) return null;
    const type = parseColumnType(specOf(column).type as string);
    const text = typeof wire === "string" ? literal(wire) : `CAST('${wire}' AS ${duckdb.typeName(type)})`;
    const [row] = await session.rows(`SELECT CAST(${duckdb.typed(type, text)} AS VARCHAR) AS text`);
    return row?.text as string;
  }

  test("says what fits which column, for every value and every type", () => {
    const [header = [], ...lines] = tableBelow(types, "## What fits which column");
    const column = fc.oneof(
      typeText.map((type) => `\`${type}\``),
      fc.constantFrom("`timestamp` from `epoch_seconds`", "`timestamp` from `epoch_millis`"),
      fc.constantFrom(
        "`array<string>` from a set",
        "`array<bigint>` from a set",
        "`array<binary>` from a set",
      ),
    );
    fc.assert(
      fc.property(attributeValue, column, (value, chosen) => {
        const kind = Object.keys(value)[0] as string;
        const [name, ...cells] = lines.find(([row = ""]) => isRowOf(row, chosen)) ?? [];
        const { shown, unmapped } = encoded(chosen, JSON.stringify(value));
        const outcome = !unmapped ? "=" : shown === null ? "-" : "~";
        const cell = cells[header.indexOf(kind) - 1];
        expect([name, kind, cell]).toEqual([name, kind, expect.stringContaining(outcome)]);
      }),
      { numRuns: 2000 },
    );
  });

  test("has the types of both engines", () => {
    for (const [column = "", duckdbType, athenaType] of rowsBelow(types, "## In SQL")) {
      for (const each of column.split(", ")) {
        const name = (dialect: Dialect): string => dialect.typeName(parseColumnType(code(each)));
        expect([each, name(duckdb), name(athena)]).toEqual([each, duckdbType, athenaType]);
      }
    }
  });

  test("lists the reserved names", () => {
    const named = types.slice(types.indexOf("Reserved names"), types.indexOf("## Masks"));
    expect(new Set(named.match(/`[a-z_]+`/g)?.map(code))).toEqual(new Set(RESERVED_COLUMNS));
  });
});

describe("docs/schemas.md", () => {
  const files = [...schemas.matchAll(/```json\n(.*?)```/gs)].map((match) => match[1] as string);

  test("has schema files that can be read, the first of which is the example", () => {
    for (const file of files) parseSchemaText(file, "docs/schemas.md");
    expect(files.length).toBeGreaterThanOrEqual(3);
    expect(files[0]).toBe(readFileSync(join(root, "schemas", "reviews.json"), "utf8"));
  });

  test("describes every member and no other", () => {
    const published = schemaFileJsonSchema() as unknown as {
      properties: Record<string, { additionalProperties?: { properties?: object } }>;
    };
    const described = (heading: string): readonly string[] =>
      rowsBelow(schemas, heading)
        .map(([member = ""]) => code(member))
        .sort();
    expect(described("## Members")).toEqual(Object.keys(published.properties).sort());
    const attribute = published.properties.attributes?.additionalProperties?.properties ?? {};
    expect(described("## `attributes`")).toEqual(Object.keys(attribute).sort());
  });

  test("shows the error of a wrong type as it is", () => {
    const file = { table: "t", key: { hash: "id" }, attributes: { total: { type: "decimal(40,2)" } } };
    try {
      parseSchema(file, "bad.json");
      throw new Error("nothing was refused");
    } catch (error) {
      const { code: name, message } = error as DynalakeError;
      expect(schemas).toContain(`error ${name}: ${message}\n`);
    }
  });

  test("shows the error of a column that changes as it is", () => {
    const example = parseSchemaText(files[0] as string, "reviews.json");
    const { attributes } = example.file;
    const changed = { ...example.file, attributes: { ...attributes, Rating: { type: "string" } } };
    const refuse = (): unknown => requireCompatible(example, parseSchema(changed, "a test"), "reviews.json");
    const shown = /^error SCHEMA_INVALID: (reviews\.json cannot change .*)$/m.exec(schemas)?.[1];
    expect(refuse).toThrow(expect.objectContaining({ code: "SCHEMA_INVALID", message: shown }));
  });

  test("describes partitions that can be read", () => {
    const kinds = rowsBelow(schemas, "## `partitionBy`").flatMap(
      ([value = ""]) => value.match(/`[^`]+`/g) ?? [],
    );
    expect(kinds).toHaveLength(5);
    for (const kind of kinds) {
      const attributes = { column: { type: "date" } };
      parseSchema({ table: "t", key: { hash: "id" }, attributes, partitionBy: code(kind) }, kind);
    }
  });
});

/** The rows of the first table below a heading, header first. */
function tableBelow(document: string, heading: string): readonly (readonly string[])[] {
  const below = document.slice(document.indexOf(`${heading}\n`) + heading.length).split("\n## ")[0] as string;
  const lines = below.split("\n").filter((line) => line.startsWith("| "));
  const rows = lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
  return rows.filter((row) => !row.every((cell) => /^-*$/.test(cell)));
}

function rowsBelow(document: string, heading: string): readonly (readonly string[])[] {
  return tableBelow(document, heading).slice(1);
}

/** The text in backticks. */
function code(cell: string): string {
  return /^`(.*)`$/.exec(cell)?.[1] ?? cell;
}

/** `type`, `type` from `format`, `type` from a set. */
function specOf(column: string): AttributeFile {
  const [, type = "", from] = /^`([^`]+)`(?: from (.+))?$/.exec(column) ?? [];
  if (from === undefined) return { type };
  return from === "a set" ? { type, set: true } : { type, format: code(from) as TimestampFormat };
}

/** Whether a row in the table of fitting values is for the column. */
function isRowOf(row: string, column: string): boolean {
  const { type = "", set, format } = specOf(column);
  const kind = type.replace(/[<(].*$/, "");
  if (!new RegExp(`\`${kind}[<(\`]`).test(row)) return false;
  if (set === true) return row.endsWith("from a set");
  return format === undefined ? !row.includes("from") : row.includes(`\`${format}\``);
}

function encoded(column: string, value: string): { readonly shown: WireValue; readonly unmapped: boolean } {
  const file = { table: "t", key: { hash: "id" }, attributes: { a: specOf(column) } };
  const codec = rowCodec(parseSchema(file, column));
  const item = { a: readAttributeValue(JSON.parse(value)) };
  const row = toRow(codec, item);
  expect(toItem(codec, row)).toEqual(item);
  return { shown: row.values[0] as WireValue, unmapped: row.unmapped !== null };
}
