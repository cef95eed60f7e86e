/** What a comparison of acknowledged rows with the change log reports. */
import { afterAll, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import type { CountedDay } from "../../src/core/delivery/check-deliveries.ts";
import { DynalakeError } from "../../src/core/error.ts";

const before = { ...process.env };
let lines: string[] = [];
let tellCheckedDays: (table: string, check: () => Promise<readonly CountedDay[]>) => Promise<void>;

beforeAll(async () => {
  // It makes Powertools write by `console`.
  process.env.POWERTOOLS_DEV = "true";
  for (const level of ["warn", "error"] as const)
    jest.spyOn(console, level).mockImplementation((line: string) => void lines.push(line));
  ({ tellCheckedDays } = await import("../../src/aws/lambda/tell-checked-days.ts"));
});
beforeEach(() => {
  lines = [];
});
afterAll(() => {
  jest.restoreAllMocks();
  process.env = before;
});

const logged = (): readonly unknown[] => lines.map((line) => JSON.parse(line));

test("days that lack rows are in the log, and others are not", async () => {
  const day = "2026-11-23";
  await tellCheckedDays("orders", async () => [
    { day, acknowledged: 5, missing: 0 },
    { day, acknowledged: 4, missing: 1 },
  ]);
  expect(logged()).toMatchObject([{ level: "ERROR", table: "orders", day, acknowledged: 4, missing: 1 }]);
});

test("a comparison that fails is in the log, and compactions go on", async () => {
  const failed = new DynalakeError("LAKE_DAMAGED", "the count of acknowledged rows x is damaged");
  await tellCheckedDays("orders", () => Promise.reject(failed));
  const reason = "the count of acknowledged rows x is damaged";
  expect(logged()).toMatchObject([{ level: "WARN", table: "orders", code: "LAKE_DAMAGED", reason }]);
});

test("a fault of the program is not caught", async () => {
  const fault = new TypeError("a fault");
  await expect(tellCheckedDays("orders", () => Promise.reject(fault))).rejects.toBe(fault);
});
