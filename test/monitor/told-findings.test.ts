/** Findings are sent once, again after a day, and once more when they stay away. */
import { expect, test } from "@jest/globals";
import type { LakeFinding } from "../../src/console/api.ts";
import { findingsMessage } from "../../src/monitor/findings-message.ts";
import { findingsNews, type ToldFindings } from "../../src/monitor/told-findings.ts";

const HOUR = 3_600;
const NONE: ToldFindings = new Map();

function finding(id: string, more: Partial<LakeFinding> = {}): LakeFinding {
  return { id, table: "orders", severity: "bad", title: id, detail: "Some detail.", ...more };
}

test("a finding is news once, whatever its counts, and again after a day", () => {
  const counted = (title: string) => finding("quarantine", { title });
  const first = findingsNews(NONE, [counted("1 record in quarantine")], 0);
  expect(first.findings).toHaveLength(1);
  const more = findingsNews(first.told, [counted("1,204 records in quarantine")], 60);
  expect(more).toMatchObject({ findings: [], resolved: [] });
  const nextDay = findingsNews(more.told, [counted("1,204 records in quarantine")], 24 * HOUR);
  expect(nextDay.findings).toHaveLength(1);
});

test("other tables and other findings are news of their own, whatever their titles; notes are none", () => {
  const title = "changes are missing";
  const { told } = findingsNews(NONE, [finding("gap-1", { title })], 0);
  const others = [finding("gap-1", { title, table: "users" }), finding("gap-2", { title })];
  const found = [finding("gap-1", { title }), ...others, finding("x", { severity: "note" })];
  expect(findingsNews(told, found, 60).findings).toEqual(others);
});

test("one that goes is resolved once, after an hour", () => {
  const found = [finding("stream")];
  const gone = findingsNews(findingsNews(NONE, found, 0).told, [], 60);
  expect(gone.resolved).toEqual([]);
  const resolved = findingsNews(gone.told, [], 60 + HOUR);
  expect(resolved.resolved).toEqual(found);
  expect(findingsNews(resolved.told, [], 120 + HOUR).resolved).toEqual([]);
  expect(findingsNews(resolved.told, found, 120 + HOUR).findings).toEqual(found);
});

test("one that comes back within the hour was never resolved, and its hour begins anew", () => {
  const found = [finding("stream")];
  const gone = findingsNews(findingsNews(NONE, found, 0).told, [], 60);
  const back = findingsNews(gone.told, found, 360);
  expect(back).toMatchObject({ findings: [], resolved: [] });
  const again = findingsNews(back.told, [], 420);
  expect(findingsNews(again.told, [], 120 + HOUR).resolved).toEqual([]);
});

test("a message is bounded, and says how much it leaves out", () => {
  const many = Array.from({ length: 60 }, (_, i) => ({
    ...finding("x"),
    table: `t${i}`,
    detail: "d".repeat(900),
  }));
  const message = findingsMessage(
    { findings: many, resolved: [finding("gone")] },
    { lake: "lake", host: "h", nowMs: 0 },
  );
  expect(message).toMatchObject({
    lake: "lake",
    at: "1970-01-01T00:00:00.000Z",
    more: 10,
    resolved: [{ id: "gone", table: "orders", title: "gone" }],
  });
  expect(message.findings).toHaveLength(50);
  expect(message.findings[0]?.detail).toHaveLength(500);
  expect(message.text).toMatch(/^dynalake, lake lake on h\nt0: x\. d+…\n/);
});
