/**
 * Tests for every engine that reads a lake: in a column that was declared later, the value that SQL reads from `_unmapped` is
 * the one that the codec makes of the attribute.
 */
import { describe, expect, test } from "@jest/globals";
import { type Dialect, literal } from "../../src/core/ports/dialect.ts";
import type { QueryEngine } from "../../src/core/ports/query-engine.ts";
import { columnCodec } from "../../src/core/row/column.ts";
import { Inexact, type WireValue } from "../../src/core/row/encoding.ts";
import { wireType } from "../../src/core/row/wire-line.ts";
import { type ColumnType, parseColumnType } from "../../src/core/schema/column-type.ts";
import { type AttributeFile, type Column, parseSchema } from "../../src/core/schema/schema.ts";
import { recoveredValue } from "../../src/core/sql/recovered-value.ts";
import { type AttributeValue, type Item, itemText, readItem } from "../../src/core/values/attribute-value.ts";
import {
  attributeName,
  attributeValue,
  dateText,
  numberText,
  text,
  timestampText,
} from "../arbitraries/item.ts";
import { anyDeclaration, fittingDeclaration, typeText } from "../arbitraries/schema.ts";
import * as fc from "../support/fast-check.ts";
import { epochColumn, fittingValue, jsonValue, setColumn } from "../support/typed-value.ts";

export type RecoveryEngine = Pick<QueryEngine, "dialect" | "rows">;

/** A column that is declared later, and an earlier value of its attribute. */
interface Case {
  readonly attribute: string;
  readonly spec: AttributeFile;
  readonly value: AttributeValue;
  readonly others: Item;
}

/** Cases in one statement. */
const CASES = 20;

/** `runs`: the number of statements with random cases that each property runs. */
export function registerRecoveryTests(
  name: string,
  withEngine: (use: (engine: RecoveryEngine) => Promise<void>) => Promise<void>,
  runs: number,
): void {
  const holdsFor = (cases: fc.Arbitrary<readonly Case[]>) => () =>
    withEngine((engine) =>
      fc.assert(
        fc.asyncProperty(cases, (each) => expectRecovered(engine, each)),
        { numRuns: runs },
      ),
    );
  const many = (one: fc.Arbitrary<Case>): fc.Arbitrary<readonly Case[]> =>
    fc.array(one.filter(isOfDynamo), { minLength: 1, maxLength: CASES });

  describe(`columns declared later, in ${name}`, () => {
    test("hold every value that fits their types, at every depth", holdsFor(many(fittingCase)), 600_000);
    test("hold of any value what the codec does", holdsFor(many(anyCase)), 600_000);
    test("hold text that is a date or a moment as its type", holdsFor(many(timeCase)), 600_000);
    test("hold numbers by the rules of their types", holdsFor(many(numberCase)), 600_000);
    test("are found under any name", holdsFor(many(namedCase)), 600_000);
    test(
      "hold the values at the borders of their types",
      () =>
        withEngine((engine) =>
          expectRecovered(
            engine,
            BORDERS.map(([spec, value]) => caseOf(spec, value)),
          ),
        ),
      600_000,
    );
    test(
      "hold a value of a hundred levels",
      () =>
        withEngine((engine) =>
          expectRecovered(engine, [caseOf("json", nested(99)), caseOf("array<string>", nested(99))]),
        ),
      600_000,
    );
    test(
      "are null where a row has no attribute, and where nothing is unmapped",
      () =>
        withEngine(async (engine) => {
          const column = columnOf("a", { type: "map<string,array<int>>" });
          const rows = [null, "{}", '{"b":{"S":"\\"a\\":{"}}', '{"b":{"M":{"a":{"M":{}}}}}'].map(
            (unmapped) => {
              const of =
                unmapped === null
                  ? `CAST(NULL AS ${engine.dialect.typeName({ kind: "string" })})`
                  : literal(unmapped);
              return `SELECT ${recoveredValue(engine.dialect, column, of)} IS NULL AS absent`;
            },
          );
          expect(await engine.rows(rows.join(" UNION ALL "))).toEqual(rows.map(() => ({ absent: true })));
        }),
      600_000,
    );
  });
}

