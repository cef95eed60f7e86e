/**
 * Items whose attributes and types change over time. A value such as `v12s3` tells its item whole: the twelfth change, made at the
 * third stage of the table's life. At each stage writers use forms that they have not used before, and most of the earlier ones.
 */
import type { SchemaFile } from "../../src/core/schema/schema.ts";
import type { AttributeValue, Item } from "../../src/core/values/attribute-value.ts";
import { type Random, randomOf } from "../support/random.ts";

export const STAGES = 7;

/** The file that such a table begins with: numbers are whole, and of the attributes that come it has a part. */
export function evolvingFile(
  table: string,
  { evolve, partitionBy }: Pick<SchemaFile, "evolve" | "partitionBy">,
): SchemaFile {
  const number = { type: "bigint" };
  const attributes = {
    K: number,
    G: { type: "string" },
    V: { type: "string" },
    price: number,
    far: { type: "decimal(38,8)" },
    size: { type: "int" },
    part: number,
    to: { type: "struct<a:int>" },
    status: { type: "string" },
  };
  return { table, key: { hash: "K" }, partitionBy, evolve, attributes };
}

const n = (...numbers: readonly string[]): readonly AttributeValue[] => numbers.map((N) => ({ N }));
const s = (...texts: readonly string[]): readonly AttributeValue[] => texts.map((S) => ({ S }));
const m = (members: Readonly<Record<string, AttributeValue>>): AttributeValue => ({ M: members });

/** The forms that come with each stage, by attribute; an attribute without any is not there yet. */
const FORMS: Readonly<Record<string, readonly (readonly AttributeValue[])[]>> = {
  /** Whole, then with cents, then larger, then with more digits than any decimal has beside the larger ones. */
  price: [
    n("5", "-7", "120"),
    n("29.99", "0.5"),
    n("3000000000"),
    n("0.00001"),
    [...s("N/A"), ...n("12345678901234567890")],
    [{ NULL: true }],
    n("123456789012345678901234567890.12"),
  ],
  /** A decimal of all 38 digits, which can only give digits before the point for those behind it. */
  far: [n("1.5", "22.25"), [], n("0.123456789012"), n("7.00000000000000000001"), n("1E+17"), [], n("1E+29")],
  size: [n("3", "-4"), [], n("3000000000"), n("1.25"), s("large"), [], n("9223372036854775807")],
  /** Some tables are divided by it. */
  part: [n("1", "2", "3"), [], [], n("2.5"), s("x"), [], []],
  to: [
    [m({ a: { N: "1" } }), m({ a: { N: "-2" } })],
    [m({ a: { N: "1" }, b: { S: "x" } })],
    [m({ a: { N: "3000000000" } })],
    [m({ a: { N: "2.5" }, c: { M: { x: { N: "1" } } } })],
    [{ S: "flat" }],
    [m({ a: { S: "A" }, b: { N: "8" }, c: { M: { x: { N: "1.5" }, y: { S: "new" } } } })],
    [m({ c: { M: { z: { BOOL: true } } } })],
  ],
  tags: [
    [],
    [{ L: n("1", "2") }],
    [{ L: n("2.5") }],
    [{ L: s("a") }],
    [{ SS: ["a", "b"] }],
    [],
    [{ L: n("3000000000") }],
  ],
  counts: [[], [{ NS: ["1", "2"] }], [{ NS: ["2.5"] }], [{ L: n("7") }], [], [{ S: "none" }], []],
  note: [[], s("early", "5"), [], n("7", "7.5"), [], [{ BOOL: false }], []],
  /** Numbers where text was. */
  status: [s("open", "closed"), [], [], n("1", "2"), n("2.5"), [], []],
  flag: [[], [], [{ BOOL: true }, { BOOL: false }], [], s("yes"), [], []],
  at: [[], s("2024-02-29T10:30:00Z"), [], [], s("2024-02-29T12:30:00+02:00"), s("never"), []],
  /** Names of other columns, and one that differs from another by its case alone. */
  price__decimal_23_4: [[], [], s("mine"), [], [], [], []],
  price__text: [[], [], [], [], [], s("my text"), []],
  Note: [[], [], [], n("1"), [], [], []],
};

/** Nearly everything is there most of the time. */
const PRESENT_SHARE = 0.8;
/** So often a form of the newest stage. */
const NEWEST_SHARE = 0.6;

export function evolvingValue(number: number, stage: number): string {
  return `v${number}s${stage}`;
}

/** The attributes besides those that every item of the model has; undefined for a value of a model that does not evolve. */
export function evolvingAttributes(value: string): Item | undefined {
  const [, number, stage] = /^v(\d+)s(\d+)$/.exec(value) ?? [];
  if (number === undefined) return undefined;
  const random = randomOf(Number(number) * 7919 + Number(stage));
  const item: Record<string, AttributeValue> = {};
  for (const [attribute, byStage] of Object.entries(FORMS)) {
    const form = formOf(byStage, Number(stage), random);
    if (form !== undefined && random.next() < PRESENT_SHARE) item[attribute] = form;
  }
  return item;
}

function formOf(
  byStage: readonly (readonly AttributeValue[])[],
  stage: number,
  random: Random,
): AttributeValue | undefined {
  const known = byStage.slice(0, stage + 1).filter((forms) => forms.length > 0);
  const newest = known.at(-1);
  if (newest === undefined) return undefined;
  return random.choice(random.next() < NEWEST_SHARE ? newest : random.choice(known));
}
