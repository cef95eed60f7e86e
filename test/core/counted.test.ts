/** Counts in messages: the noun in the right number, thousands separated. */
import { expect, test } from "@jest/globals";
import { counted, grouped } from "../../src/core/counted.ts";

test("the noun is singular for one only", () => {
  expect([0, 1, 2, 1_200].map((count) => counted(count, "item"))).toEqual([
    "0 items",
    "1 item",
    "2 items",
    "1,200 items",
  ]);
});

test("thousands are separated, digits after the decimal point are not", () => {
  expect([12, 123, 1_234, 1_234_567, -1_234, 0.1234].map(grouped)).toEqual([
    "12",
    "123",
    "1,234",
    "1,234,567",
    "-1,234",
    "0.1234",
  ]);
});
