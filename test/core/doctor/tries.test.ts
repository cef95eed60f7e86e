/** What a doctor's trials show, and what it writes. */
import { expect, test } from "@jest/globals";
import file from "../../../schemas/doctor.json" with { type: "json" };
import { burst, DOCTOR_TABLE, itemsOfEachType } from "../../../src/core/doctor/doctor-items.ts";
import { judgeRace, judgeVersions, judgeWritten } from "../../../src/core/doctor/judge-tries.ts";
import { rowCodec, toRow } from "../../../src/core/row/row.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";

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

test("what was written is compared once it has arrived", () => {
  expect(judgeWritten({ items: 9, differences: 0, hasArrived: true }).verdict).toBe("seen");
  expect(judgeWritten({ items: 9, differences: 1, hasArrived: true }).verdict).toBe("contradicted");
  expect(judgeWritten({ items: 9, differences: 0, hasArrived: false }).verdict).toBe("not seen");
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
