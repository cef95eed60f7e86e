/** What the delivery of waiting changes logs. */
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import type { Fed } from "../../src/core/delivery/feed-waiting.ts";

let lines: string[] = [];
let tellFed: (table: string, fed: Fed) => void;

beforeAll(async () => {
  for (const method of ["info", "warn"] as const)
    jest.spyOn(console, method).mockImplementation((line: string) => void lines.push(line));
  process.env.POWERTOOLS_DEV = "true";
  ({ tellFed } = await import("../../src/aws/lambda/tell-fed.ts"));
});
afterAll(() => {
  jest.restoreAllMocks();
  process.env.POWERTOOLS_DEV = undefined;
});

test("each object that waits on is logged with its reason, and the function fails", () => {
  lines = [];
  const failed = [{ path: "t/waiting/rows/1.jsonl", code: "DELIVERY_FAILED", message: "refused" }] as const;
  expect(() => tellFed("t", { rows: 2, objects: 1, failed })).toThrow(
    expect.objectContaining({
      code: "DELIVERY_FAILED",
      message: '1 object with changes that wait for "t" could not be delivered',
    }),
  );
  const logged = lines.map((line) => JSON.parse(line) as object);
  expect(logged).toMatchObject([
    { level: "INFO", table: "t", rows: 2, objects: 1 },
    { level: "WARN", table: "t", path: "t/waiting/rows/1.jsonl", code: "DELIVERY_FAILED", reason: "refused" },
  ]);
});

test("nothing is said where nothing waits", () => {
  lines = [];
  tellFed("t", { rows: 0, objects: 0, failed: [] });
  expect(lines).toEqual([]);
});