/** Recorded events may contain numbers that DynamoDB cannot hold. SQL leaves such doubles in `_unmapped`. */
function isOfDynamo({ value }: Case): boolean {
  return !/[-0-9.]{201}/.test(itemText(readItem({ value })));
}

/** Each value is that of the codec, except for values that SQL cannot restore. */
async function expectRecovered({ dialect, rows }: RecoveryEngine, cases: readonly Case[]): Promise<void> {
  const expected = cases.map((each) => {
    const column = columnOf(each.attribute, each.spec);
    const encoded = columnCodec(column, undefined).encode(readItem({ a: each.value }).a as AttributeValue);
    const wire = encoded instanceof Inexact ? encoded.value : encoded;
    return { column, wire };
  });
  const statements = cases.map((each, i) => {
    const { column, wire } = expected[i] as { column: Column; wire: WireValue };
    const item = readItem({ ...each.others, ...Object.fromEntries([[each.attribute, each.value]]) });
    const value = recoveredValue(dialect, column, "unmapped");
    const isSame = `${value} IS NOT DISTINCT FROM ${typedLiteral(dialect, column, wire)}`;
    return `SELECT ${i} AS n, ${value} IS NULL AS is_null, ${isSame} AS is_same FROM ${asRow(literal(itemText(item)))}`;
  });
  const found = (await rows(statements.join("\nUNION ALL\n"))).map((row) => ({
    n: Number(row.n),
    isNull: row.is_null === true || row.is_null === "true",
    isSame: row.is_same === true || row.is_same === "true",
  }));
  expect(found).toHaveLength(cases.length);
  for (const { n, isNull, isSame } of found) {
    const { column, wire } = expected[n] as { column: Column; wire: WireValue };
    if (!isSame && !(isNull && isUntold(column, wire)))
      expect({ case: cases[n], wire, isNull }).toBe("recovered");
  }
}

/** A row that the engine cannot know in advance: it would evaluate a constant while planning. */
function asRow(unmapped: string): string {
  return `(SELECT unmapped FROM (VALUES (1, ${unmapped}), (2, '{}')) AS two (row_number, unmapped) WHERE row_number = 1)`;
}

/** json with control characters that engines write differently, and types with more than six nested arrays and maps. */
function isUntold({ type }: Column, wire: WireValue): boolean {
  if (type.kind === "json") return /\\u00[01][a-f]/.test(String(wire));
  return loops(type) > 6;
}

function loops(type: ColumnType): number {
  if (type.kind === "struct") return Math.max(...type.fields.map((field) => loops(field.type)));
  return type.kind === "array" ? 1 + loops(type.element) : type.kind === "map" ? 1 + loops(type.value) : 0;
}

function typedLiteral(dialect: Dialect, column: Column, wire: WireValue): string {
  const type = dialect.wireTypeName(wireType(column.type));
  const text = wire === null ? "NULL" : dialect.json.text(String(wire));
  return dialect.typed(column.type, `CAST(${text} AS ${type})`);
}

function columnOf(attribute: string, spec: AttributeFile): Column {
  const attributes = { [attribute]: { ...spec, name: "c" } };
  return parseSchema({ table: "t", key: { hash: "id" }, attributes }, "a test").columns[0] as Column;
}

function caseOf(spec: string | AttributeFile, value: AttributeValue): Case {
  return { attribute: "a", spec: typeof spec === "string" ? { type: spec } : spec, value, others: {} };
}

function nested(levels: number): AttributeValue {
  let value: AttributeValue = { S: "x" };
  for (let i = 1; i < levels; i++) value = i % 2 === 0 ? { L: [value] } : { M: { a: value } };
  return value;
}

const fittingCase: fc.Arbitrary<Case> = fc
  .oneof(
    {
      weight: 8,
      arbitrary: typeText.map((type) => {
        const parsed = parseColumnType(type);
        return { spec: { type }, value: parsed.kind === "json" ? jsonValue : fittingValue(parsed) };
      }),
    },
    { weight: 1, arbitrary: epochColumn },
    { weight: 1, arbitrary: setColumn },
  )
  .chain(({ spec, value }) => value.map((each) => caseOf(spec, each)));

