/** What a doctor's trials show, and what it writes. */
import { expect, test } from "@jest/globals";
import file from "../../../schemas/doctor.json" with { type: "json" };
import { burst, DOCTOR_TABLE, itemsOfEachType } from "../../../src/core/doctor/doctor-items.ts";
import {
  type AlarmFacts,
  judgeAlarm,
  judgeHidden,
  judgeRace,
  judgeRefused,
  judgeVersions,
  judgeWritten,
  type RefusedFacts,
  type WrittenFacts,
} from "../../../src/core/doctor/judge-tries.ts";
import { rowCodec, toRow } from "../../../src/core/row/row.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { verdicts } from "../../support/verdicts.ts";

test("of writers at the same time, one wins", () => {
  expect(judgeRace({ writers: 8, winners: 1, isWinners: true }).verdict).toBe("seen");
  expect(judgeRace({ writers: 8, winners: 2, isWinners: true }).verdict).toBe("contradicted");
  expect(judgeRace({ writers: 8, winners: 1, isWinners: false }).verdict).toBe("contradicted");
});

test("an old version is refused, unless another writer came first", () => {
  expect(judgeVersions({ present: "updated", old: "changed-meanwhile" }).verdict).toBe("seen");
  expect(judgeVersions({ present: "updated", old: "updated" }).verdict).toBe("contradicted");
  expect(judgeVersions({ present: "changed-meanwhile", old: "updated" }).verdict).toBe("not seen");
});

test("a row in a hidden folder is found, or else contradicts", () => {
  expect(judgeHidden(1).verdict).toBe("seen");
  expect(judgeHidden(0).verdict).toBe("contradicted");
});

test("what was written is compared once it has arrived, and again after a snapshot of it", () => {
  const facts = { items: 9, differences: 0, snapshot: { items: 9, differences: 0 } };
  const judged = (changed: Partial<WrittenFacts>) => verdicts(judgeWritten({ ...facts, ...changed }));
  const all = { "exact-casts": "seen", "export-manifest": "seen", "distributed-map": "seen" };
  expect(judged({})).toEqual(all);
  expect(judged({ differences: 1 })["exact-casts"]).toBe("contradicted");
  const after = { items: 9, differences: 1 };
  expect(judged({ snapshot: after })).toEqual({ ...all, "exact-casts": "contradicted" });
  expect(judged({ snapshot: { items: 8, differences: 0 } })).toEqual({
    "exact-casts": "seen",
    "export-manifest": "contradicted",
  });
  expect(verdicts(judgeWritten({ items: 9, differences: 0 }))).toEqual({ "exact-casts": "seen" });
  expect(verdicts(judgeWritten({ items: 9, differences: undefined }))).toEqual({ "exact-casts": "not seen" });
});

test("a row that does not fit goes to errors/ and comes back; in the change log it contradicts", () => {
  const facts = { misfit: "errors", isOtherConverted: false, isReadable: true, isReturned: true } as const;
  const judged = (changed: Partial<RefusedFacts>) => verdicts(judgeRefused({ ...facts, ...changed }));
  expect(judged({})).toEqual({ "refused-values": "seen", "error-files": "seen" });
  expect(judged({ isReadable: false })["error-files"]).toBe("contradicted");
  expect(judged({ isReturned: false })["error-files"]).toBe("not seen");
  expect(judged({ misfit: "log" })).toEqual({ "refused-values": "contradicted", "error-files": "not seen" });
  expect(judged({ misfit: "nowhere" })).toEqual({ "refused-values": "not seen", "error-files": "not seen" });
  expect(judgeRefused(facts)[0]?.evidence).toContain("went there with it");
  expect(judgeRefused({ ...facts, isOtherConverted: true })[0]?.evidence).toContain("was converted");
});

test("an alarm goes off and its action runs; its mail is for a person to look at", () => {
  const facts = { name: "Doctor", state: "set-off", action: "ran" } as const;
  const judged = (changed: Partial<AlarmFacts>) => judgeAlarm({ ...facts, ...changed });
  expect(verdicts(judged({}))).toEqual({ "alarm-actions": "seen", "alarm-mail": "not seen" });
  expect(judged({})[1]?.evidence).toContain('look for a mail about the alarm "Doctor"');
  expect(verdicts(judged({ state: "silent" }))["alarm-actions"]).toBe("contradicted");
  expect(verdicts(judged({ action: "failed" }))["alarm-actions"]).toBe("contradicted");
  for (const other of [{ state: "none" }, { state: "before" }, { action: "nothing" }] as const)
    expect(verdicts(judged(other))).toEqual({ "alarm-actions": "not seen", "alarm-mail": "not seen" });
});

test("each column of the doctor's table gets a value, and no key comes twice", () => {
  const schema = parseSchema(file as never, "schemas/doctor.json");
  expect(schema.table).toBe(DOCTOR_TABLE);
  const codec = rowCodec(schema);
  const rows = itemsOfEachType().map((item) => toRow(codec, item));
  for (const [i, { name }] of schema.columns.entries())
    expect([name, rows.some(({ values }) => values[i] !== null)]).toEqual([name, true]);
  const keys = [...itemsOfEachType(), ...burst()].map(({ Id }) => JSON.stringify(Id));
  expect(new Set(keys).size).toBe(keys.length);
});
