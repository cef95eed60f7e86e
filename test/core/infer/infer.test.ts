/** Inference: the schema of a sample restores every item of it, and does not depend on its order. */
import { describe, expect, test } from "@jest/globals";
import { INFERRED_COLUMNS_MAX, type InferredSchema, inferredSchema } from "../../../src/core/infer/infer.ts";
import {
  emptyInference,
  type Inference,
  inferenceOf,
  mergeInference,
  observe,
} from "../../../src/core/infer/inference.ts";
import { columnCodec } from "../../../src/core/row/column.ts";
import { Inexact } from "../../../src/core/row/encoding.ts";
import { type AttributeFile, parseSchema } from "../../../src/core/schema/schema.ts";
import { type AttributeValue, type Item, readItem } from "../../../src/core/values/attribute-value.ts";
import type { KeySchema } from "../../../src/core/values/key.ts";
import { attributeName, item, keyedItem, keySchema, numberText, text } from "../../arbitraries/item.ts";
import { deepTest } from "../../support/deep-test.ts";
import * as fc from "../../support/fast-check.ts";

describe("the inferred schema, for every sample", () => {
  test("is one that can be read", () => {
    fc.assert(
      fc.property(anySample, ({ items, key }) => {
        const { file } = inferred(items, key);
        const schema = parseSchema(file, "the inferred schema");
        expect(schema.key).toEqual(key);
        expect(schema.columns.map((column) => column.attribute)).toEqual(
          expect.arrayContaining(Object.values(key)),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test("does not depend on the order of the items", () => {
    const shuffled = anySample.chain((sample) =>
      fc.tuple(
        fc.constant(sample),
        fc.shuffledSubarray([...sample.items], { minLength: sample.items.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([{ items, key }, others]) => {
        expect(JSON.stringify(inferred(others, key))).toBe(JSON.stringify(inferred(items, key)));
      }),
      { numRuns: 1000 },
    );
  });

  test("does not depend on the order of the items where their maps have ever more names", () => {
    const name = fc.nat(150).map((n) => `m${n}`);
    const leaf = fc.constantFrom<AttributeValue>(
      { S: "x" },
      { N: "1" },
      { N: "0.5" },
      { L: [] },
      { NULL: true },
    );
    const map = (value: fc.Arbitrary<AttributeValue>): fc.Arbitrary<AttributeValue> =>
      fc.dictionary(name, value, { maxKeys: 8, size: "max" }).map((M) => ({ M }));
    const value = fc.oneof(leaf, map(fc.constant({ S: "x" })), map(fc.oneof(leaf, map(leaf))));
    const rows = fc.array(fc.record({ v: value, w: map(map(fc.constantFrom({ N: "1" }, { N: "2.5" }))) }), {
      minLength: 10,
      maxLength: 40,
      size: "max",
    });
    const shuffled = rows.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([items, others]) => {
        expect(JSON.stringify(inferred(others))).toBe(JSON.stringify(inferred(items)));
        expectExact(items, { hash: "id" });
      }),
      { numRuns: 200 },
    );
  });

  test("gives every value of the sample back from its column alone, but for what is told", () => {
    fc.assert(
      fc.property(anySample, ({ items, key }) => expectExact(items, key)),
      { numRuns: 1000 },
    );
  });

  test("tells of every attribute why it has no column", () => {
    fc.assert(
      fc.property(anySample, ({ items, key }) => {
        const { file, undecided } = inferred(items, key);
        const told = undecided
          .filter(({ outcome }) => outcome === "undeclared")
          .map((each) => each.attribute);
        const names = new Set([...items.flatMap((each) => Object.keys(each)), ...Object.values(key)]);
        const missing = [...names].filter((name) => !Object.hasOwn(file.attributes, name));
        expect(missing.sort()).toEqual(told);
      }),
      { numRuns: 500 },
    );
  });
});

describe("what was observed of parts", () => {
  const merged = (...parts: readonly Inference[]): Inference => {
    const into = emptyInference(["id"]);
    for (const part of parts) mergeInference(into, part);
    return into;
  };
  test("merges to what is observed of all, in any order and grouping", () => {
    const parts = anySample.chain(({ items, key }) =>
      fc.record({
        key: fc.constant(key),
        items: fc.constant(items),
        cuts: fc.tuple(fc.nat(items.length), fc.nat(items.length)),
      }),
    );
    fc.assert(
      fc.property(parts, ({ items, key, cuts }) => {
        const [from, to] = [...cuts].sort((a, b) => a - b) as [number, number];
        const [a, b, c] = [items.slice(0, from), items.slice(from, to), items.slice(to)].map((part) =>
          observed(part, key),
        ) as [Inference, Inference, Inference];
        const all = { ...observed(items, key), keys: ["id"] };
        for (const one of [
          merged(a, b, c),
          merged(c, a, b),
          merged(merged(a, b), c),
          merged(a, merged(b, c)),
        ])
          expect(plain(one)).toEqual(plain(all));
      }),
      { numRuns: 500 },
    );
  });

  test("needs bounded room together, too", () => {
    const names = (count: number, prefix: string): readonly string[] =>
      Array.from({ length: count }, (_, i) => `${prefix}${String.fromCharCode(97 + (i % 26))}${i}`);
    const wide = (leaf: string): Inference =>
      observed(
        [
          {
            id: { S: "1" },
            m: mapOf(names(100, "o"), () => mapOf(names(50, "i"), () => mapOf([leaf], () => ({ S: "x" })))),
          },
        ],
        { hash: "id" },
      );
    const [one, other] = [wide("p"), wide("q")];
    expect(one.attributes.get("m")?.coarse).toBe(false);
    const both = merged(one, other);
    expect(both.attributes.get("m")).toMatchObject({ coarse: true, counts: { M: 2 } });
    expect(jsonBytes(both)).toBeLessThan(1000);
  });

  test("merges to the same names where there are too many", () => {
    const named = (from: number, to: number): Inference =>
      observed(
        Array.from({ length: to - from }, (_, i) => ({
          id: { S: "1" },
          often: { N: "1" },
          [`name${from + i}`]: { S: "x" },
        })),
        { hash: "id" },
      );
    const schemaOf = (inference: Inference): string =>
      JSON.stringify(inferredSchema(inference, { table: "t", source: "T", key: { hash: "id" } }));
    const [a, b, c] = [named(0, 3000), named(3000, 5500), named(5500, 9000)];
    const all = schemaOf(named(0, 9000));
    for (const one of [merged(a, b, c), merged(c, merged(b, a)), merged(merged(c, a), b)])
      expect(schemaOf(one)).toBe(all);
    expect(all).toContain('"often":{"type":"bigint"}');
  });
});

describe("strings", () => {
  test("are dates or timestamps only where all of them come back exactly", () => {
    expect(typeOf("2024-02-29", "1999-12-31")).toBe("date");
    expect(typeOf("2024-02-29", "2023-02-29")).toBe("string");
    expect(typeOf("2024-02-29T10:00:00.000Z")).toBe("timestamp");
    expect(typeOf("2024-02-29T10:00:00Z")).toBe("string");
    expect(typeOf("2024-02-29T10:00:00.000Z", "2024-02-29")).toBe("string");
    expect(typeOf("2024-02-29", "")).toBe("string");
  });

  test("stay strings in a key, so that a later key of any form fits", () => {
    const { file, undecided } = inferred([{ id: { S: "2024-02-29" } }]);
    expect(file.attributes.id).toEqual({ type: "string" });
    expect(undecided).toEqual([]);
  });
});

describe("numbers", () => {
  test.each([
    [["1", "-2", "3000000000"], "bigint"],
    [["9223372036854775807"], "bigint"],
    [["9223372036854775808"], "decimal(38,0)"],
    [["19.99", "5"], "decimal(38,4)"],
    [["0.5"], "decimal(38,3)"],
    [["0.30000000000000004", "12"], "decimal(38,21)"],
    [["0.00000000000000000000000000000000000001"], "decimal(38,38)"],
    [["1E+100", "0.1"], "double"],
    [[...Array<string>(8).fill("1"), "1E-39", "1E-40"], "double"],
  ])("%j become %s", (numbers, type) => {
    const items = numbers.map((N, i) => ({ id: { S: String(i) }, n: { N } }));
    expect(inferred(items).file.attributes.n).toEqual({ type });
    expect(inferred(items).undecided).toEqual([]);
  });

  test.each([
    [[...Array<string>(9).fill("1"), "1E-39"], "bigint"],
    [[...Array<string>(9).fill("12.29"), "1E+60"], "decimal(38,4)"],
    [[...Array<string>(9).fill("12.29"), "0.1234567890123456789012345678901234567"], "decimal(38,4)"],
    [[...Array<string>(9).fill("5"), "3.25", ...Array<string>(9).fill("5"), "1E+60"], "decimal(38,4)"],
  ])("%j are exact but for one of them, which is told: they become %s", (numbers, type) => {
    const { file, undecided } = inferred(numbers.map((N, i) => ({ id: { S: String(i) }, n: { N } })));
    expect(file.attributes.n).toEqual({ type });
    const why = `1 of ${numbers.length} numbers does not fit ${type}, and no decimal type fits all of them; what does not fit is kept in _unmapped`;
    expect(undecided).toEqual([{ attribute: "n", outcome: "inexact", why }]);
  });

  test("that no type holds most of are json, which is told", () => {
    const { file, undecided } = inferred([
      { id: { S: "1" }, n: { N: "1E+100" } },
      { id: { S: "2" }, n: { N: "0.12345678901234567890123456789012345678" } },
    ]);
    expect(file.attributes.n).toEqual({ type: "json" });
    expect(undecided).toMatchObject([{ attribute: "n", outcome: "inexact" }]);
  });

  test("of a key are never doubles", () => {
    const key = { hash: "id" };
    expect(inferred([{ id: { N: "7" } }], key).file.attributes.id).toEqual({ type: "bigint" });
    expect(inferred([{ id: { N: "7.25" } }], key).file.attributes.id).toEqual({ type: "decimal(38,4)" });
    const wide = inferred([{ id: { N: "1E+100" } }], key);
    expect(wide.file.attributes.id).toEqual({ type: "decimal(38,0)" });
    expect(wide.undecided).toMatchObject([{ attribute: "id", outcome: "inexact" }]);
  });

  test("keep the whole sample exact, whatever they are", () => {
    const numbers = fc.array(numberText, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(numbers, (all) =>
        expectExact(
          all.map((N, i) => readItem({ id: { S: String(i) }, n: { N } })),
          { hash: "id" },
        ),
      ),
      { numRuns: 1000 },
    );
  });
});

describe("other types", () => {
  test("have the column type of their own", () => {
    const value: Item = { id: { S: "1" }, b: { BOOL: false }, raw: { B: "AAEC" } };
    expect(inferred([value]).file.attributes).toMatchObject({
      b: { type: "boolean" },
      raw: { type: "binary" },
    });
  });

  test("sets become arrays that come from a set", () => {
    const sets = { id: { S: "1" }, s: { SS: ["2024-01-01"] }, n: { NS: ["1", "2.5"] }, b: { BS: ["AA=="] } };
    expect(inferred([sets]).file.attributes).toMatchObject({
      s: { type: "array<string>", set: true },
      n: { type: "array<decimal(38,3)>", set: true },
      b: { type: "array<binary>", set: true },
    });
  });

  test("an empty list beside sets stands for no set", () => {
    const { file, undecided } = inferred([
      { id: { S: "1" }, tags: { SS: ["a"] } },
      { id: { S: "2" }, tags: { L: [] } },
      { id: { S: "3" }, tags: { L: [] } },
    ]);
    expect(file.attributes.tags).toEqual({ type: "array<string>", set: true });
    expect(undecided).toMatchObject([{ attribute: "tags", outcome: "inexact" }]);
  });

  test("lists become arrays of the type that fits all elements of all items", () => {
    const { file } = inferred([
      { id: { S: "1" }, l: { L: [{ N: "1" }, { NULL: true }] } },
      { id: { S: "2" }, l: { L: [{ N: "2.5" }] } },
      { id: { S: "3" }, l: { L: [] } },
    ]);
    expect(file.attributes.l).toEqual({ type: "array<decimal(38,3)>" });
  });

  test("a NULL, an empty list and an empty map tell nothing, so that they have no column", () => {
    const { file, undecided } = inferred([
      {
        id: { S: "1" },
        nothing: { NULL: true },
        list: { L: [] },
        map: { M: {} },
        nulls: { L: [{ NULL: true }] },
      },
    ]);
    expect(Object.keys(file.attributes)).toEqual(["id"]);
    expect(undecided.map(({ attribute, outcome }) => [attribute, outcome])).toEqual([
      ["list", "undeclared"],
      ["map", "undeclared"],
      ["nothing", "undeclared"],
      ["nulls", "undeclared"],
    ]);
  });
});

describe("maps", () => {
  test("with few and recurring names become structs, a rare member included", () => {
    const items = Array.from({ length: 20 }, (_, i) => ({
      id: { S: String(i) },
      address: {
        M: { City: { S: "x" }, zip: { N: "1" }, ...(i === 7 ? { since: { S: "2024-01-01" } } : {}) },
      },
    }));
    const { file, undecided } = inferred(items as readonly Item[]);
    expect(file.attributes.address).toEqual({ type: "struct<City:string,since:date,zip:bigint>" });
    expect(undecided).toEqual([]);
  });

  test("whose names are data become maps where the values have one type", () => {
    const votes = (i: number): AttributeValue => ({ M: { [`user${i}`]: { N: "1" } } });
    const items = Array.from({ length: 200 }, (_, i) => ({ id: { S: String(i) }, votes: votes(i) }));
    expect(inferred(items).file.attributes.votes).toEqual({ type: "map<string,bigint>" });
    expect(inferred(items.slice(0, 20)).file.attributes.votes).toEqual({ type: "map<string,bigint>" });
  });

  test.each([["a b"], ["1st"], ["größe"], ["a-b"], [""]])("with a name like %j become maps", (name) => {
    const items = [{ id: { S: "1" }, m: { M: { [name]: { S: "x" }, other: { S: "y" } } } }];
    expect(inferred(items).file.attributes.m).toEqual({ type: "map<string,string>" });
  });

  test("with names that differ by case only become maps", () => {
    const items = [{ id: { S: "1" }, m: { M: { Name: { N: "1" }, name: { N: "2" } } } }];
    expect(inferred(items).file.attributes.m).toEqual({ type: "map<string,bigint>" });
  });

  test("of structs keep the structs", () => {
    const items = Array.from({ length: 150 }, (_, i) => ({
      id: { S: String(i) },
      m: { M: { [`k${i}`]: { M: { a: { N: String(i) }, b: { S: "x" } } } } } as AttributeValue,
    }));
    expect(inferred(items).file.attributes.m).toEqual({ type: "map<string,struct<a:bigint,b:string>>" });
  });

  test("whose names are data take the type that fits the values of all names", () => {
    const typeOfValues = (one: AttributeValue, other: AttributeValue): unknown => {
      const m = (name: string, value: AttributeValue): Item => ({
        id: { S: name },
        m: { M: { [name]: value } },
      });
      const { file, undecided } = inferred([m("k1", one), m("k2", other)]);
      return [file.attributes.m?.type, ...undecided.map(({ outcome }) => outcome)];
    };
    const twice = (one: AttributeValue, other: AttributeValue): void =>
      expect(typeOfValues(one, other)).toEqual(typeOfValues(other, one));
    expect(typeOfValues({ S: "2024-01-01" }, { S: "1999-12-31" })).toEqual(["map<string,date>"]);
    expect(typeOfValues({ N: "12345678901234567890123456789012345" }, { N: "0.125" })).toEqual([
      "map<string,decimal(38,3)>",
    ]);
    expect(typeOfValues({ L: [{ S: "x" }] }, { L: [] })).toEqual(["map<string,array<string>>"]);
    expect(typeOfValues({ L: [] }, { S: "x" })).toEqual(["map<string,string>", "inexact"]);
    twice({ N: "12345678901234567890123456789012345" }, { N: "0.125" });
    twice({ L: [] }, { SS: ["x"] });
  });

  test("with a hundred names and more become maps", () => {
    const m = (names: number): AttributeValue => ({
      M: Object.fromEntries(Array.from({ length: names }, (_, i) => [`m${i}`, { S: "x" }])),
    });
    expect(inferred([{ id: { S: "1" }, m: m(100) }]).file.attributes.m?.type).toMatch(/^struct</);
    expect(inferred([{ id: { S: "1" }, m: m(101) }]).file.attributes.m?.type).toBe("map<string,string>");
  });

  test("with recurring names, few in each map, become structs where no one type fits all values", () => {
    const items = Array.from({ length: 100 }, (_, i) => ({
      id: { S: String(i) },
      m: { M: { [`m${i % 20}`]: i % 20 === 0 ? { N: "1" } : { S: "x" } } } as AttributeValue,
    }));
    const { file, undecided } = inferred(items);
    expect(file.attributes.m?.type).toMatch(/^struct<m0:bigint,m1:string,/);
    expect(undecided).toEqual([]);
  });

  test("that are empty but for values of other types become json", () => {
    const items = Array.from({ length: 20 }, (_, i) => ({
      id: { S: String(i) },
      m: (i === 0 ? { S: "x" } : { M: {} }) as AttributeValue,
    }));
    expect(inferred(items).file.attributes.m).toEqual({ type: "json" });
    expect(inferred(items).undecided).toMatchObject([{ attribute: "m", outcome: "inexact" }]);
  });

  test("whose names are data and whose values have several types become json, and it is told", () => {
    const items = Array.from({ length: 150 }, (_, i) => ({
      id: { S: String(i) },
      m: { M: { [`k${i}`]: i % 2 ? { S: "x" } : { N: "1" } } } as AttributeValue,
    }));
    const { file, undecided } = inferred(items);
    expect(file.attributes.m).toEqual({ type: "json" });
    expect(undecided).toMatchObject([{ attribute: "m", outcome: "inexact" }]);
  });

  test("a member that was never more than an empty list is assumed to be an array of strings, and it is told", () => {
    const { file, undecided } = inferred([
      { id: { S: "1" }, m: { M: { a: { S: "x" }, tags: { L: [] }, gone: { NULL: true } } } },
    ]);
    expect(file.attributes.m).toEqual({ type: "struct<a:string,tags:array<string>>" });
    expect(undecided.map(({ outcome, why }) => `${outcome} ${why}`)).toEqual([
      "inexact at m.gone, every value is NULL, so it is not a field; what does not fit is kept in _unmapped",
      "assumed at m.tags, every list is empty; array<string> is assumed",
    ]);
  });

  test("too deep for a column type become json", () => {
    const nested = (levels: number): AttributeValue =>
      levels === 0 ? { S: "x" } : { L: [nested(levels - 1)] };
    const { file } = inferred([{ id: { S: "1" }, deep: nested(31), shallow: nested(10) }]);
    expect(file.attributes.deep).toEqual({ type: "json" });
    expect(file.attributes.shallow?.type).toMatch(/^(array<){10}string/);
  });

  test.each<[string, AttributeValue]>([
    ["a list", { L: [{ S: "x" }] }],
    ["a map", { M: { "a-b": { S: "x" } } }],
    ["a set", { SS: ["x"] }],
    ["a set of numbers", { NS: ["1"] }],
    ["a set of binaries", { BS: ["AA=="] }],
  ])("%s is a level of its own: at the last level it is typed, below that the column is json", (_, last) => {
    const within = (lists: number): AttributeValue =>
      Array.from({ length: lists }).reduce<AttributeValue>((value) => ({ L: [value] }), last);
    const { file } = inferred([{ id: { S: "1" }, last: within(15), below: within(16) }]);
    expect(file.attributes.last?.type).toMatch(
      /^(array<){15}(array|map)<.*string|^(array<){16}(bigint|int|decimal|binary)/,
    );
    expect(file.attributes.below).toEqual({ type: "json" });
    expect(() => parseSchema(file, "inferred")).not.toThrow();
  });
});

describe("several types in one attribute", () => {
  const mixed = (numbers: number): readonly Item[] =>
    Array.from({ length: 100 }, (_, i) => ({
      id: { S: String(i) },
      mixed: i < numbers ? { N: "1" } : { S: "x" },
    }));

  test("become json, and it is told", () => {
    const { file, undecided } = inferred(mixed(40));
    expect(file.attributes.mixed).toEqual({ type: "json" });
    expect(undecided).toEqual([
      {
        attribute: "mixed",
        outcome: "inexact",
        why: "the values have several types (60 string, 40 number); the column is json",
      },
    ]);
  });

  test("become the type that nine in ten have, and it is told", () => {
    const { file, undecided } = inferred(mixed(10));
    expect(file.attributes.mixed).toEqual({ type: "string" });
    expect(undecided).toMatchObject([{ attribute: "mixed", outcome: "inexact" }]);
    expect(inferred(mixed(11)).file.attributes.mixed).toEqual({ type: "json" });
  });

  test("a NULL is no type", () => {
    const items = mixed(0).map((each, i) => (i % 2 ? each : { ...each, mixed: { NULL: true as const } }));
    expect(inferred(items).file.attributes.mixed).toEqual({ type: "string" });
    expect(inferred(items).undecided).toEqual([]);
  });
});

describe("columns", () => {
  test("of the key come first and are always there, also where the sample lacks it", () => {
    const { file, undecided } = inferred([{ a: { S: "x" }, sk: { N: "1" } }], { hash: "pk", range: "sk" });
    expect(Object.entries(file.attributes)).toEqual([
      ["pk", { type: "string" }],
      ["sk", { type: "bigint" }],
      ["a", { type: "string" }],
    ]);
    expect(undecided).toMatchObject([{ attribute: "pk", outcome: "assumed" }]);
  });

  test("of an empty sample are those of the key", () => {
    expect(inferred([]).file).toEqual({
      table: "t",
      source: "T",
      key: { hash: "id" },
      evolve: "all",
      attributes: { id: { type: "string" } },
    });
  });

  test("are in the order of how many items have them", () => {
    const items = [
      { id: { S: "1" }, rare: { S: "x" }, often: { S: "x" } },
      { id: { S: "2" }, often: { S: "x" } },
    ] as unknown as readonly Item[];
    expect(Object.keys(inferred(items).file.attributes)).toEqual(["id", "often", "rare"]);
  });

  test("have names of their own where two attributes, or dynalake, want the same one", () => {
    const s: AttributeValue = { S: "x" };
    const { file, undecided } = inferred(
      [
        { ID: s, id: s, Id: s, Id_2: s, dt: s, _op: s, é: s, à: s, name: s },
        { ID: s, é: s },
      ],
      { hash: "ID" },
    );
    const columns = parseSchema(file, "test").columns.map(({ attribute, name }) => [attribute, name]);
    expect(Object.fromEntries(columns)).toEqual({
      ID: "id",
      Id: "id_3",
      Id_2: "id_2",
      _op: "_op_2",
      dt: "dt_2",
      id: "id_4",
      name: "name",
      à: "a",
      é: "e",
    });
    const renamed = undecided.filter(({ outcome }) => outcome === "renamed");
    expect(renamed.map(({ attribute }) => attribute)).toEqual(["Id", "_op", "dt", "id"]);
    expect(renamed[0]?.why).toBe('its column is named "id_3", because "id" belongs to the attribute "ID"');
    expect(renamed[1]?.why).toBe('its column is named "_op_2", because "_op" belongs to dynalake');
  });

  test("the attribute that most items have keeps the plain name", () => {
    const items = Array.from({ length: 20 }, (_, i): Item => {
      return { id: { S: String(i) }, userId: { S: "x" }, ...(i === 7 ? { userid: { S: "x" } } : {}) };
    });
    const { file } = inferred(items);
    expect(file.attributes).toMatchObject({
      userId: { type: "string" },
      userid: { name: "userid_2", type: "string" },
    });
  });

  test("of attributes that are not ASCII have their own names in SQL, and readable ones of ASCII in files", () => {
    const s: AttributeValue = { S: "x" };
    const names = ["名前", "имя", "größe", "Straße Nr.", "Ünï", "emoji😀", "grosse", "😀"];
    const items = [
      { id: s, ...Object.fromEntries(names.map((name) => [name, s])) },
      { id: s, größe: s },
    ] as const;
    const { file } = inferred(items as readonly Item[]);
    const columns = parseSchema(file, "test").columns.map(({ attribute, name, label }) => [
      attribute,
      label,
      name,
    ]);
    expect(columns).toEqual(
      expect.arrayContaining([
        ["名前", "名前", "u540du524d"],
        ["имя", "имя", "imya"],
        ["größe", "größe", "grosse"],
        ["grosse", "grosse_2", "grosse_2"],
        ["Straße Nr.", "Straße_Nr_", "strasse_nr_"],
        ["Ünï", "Ünï", "uni"],
        ["emoji😀", "emoji__", "emoji__"],
      ]),
    );
  });

  test("have at most 255 characters in their names", () => {
    const long = "a".repeat(400);
    const { file } = inferred([{ id: { S: "1" }, [long]: { S: "x" }, [`${long}b`]: { S: "y" } }]);
    const names = parseSchema(file, "test").columns.map((column) => column.name);
    expect(names).toEqual(["id", "a".repeat(255), `${"a".repeat(253)}_2`]);
  });

  test("are the most frequent attributes' where there are too many, and the others are told", () => {
    const many = (from: number, to: number): Item =>
      Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`a${from + i}`, { S: "x" }]));
    const { file, notes } = inferred([{ ...many(0, 700) }, { ...many(300, 700), id: { S: "1" } }]);
    const names = Object.keys(file.attributes);
    expect(names).toHaveLength(INFERRED_COLUMNS_MAX);
    expect(names).toEqual(expect.arrayContaining(["id", "a300", "a699"]));
    expect(notes).toEqual([
      "The 500 most frequent attributes have columns; 201 others are kept in _unmapped.",
    ]);
  });
});

describe("a sample that never ends", () => {
  const uuid = (i: number): string => `${(i * 2654435761) % 4294967296}-${i}`;

  test("with a new attribute name in every item keeps to the names that look like names", () => {
    const items = Array.from({ length: 9000 }, (_, i): Item => {
      const odd: Item = i % 3 === 0 ? { price: { N: "1" }, name2: { S: "x" } } : {};
      return { "the-long-name-of-the-id-2026": { S: uuid(i) }, [uuid(i)]: { S: "x" }, ...odd };
    });
    const key = { hash: "the-long-name-of-the-id-2026" };
    const inference = inferenceOf(key);
    for (const each of items) observe(inference, each);
    expect(inference.attributes.size).toBeLessThan(5000);
    const { file, notes, undecided } = inferred(items, key);
    expect(file.attributes).toMatchObject({
      "the-long-name-of-the-id-2026": { type: "string" },
      price: { type: "bigint" },
      name2: { type: "string" },
    });
    expect(notes).toHaveLength(2);
    expect(undecided).toEqual([]);
    expect(JSON.stringify(inferred([...items].reverse(), key))).toBe(JSON.stringify(inferred(items, key)));
  });

  deepTest(
    "with ever new members in its maps needs bounded room, and what needs too much becomes json",
    () => {
      const wide = (levels: number, i: number): AttributeValue =>
        levels === 0
          ? { S: "x" }
          : {
              M: Object.fromEntries(
                Array.from({ length: 9 }, (_, k) => [`m${(i * 7 + k) % 10}`, wide(levels - 1, i + k)]),
              ),
            };
      const items = Array.from({ length: 600 }, (_, i): Item => {
        return { id: { S: String(i) }, plain: { M: { a: { N: "1" } } }, [`a${i % 300}`]: wide(3, i) };
      });
      const inference = inferenceOf({ hash: "id" });
      for (const each of items) observe(inference, each);
      expect(jsonBytes(inference)).toBeLessThan(12 * 1024 * 1024);
      const { file, undecided } = inferredSchema(inference, { table: "t", source: "T", key: { hash: "id" } });
      parseSchema(file, "test");
      expect(inference.itemCount).toBe(600);
      expect(file.attributes.plain).toEqual({ type: "struct<a:bigint>" });
      const coarse = undecided.filter(({ why }) => /^its values have too many different members/.test(why));
      expect(coarse.length).toBeGreaterThan(100);
    },
  );

  test("never gets a type whose text is too long for an engine", () => {
    const names = Array.from({ length: 95 }, (_, i) => `${"a_rather_long_name_of_a_member_".repeat(4)}${i}`);
    const m: AttributeValue = { M: Object.fromEntries(names.map((name) => [name, { S: "x" }])) };
    expect(inferred([{ id: { S: "1" }, m }]).file.attributes.m).toEqual({ type: "json" });
  });
});

function mapOf(names: readonly string[], value: () => AttributeValue): AttributeValue {
  return { M: Object.fromEntries(names.map((name) => [name, value()])) };
}

function inferred(items: Iterable<Item>, key: KeySchema = { hash: "id" }): InferredSchema {
  return inferredSchema(observed(items, key), { table: "t", source: "T", key });
}

function observed(items: Iterable<Item>, key: KeySchema): Inference {
  const inference = inferenceOf(key);
  for (const each of items) observe(inference, readItem(each));
  return inference;
}

/** Shapes as JSON: maps in the order of their names. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return plain(Object.fromEntries([...value].sort(([a], [b]) => (a < b ? -1 : 1))));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, plain(member)]));
}

function jsonBytes(inference: Inference): number {
  return JSON.stringify(plain(inference)).length;
}

function typeOf(...strings: readonly string[]): string | undefined {
  const items = strings.map((S, i) => ({ id: { S: String(i) }, s: { S } }));
  return inferred(items).file.attributes.s?.type;
}

/** Whether a value has a NULL at the top or in a map: these are in `_unmapped` with any schema. */
function hasNullMember(value: AttributeValue): boolean {
  if ("L" in value) return value.L.some((element) => !("NULL" in element) && hasNullMember(element));
  if ("M" in value) return Object.values(value.M).some(hasNullMember);
  return "NULL" in value;
}

function expectExact(items: readonly Item[], key: KeySchema): void {
  const { file, undecided } = inferred(items, key);
  const told = new Set(
    undecided.filter(({ outcome }) => outcome === "inexact").map((each) => each.attribute),
  );
  for (const column of parseSchema(file, "the inferred schema").columns) {
    if (told.has(column.attribute)) continue;
    const codec = columnCodec(column, undefined);
    for (const each of items) {
      const value = Object.hasOwn(each, column.attribute) ? each[column.attribute] : undefined;
      if (value === undefined || hasNullMember(value)) continue;
      const spec = file.attributes[column.attribute] as AttributeFile;
      expect([column.attribute, spec, value, codec.encode(value) instanceof Inexact]).toEqual([
        column.attribute,
        spec,
        value,
        false,
      ]);
    }
  }
}

interface Sample {
  readonly items: readonly Item[];
  readonly key: KeySchema;
}

/** Realistic tables: each attribute has its own kind of values and may be absent. */
const kinds = fc.letrec<{ kind: fc.Arbitrary<AttributeValue> }>((tie) => ({
  kind: fc.oneof(
    { depthIdentifier: "kind", maxDepth: 3 },
    { weight: 6, arbitrary: fc.constantFrom(...scalars()) },
    { weight: 1, arbitrary: tie("kind").map((kind) => fc.array(kind, { maxLength: 3 }).map((L) => ({ L }))) },
    {
      weight: 1,
      arbitrary: tie("kind").map((kind) => fc.dictionary(text, kind, { maxKeys: 3 }).map((M) => ({ M }))),
    },
    {
      weight: 1,
      arbitrary: fc
        .dictionary(fc.constantFrom("a", "A", "b", "Name", "__proto__"), tie("kind"), {
          minKeys: 1,
          maxKeys: 4,
        })
        .map((members) =>
          fc
            .record<Record<string, AttributeValue>>(members, { requiredKeys: Object.keys(members).slice(1) })
            .map((M) => ({ M })),
        ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie("kind"), tie("kind"))
        .map(([one, other]) => fc.oneof({ weight: 12, arbitrary: one }, other)),
    },
  ),
}));

function scalars(): fc.Arbitrary<AttributeValue>[] {
  const days = fc
    .date({ min: new Date(0), max: new Date(2e12), noInvalidDate: true })
    .map((date) => date.toISOString());
  return [
    text.map((S) => ({ S })),
    days.map((S) => ({ S: S.slice(0, 10) })),
    days.map((S) => ({ S })),
    fc.integer().map((n) => ({ N: String(n) })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }).map((n) => ({ N: String(n) })),
    fc.integer().map((n) => ({ N: String(n / 100) })),
    fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e30, max: 1e30 }).map((n) => ({ N: String(n) })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ B: "AAEC" }),
    fc.constant({ NULL: true as const }),
    fc.uniqueArray(text, { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
    fc.uniqueArray(fc.integer().map(String), { minLength: 1, maxLength: 3 }).map((NS) => ({ NS })),
  ];
}

const tableSample: fc.Arbitrary<Sample> = fc
  .dictionary(attributeName, kinds.kind, { maxKeys: 5 })
  .chain((columns) =>
    fc
      .array(fc.record<Record<string, AttributeValue>>(columns, { requiredKeys: [] }), { maxLength: 30 })
      .map((rows) => ({ items: rows.map((row) => readItem(row)), key: { hash: "id" } })),
  );

/** Unrelated items. */
const wildSample: fc.Arbitrary<Sample> = keySchema.chain((key) =>
  fc
    .array(fc.oneof({ weight: 9, arbitrary: keyedItem(key) }, item), { maxLength: 8 })
    .map((items) => ({ key, items: items.map((each) => readItem(each)) })),
);

const anySample = fc.oneof(tableSample, wildSample);
