/** A single-table design is noticed by its attributes, and other tables are not taken for one. */
import { expect, test } from "@jest/globals";
import { inferredSchema } from "../../../src/core/infer/infer.ts";
import { inferenceOf, mergeInference, observe } from "../../../src/core/infer/inference.ts";
import type { Item } from "../../../src/core/values/attribute-value.ts";

const KEY = { hash: "PK", range: "SK" };

function notesOf(items: readonly Item[], cut = items.length): readonly string[] {
  const [all, rest] = [inferenceOf(KEY), inferenceOf(KEY)];
  for (const item of items.slice(0, cut)) observe(all, item);
  for (const item of items.slice(cut)) observe(rest, item);
  mergeInference(all, rest);
  return inferredSchema(all, { table: "shop", source: "Shop", key: KEY }).notes;
}

const order = (sk: string, more: Item = {}): Item => ({
  PK: { S: "C#1" },
  SK: { S: sk },
  total: { N: "1" },
  ...more,
});
const customer = (sk: string, more: Item = {}): Item => ({
  PK: { S: "C#1" },
  SK: { S: sk },
  email: { S: "a" },
  ...more,
});
const SECRET = "ORDER#secret";

test("keys and types tell kinds apart, by names and counts alone", () => {
  const byKey = [order(SECRET), customer("PROFILE"), order("ORDER#2")];
  for (const cut of [0, 1, 2, 3]) {
    const [note = ""] = notesOf(byKey, cut);
    expect(note).toContain('which "SK" tells apart (2 of them)');
    expect(note).toContain("`dynalake infer --split-by SK`");
    expect(note).not.toMatch(/ORDER|PROFILE|secret/);
  }
  const byType = [
    order("1", { "entity type": { S: "no name of a kind" }, Type: { S: "order" } }),
    customer("2", { Type: { S: "customer" } }),
  ];
  expect(notesOf(byType)).toEqual([expect.stringContaining("--split-by Type`")]);
});

test("tables of one kind are left alone", () => {
  // One kind of key, identifiers, shapes that are parts of another, too many values.
  expect(notesOf([order("ORDER#1"), order("ORDER#2", { note: { S: "x" } })])).toEqual([]);
  expect(notesOf([order("1"), customer("2")])).toEqual([]);
  expect(notesOf([order("ORDER#1"), order("DRAFT#1", { note: { S: "x" } })])).toEqual([]);
  const many = Array.from({ length: 30 }, (_, i) => [order(`A${i}#`), customer(`B${i}#`)]).flat();
  expect(notesOf(many)).toEqual([]);
});
