/** Expressions of a dialect: the engine computes the values that the core means. */
import { describe, expect, test } from "@jest/globals";
import { integer, literal } from "../../src/core/ports/dialect.ts";
import type { QueryEngine } from "../../src/core/ports/query-engine.ts";
import { columnCodec } from "../../src/core/row/column.ts";
import { Inexact, type WireValue } from "../../src/core/row/encoding.ts";
import { wireType } from "../../src/core/row/wire-line.ts";
import { parseColumnType } from "../../src/core/schema/column-type.ts";
import { type AttributeFile, type Column, parseSchema } from "../../src/core/schema/schema.ts";
import { textOfMisfit } from "../../src/core/sql/text-of-misfit.ts";
import { type AttributeValue, readAttributeValue } from "../../src/core/values/attribute-value.ts";
import { sha256Half } from "../../src/core/values/hash.ts";
import { typeText } from "../arbitraries/schema.ts";
import * as fc from "../support/fast-check.ts";
import { epochColumn, fittingValue, jsonValue, setColumn } from "../support/typed-value.ts";

type DialectEngine = Pick<QueryEngine, "dialect" | "rows">;

interface TypedCase {
  readonly spec: AttributeFile;
  readonly value: AttributeValue;
}

/** What lies in `_unmapped`, and the text of it. */
const TEXTS: readonly (readonly [string | null, string | null])[] = [
  [null, null],
  ['{"NULL":true}', null],
  ['{"N":"29.99"}', "in its column"],
  ['{"N":"29.99"}', "29.99"],
  ['{"S":""}', ""],
  ['{"S":"null"}', "null"],
  ['{"S":"\\"it\\":{"}', '"it":{'],
  ['{"BOOL":false}', "false"],
  ['{"B":"AAEC"}', "AAEC"],
  ['{"NS":["1","2.5"]}', '["1","2.5"]'],
  ['{"L":[{"N":"1"},{"NULL":true}]}', '["1",null]'],
  ['{"M":{"b":{"S":"x"}}}', '{"b":"x"}'],
];

const DECIMALS: readonly TypedCase[] = [
  ["decimal(18,4)", "-99999999999999.9999"],
  ["decimal(19,4)", "99999999999999.9999"],
  ["decimal(19,4)", "-100000000000000.0001"],
  ["decimal(38,4)", "99999999999999.9999"],
  ["decimal(38,4)", "100000000000000"],
  ["decimal(38,0)", "-999999999999999999"],
  ["decimal(38,0)", "1000000000000000000"],
  ["decimal(38,18)", "0.999999999999999999"],
  ["decimal(38,18)", "-1.000000000000000001"],
  ["decimal(38,19)", "0.0000000000000000001"],
  ["decimal(38,4)", "0"],
].map(([type, N]) => ({ spec: { type: String(type) }, value: { N: String(N) } }));

/** In Trino, each level of nested arrays and maps triples the time to plan a statement. */
const LEVELS_MAX = 5;

