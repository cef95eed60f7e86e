/** Findings are sent once, again after a day, and once more as they go. */
import { expect, test } from "@jest/globals";
import type { LakeFinding } from "../../src/console/api.ts";
import { findingsMessage } from "../../src/monitor/findings-message.ts";
import { findingsNews, type ToldFindings } from "../../src/monitor/told-findings.ts";

const HOUR = 3_600;
const NONE: ToldFindings = new Map();

function finding(title: string, severity: LakeFinding["severity"] = "bad"): LakeFinding {
  return { table: "orders", severity, title, detail: "Some detail." };
}

test("a finding is news once, whatever its counts, and again after a day", () => {
  const first = findingsNews(NONE, [finding("1 record in quarantine")], 0);
  expect(first.findings).toHaveLength(1);
  const more = findingsNews(first.told, [finding("1,204 records in quarantine")], 60);
  expect(more).toMatchObject({ findings: [], resolved: [] });
  const nextDay = findingsNews(more.told, [finding("1,204 records in quarantine")], 24 * HOUR);
  expect(nextDay.findings).toHaveLength(1);
});

test("other tables and other findings are news of their own; notes are none", () => {
  const { told } = findingsNews(NONE, [finding("changes are missing")], 0);
  const other = { ...finding("changes are missing"), table: "users" };
  const found = [
    finding("changes are missing"),
    other,
    finding("changes were put aside"),
    finding("x", "note"),
  ];
  expect(findingsNews(told, found, 60).findings).toEqual([other, finding("changes were put aside")]);
});

test("one that goes is resolved once; if it comes back within an hour, nothing is sent", () => {
  const found = [finding("changes are missing")];
  const began = findingsNews(NONE, found, 0);
  const gone = findingsNews(began.told, [], 60);
  expect(gone.resolved).toEqual(found);
  const still = findingsNews(gone.told, [], 120);
  expect(still.resolved).toEqual([]);
  const back = findingsNews(still.told, found, 180);
  expect(back.findings).toEqual([]);
  const later = findingsNews(findingsNews(back.told, [], 240).told, [], 240 + HOUR);
  expect(findingsNews(later.told, found, 300 + HOUR).findings).toEqual(found);
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
    resolved: [{ table: "orders", title: "gone" }],
  });
  expect(message.findings).toHaveLength(50);
  expect(message.findings[0]?.detail).toHaveLength(500);
  expect(message.text).toMatch(/^dynalake, lake lake on h\nt0: x\. d+…\n/);
});