const anyCase: fc.Arbitrary<Case> = attributeValue.chain((value) =>
  fc
    .oneof(
      { weight: 5, arbitrary: fittingDeclaration(value) },
      { weight: 2, arbitrary: anyDeclaration },
      { weight: 2, arbitrary: fc.constant<AttributeFile>({ type: "json" }) },
    )
    .map((spec) => caseOf(spec, value)),
);

const trickyMoment = fc
  .tuple(timestampText, fc.constantFrom("", " ", "\n", "\u00a0", "\ufeff", "\u2003", "Z", "x"), fc.nat(30))
  .map(([moment, extra, at]) => moment.slice(0, at) + extra + moment.slice(at));

const timeCase: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom("date", "timestamp"), fc.oneof(dateText, timestampText, trickyMoment))
  .map(([type, S]) => caseOf(type, { S }));

/** Numbers of 15 to 17 digits, some of which are the shortest form of their double. */
const doubleText: fc.Arbitrary<string> = fc.oneof(
  fc.double({ noNaN: true, min: -1e125, max: 1e125 }).map(String),
  fc
    .tuple(fc.bigInt({ min: 10n ** 14n, max: 10n ** 17n }), fc.integer({ min: -30, max: 30 }))
    .map(([digits, exponent]) => `${digits}e${exponent}`),
);

const numberType = fc.oneof(
  fc.constantFrom(
    "int",
    "bigint",
    "double",
    "decimal(1,0)",
    "decimal(38,0)",
    "decimal(38,38)",
    "decimal(10,2)",
  ),
  fc.tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38)).map(([p, s]) => `decimal(${p},${Math.min(p, s)})`),
);

const numberCase: fc.Arbitrary<Case> = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: numberType.map((type): AttributeFile => ({ type })) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom("epoch_millis", "epoch_seconds")
          .map((format): AttributeFile => ({ type: "timestamp", format: format as "epoch_millis" })),
      },
    ),
    fc.oneof(numberText, doubleText),
  )
  .map(([spec, N]) => caseOf(spec, { N }));

const anyName = fc.oneof(
  attributeName,
  text,
  fc.constantFrom("/", "~", "~1", "$", "$.a", "*", "[0]", "'", "\\", '\\"', "S"),
);

const namedCase: fc.Arbitrary<Case> = fc
  .tuple(anyName, fc.array(anyName, { maxLength: 4 }), attributeValue)
  .map(([attribute, others, value]) => ({
    attribute: attribute === "" ? "a" : attribute,
    spec: { type: "json" },
    value: { M: Object.fromEntries([[attribute, value], ...others.map((name) => [name, value] as const)]) },
    others: Object.fromEntries(
      others.map((name, i) => [name, i % 2 === 0 ? value : { S: `"${attribute}":{"S":"` }] as const),
    ),
  }));