/** `runs`: the number of statements with random values that the property runs. */
export function registerDialectTests(
  name: string,
  withEngine: (use: (engine: DialectEngine) => Promise<void>) => Promise<void>,
  runs: number,
): void {
  const inEngine = (use: (engine: DialectEngine) => Promise<void>) => () => withEngine(use);

  describe(`the dialect of ${name}`, () => {
    test(
      "types every value from its wire form, and writes the same value to the wire again",
      inEngine((engine) =>
        fc.assert(
          fc.asyncProperty(fc.array(typedCase, { minLength: 1, maxLength: 20 }), (cases) =>
            expectRoundTrip(engine, cases),
          ),
          { numRuns: runs },
        ),
      ),
      600_000,
    );

    test(
      "decimals keep their digits around the size of a number of 64 bits",
      inEngine((engine) => expectRoundTrip(engine, DECIMALS)),
    );

    test(
      "what a column cannot hold is text beside it",
      inEngine(async ({ dialect, rows }) => {
        const schema = {
          table: "t",
          key: { hash: "id" },
          attributes: { "it's": { type: "bigint", name: "c" } },
        };
        const [column] = parseSchema(schema, "test").columns as [Column];
        const { typeName } = dialect;
        const selects = TEXTS.map(([value, shown], i) => {
          const item = literal(`{"a":{"M":{"it's":{"S":"no"}}}${value === null ? "" : `,"it's":${value}`}}`);
          const own = shown === "in its column" ? "7" : "NULL";
          return `SELECT ${i} AS n, CAST(${own} AS ${typeName({ kind: "bigint" })}) AS c, ${item} AS _unmapped`;
        });
        const table = `(${selects.join(" UNION ALL ")})`;
        const found = await rows(
          `SELECT n, ${textOfMisfit(dialect, column)} AS shown FROM ${table} AS rows_given ORDER BY n`,
        );
        expect(found.map((row) => row.shown)).toEqual(
          TEXTS.map(([, shown]) => (shown === "in its column" ? null : shown)),
        );
      }),
      600_000,
    );

    test(
      "nulls stay nulls in both ways, at every depth",
      inEngine(async ({ dialect, rows }) => {
        for (const [type, wire] of NULLS) {
          const parsed = parseColumnType(type);
          const text =
            wire === null ? `CAST(NULL AS ${dialect.typeName({ kind: "string" })})` : literal(wire);
          const [row] = await rows(`SELECT ${dialect.wire(parsed, dialect.typed(parsed, text))} AS wire`);
          const found = row?.wire;
          if (wire === null) expect(found).toBeNull();
          else expect(withoutNulls(String(found))).toEqual(withoutNulls(wire));
        }
      }),
    );

    test(
      "times are seconds since 1970 on the wire",
      inEngine(async ({ dialect, rows }) => {
        for (const seconds of [0, 1, 1_772_359_200, 253_402_300_799]) {
          const typed = dialect.timeTyped(integer(seconds));
          const text = dialect.wire({ kind: "timestamp" }, typed);
          const [row] = await rows(`SELECT ${dialect.timeWire(typed)} AS seconds, ${text} AS text`);
          expect(Number(row?.seconds)).toBe(seconds);
          expect(row?.text).toBe(new Date(seconds * 1000).toISOString());
        }
      }),
    );

    test(
      "labels of parts are the same in every engine",
      inEngine(async ({ dialect, rows }) => {
        const cases = LABELS.flatMap(([type, wire, labels]) =>
          Object.entries(labels).map(([kind, label]) => ({ type, wire, kind, label })),
        );
        const selects = cases.map(({ type, wire, kind }, i) => {
          const column = columnOf({ type });
          const text = wire === null ? "NULL" : literal(wire);
          const typed = `CAST(${text} AS ${dialect.wireTypeName(wireType(column.type))})`;
          const label = dialect.partLabel(kind as "year", dialect.typed(column.type, typed));
          return `SELECT ${i} AS n, ${label} AS label`;
        });
        const found = new Map(
          (await rows(selects.join(" UNION ALL "))).map((row) => [Number(row.n), row.label]),
        );
        expect(cases.map((each, i) => ({ ...each, label: found.get(i) }))).toEqual(cases);
      }),
    );

    test(
      "the hash of a key comes back as the digits that it was made from",
      inEngine(async ({ dialect, rows }) => {
        const digits = ["0".repeat(32), "0123456789abcdef0123456789abcdef", "f".repeat(32)];
        const selects = digits.map(
          (hex) => `SELECT ${dialect.keyWire(dialect.keyTyped(literal(hex)))} AS key`,
        );
        const found = await rows(selects.join(" UNION ALL "));
        expect(found.map(({ key }) => key).sort()).toEqual(digits);
      }),
    );

    test(
      "buckets cut the hashes of keys evenly, at the same places in every engine",
      inEngine(async ({ dialect, rows }) => {
        const heads = [
          "00000000",
          "00000001",
          "55555555",
          "55555556",
          "7fffffff",
          "80000000",
          "aaaaaaaa",
          "ffffffff",
        ];
        for (const count of [1, 2, 3, 7, 1000]) {
          const selects = heads.map((head) => {
            const bucket = dialect.bucketOfTyped(
              dialect.keyTyped(literal(`${head}0123456789abcdef01234567`)),
              count,
            );
            return `SELECT ${literal(head)} AS head, ${bucket} AS bucket`;
          });
          const found = await rows(selects.join(" UNION ALL "));
          expect(found).toHaveLength(heads.length);
          for (const row of found)
            expect(Number(row.bucket)).toBe(
              Math.floor((Number.parseInt(String(row.head), 16) * count) / 2 ** 32),
            );
        }
      }),
    );
  });
}

