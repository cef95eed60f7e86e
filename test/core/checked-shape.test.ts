import { expect, test } from "@jest/globals";
import * as z from "zod/mini";
import { checkedShape } from "../../src/core/checked-shape.ts";

const shape = z.object({ count: z.int().check(z.minimum(0)), name: z.optional(z.string()) });

test("what is wrong is said in words, with its place", () => {
  const issues = [{ count: -1 }, { count: "1" }, { count: 1.5 }, { count: 1, name: 2 }, null].map((value) =>
    checkedShape(shape, value).error?.issues.map(({ path, message }) => [path.join("."), message]),
  );
  expect(issues).toEqual([
    [["count", "Too small: expected number to be >=0"]],
    [["count", "Invalid input: expected number, received string"]],
    [["count", "Invalid input: expected int, received number"]],
    [["name", "Invalid input: expected string, received number"]],
    [["", "Invalid input: expected object, received null"]],
  ]);
});

test("a value is given as the shape has it", () => {
  expect(checkedShape(shape, { count: 1, more: 2 })).toEqual({ success: true, data: { count: 1 } });
});

test("zod's settings are left to the app around us", () => {
  expect(z.config()).not.toHaveProperty("localeError");
});
