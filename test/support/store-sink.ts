/** A change sink that stores its rows as text in an object store, whose failures and death become its own. */
import { changeObjectPath } from "../../src/core/format/lake-path.ts";
import type { ChangeSink } from "../../src/core/ports/change-sink.ts";
import { lineText } from "./line-text.ts";
import type { MemoryStore } from "./memory-store.ts";

export function storeSink(store: MemoryStore, table: string): ChangeSink {
  let objects = 0;
  return {
    deliver: async (rows, arrivedAtSeconds) => {
      const newest = Math.max(...rows.map((row) => row.changedAtSeconds));
      objects++;
      const path = changeObjectPath(
        table,
        arrivedAtSeconds,
        newest,
        `${String(store.calls.length).padStart(4, "0")}-${objects}`,
      );
      await store.create(path, new TextEncoder().encode(rows.map((row) => lineText(row.line)).join("")));
    },
  };
}

/** The delivered rows, in the order of their objects. */
export function deliveredRows(
  store: MemoryStore,
  table: string,
): readonly Readonly<Record<string, unknown>>[] {
  return store
    .paths(`${table}/changes/`)
    .flatMap((path) => (store.text(path) ?? "").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
