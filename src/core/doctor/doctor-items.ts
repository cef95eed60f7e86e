/** What a doctor writes into its own table: an item for each kind of value, and a burst of small ones. */
import { type Item, readItem } from "../values/attribute-value.ts";

/** The lake table of schemas/doctor.json. */
export const DOCTOR_TABLE = "dynalake_doctor";

/** Objects of this folder are the doctor's. No lake table can have its name. */
export const DOCTOR_FOLDER = "_doctor/";

/** The alarm that a doctor sets off, and its metric, which has the alarm's name as a dimension. */
export const DOCTOR_ALARM = "DynalakeDoctor";
export const DOCTOR_METRIC = "DoctorTrials";

const BURST_ITEMS = 2000;

/** Values at the ends of their types, and some that look like another one. */
export function itemsOfEachType(): readonly Item[] {
  const values: readonly Readonly<Record<string, unknown>>[] = [
    { Text: { S: 'line 1\nline 2 "é😀" \\' }, Flag: { BOOL: true }, Bytes: { B: "AP8=" } },
    { Small: { N: "-2147483648" }, Large: { N: "9223372036854775807" }, Real: { N: "1.5E-7" } },
    { Exact: { N: "12345678901234567890123456789.123456789" } },
    { Exact: { N: "-0.000000001" }, Day: { S: "2024-02-29" }, At: { S: "2026-11-23T03:10:00.123Z" } },
    { Words: { L: [{ S: "a" }, { S: "" }, { S: "null" }] } },
    { Amounts: { M: { one: { N: "1" }, long: { N: "0.123456789" } } } },
    { Nested: { M: { Day: { S: "1999-12-31" }, Amount: { N: "99999999999999999999999999999.999999999" } } } },
    { Anything: { M: { set: { SS: ["x", "y"] }, none: { NULL: true }, n: { N: "1E+10" } } } },
    { Other: { N: "12345678901234567890.123456789" }, Misfit: { S: "in no column" } },
  ];
  return values.map((value, i) => readItem({ Id: { S: `type-${i}` }, ...value }));
}

export function burst(): readonly Item[] {
  return Array.from({ length: BURST_ITEMS }, (_, i) =>
    readItem({ Id: { S: `burst-${i}` }, Small: { N: String(i) } }),
  );
}