const BORDERS: readonly (readonly [string | AttributeFile, AttributeValue])[] = [
  ["string", { S: "" }],
  ["string", { S: "\0a\u001f\u007f\u2028\ufeff\u{10ffff}" }],
  ["string", { N: "1" }],
  ["boolean", { BOOL: false }],
  ["boolean", { S: "true" }],
  ["binary", { B: "" }],
  ["binary", { B: "//79/A==" }],
  ["int", { N: "-2147483648" }],
  ["int", { N: "2147483648" }],
  ["bigint", { N: "9223372036854775807" }],
  ["bigint", { N: "9223372036854775808" }],
  ["bigint", { N: "9007199254740993" }],
  ["double", { N: "9007199254740993" }],
  ["double", { N: "2e23" }],
  ["double", { N: "199999999999999980000000" }],
  ["double", { N: "8409999999999999000000" }],
  ["double", { N: "0.30000000000000004" }],
  ["double", { N: "0.1000000000000000055" }],
  ["double", { N: "9.9999999999999999999999999999999999999e125" }],
  ["double", { N: "-1e-130" }],
  ["decimal(38,38)", { N: `0.${"9".repeat(38)}` }],
  ["decimal(38,38)", { N: "1" }],
  ["decimal(38,0)", { N: `-${"9".repeat(38)}` }],
  ["decimal(3,1)", { N: "99.95" }],
  ["date", { S: "0000-01-01" }],
  ["date", { S: "0001-01-01" }],
  ["date", { S: "1582-10-10" }],
  ["date", { S: "2023-02-29" }],
  ["date", { S: "2024-02-29\n" }],
  ["timestamp", { S: "0001-01-01T00:00:00.000+00:01" }],
  ["timestamp", { S: "0001-01-01T00:00-00:01" }],
  ["timestamp", { S: "9999-12-31T23:59:59.999Z" }],
  ["timestamp", { S: "9999-12-31T23:59:59.999-00:01" }],
  ["timestamp", { S: "2024-02-29T12:30-0530" }],
  ["timestamp", { S: "2024-02-29t12:30:01,5 +14" }],
  ["timestamp", { S: "2024-02-29 12:30:01\n" }],
  ["timestamp", { S: "2024-02-29T24:00:00Z" }],
  ["timestamp", { S: "2024-02-29T10:30:00.000001Z" }],
  [{ type: "timestamp", format: "epoch_millis" }, { N: "-62135596800000" }],
  [{ type: "timestamp", format: "epoch_millis" }, { N: "-62135596800001" }],
  [{ type: "timestamp", format: "epoch_millis" }, { N: "253402300799999" }],
  [{ type: "timestamp", format: "epoch_millis" }, { N: "1.5" }],
  [{ type: "timestamp", format: "epoch_seconds" }, { N: "253402300799.999" }],
  [{ type: "timestamp", format: "epoch_seconds" }, { N: "253402300800" }],
  [{ type: "timestamp", format: "epoch_seconds" }, { N: "-0.001" }],
  [{ type: "timestamp", format: "epoch_seconds" }, { S: "1" }],
  ["array<bigint>", { SS: ["1"] }],
  ["array<bigint>", { NS: ["1", "1.5"] }],
  ["array<timestamp>", { SS: ["2024-02-29T12:30", "x"] }],
  ["array<boolean>", { BS: ["AA=="] }],
  ["array<array<string>>", { L: [{ SS: ["b", "a"] }, { S: "a" }, { NULL: true }, { L: [] }] }],
  ["array<string>", { S: "[]" }],
  [{ type: "array<bigint>", set: true }, { SS: ["1"] }],
  [{ type: "array<bigint>", set: true }, { L: [{ N: "1" }, { S: "1" }] }],
  [{ type: "array<bigint>", set: true }, { NS: ["2", "1.5"] }],
  [{ type: "array<binary>", set: true }, { BS: ["", "AA=="] }],
  [
    "map<string,int>",
    { M: JSON.parse('{"__proto__":{"N":"1"},"":{"N":"2"},"a.b":{"S":"x"},"\\u0000":{"NULL":true}}') },
  ],
  ["map<string,int>", { L: [] }],
  [
    "struct<A:int,b:struct<C:date>>",
    { M: { A: { N: "1" }, a: { N: "2" }, b: { M: { C: { S: "2024-02-29" } } } } },
  ],
  ["struct<A:int,b:struct<C:date>>", { M: { b: { NULL: true } } }],
  ["struct<A:int>", { L: [{ M: { A: { N: "1" } } }] }],
  ["json", { NULL: true }],
  ["json", { S: "null" }],
  ["json", { M: { NULL: { NULL: true }, M: { M: { M: { L: [] } } }, S: { S: '}}]}{"S":"\\' } } }],
  ["json", { L: [{ NS: ["1", "2"] }, { BS: ["AA=="] }, { BOOL: true }, { L: [{ L: [] }] }] }],
  ["json", { M: { "10": { N: "1e3" }, "9": { B: "AA==" }, "-": { M: {} } } }],
];
