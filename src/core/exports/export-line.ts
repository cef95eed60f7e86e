/** Reads a line of an export's data file, `{"Item":{...}}`. */
import { parseRecord, Rejection } from "../change/change.ts";
import { type Item, readItem, UnreadableValue } from "../values/attribute-value.ts";

/** The line's item; throws Rejection. */
export function readExportLine(line: string): Item {
  try {
    const json = parseRecord(line);
    const members = typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
    const names = Object.keys(members);
    if (names.length !== 1 || names[0] !== "Item")
      throw new Rejection("not-a-record", 'The line is not of the form {"Item": ...}.');
    return readItem((members as { readonly Item: unknown }).Item);
  } catch (error) {
    if (error instanceof UnreadableValue) throw new Rejection("unreadable-value", error.message);
    throw error;
  }
}