const typedCase: fc.Arbitrary<TypedCase> = fc
  .oneof(
    {
      weight: 8,
      arbitrary: typeText
        .filter((type) => (type.match(/array|map/g) ?? []).length <= LEVELS_MAX)
        .map((type) => {
          const parsed = parseColumnType(type);
          return { spec: { type }, value: parsed.kind === "json" ? jsonValue : fittingValue(parsed) };
        }),
    },
    { weight: 1, arbitrary: epochColumn },
    { weight: 1, arbitrary: setColumn },
  )
  .chain(({ spec, value }) => value.map((each) => ({ spec, value: each })));

async function expectRoundTrip({ dialect, rows }: DialectEngine, cases: readonly TypedCase[]): Promise<void> {
  const codecs = cases.map(({ spec }) => columnCodec(columnOf(spec), undefined));
  const selects = cases.map(({ spec, value }, i) => {
    const { type } = columnOf(spec);
    const wire = codecs[i]?.encode(value) as WireValue | Inexact;
    if (wire instanceof Inexact) throw new Error("the value does not fit its type");
    const typed = dialect.typed(type, "wire");
    const text = `CAST(${dialect.wire(type, typed)} AS ${dialect.typeName({ kind: "string" })})`;
    const given = `CAST(${dialect.json.text(String(wire))} AS ${dialect.wireTypeName(wireType(type))})`;
    return `SELECT ${i} AS n, ${text} AS found FROM (VALUES (1, ${given}), (2, NULL)) AS two (row_number, wire) WHERE row_number = 1`;
  });
  const found = await rows(selects.join("\nUNION ALL\n"));
  expect(found).toHaveLength(cases.length);
  for (const row of found) {
    const n = Number(row.n);
    const back = codecs[n]?.decode(String(row.found));
    expect({ ...cases[n], value: back && readAttributeValue(back) }).toEqual(cases[n]);
  }
}

function columnOf(spec: AttributeFile): Column {
  const file = { table: "t", key: { hash: "id" }, attributes: { a: spec } };
  return parseSchema(file, "a test").columns[0] as Column;
}

const NULLS: readonly (readonly [type: string, wire: string | null])[] = [
  ["array<binary>", null],
  ["map<string,date>", null],
  ["struct<a:int>", null],
  ["array<array<date>>", '[null,[null,"2024-02-29"],[]]'],
  ["map<string,struct<a:binary,b:timestamp>>", '{"x":null,"y":{"a":"AA=="},"z":{}}'],
  ["struct<a:array<boolean>,b:struct<c:decimal(3,1)>>", '{"a":[true,null],"b":{}}'],
];

/** The members with a value: engines write a field without one as null, or omit it. */
function withoutNulls(text: string): unknown {
  return JSON.parse(text, (_, value) => (isObject(value) ? filled(value) : value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function filled(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, member]) => member !== null));
}

const identity = (text: string) => ({ identity: sha256Half(text).slice(0, 24) });
const days = (day: string) => ({ year: day.slice(0, 4), month: day.slice(0, 7), day });

const LABELS: readonly (readonly [
  type: string,
  wire: string | null,
  labels: Record<string, string | null>,
])[] = [
  ["date", "0001-01-01", { ...days("0001-01-01"), ...identity("0001-01-01") }],
  ["date", "1582-10-10", { ...days("1582-10-10"), ...identity("1582-10-10") }],
  ["date", "9999-12-31", { ...days("9999-12-31"), ...identity("9999-12-31") }],
  ["date", null, { year: null, month: null, day: null, identity: null }],
  ["timestamp", "0001-01-01T00:00:00.000Z", days("0001-01-01")],
  ["timestamp", "2024-02-29T23:59:59.999Z", days("2024-02-29")],
  ["timestamp", "9999-12-31T23:59:59.999Z", days("9999-12-31")],
  ["string", "größe '\u{1F4DA}", identity("größe '\u{1F4DA}")],
  ["string", "", identity("")],
  ["string", null, { identity: null }],
  ["int", "-5", identity("-5")],
  ["bigint", "9223372036854775807", identity("9223372036854775807")],
  ["boolean", "true", identity("true")],
  ["boolean", "false", identity("false")],
];
