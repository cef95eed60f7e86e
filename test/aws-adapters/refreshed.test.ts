import { expect, test } from "@jest/globals";
import { refreshed } from "../../src/aws/refreshed.ts";

test("what took long to read is as old as its beginning", async () => {
  let nowSeconds = 100;
  let made = 0;
  const value = refreshed(
    60,
    () => nowSeconds,
    async () => {
      nowSeconds += 50;
      return ++made;
    },
  );
  expect(await value()).toBe(1);
  nowSeconds = 159;
  expect(await value()).toBe(1);
  nowSeconds = 160;
  expect(await value()).toBe(2);
});

test("a failure is not kept", async () => {
  let fails = true;
  const value = refreshed(
    60,
    () => 100,
    async () => {
      if (fails) throw new Error("no answer");
      return 1;
    },
  );
  await expect(value()).rejects.toThrow("no answer");
  fails = false;
  expect(await value()).toBe(1);
});
