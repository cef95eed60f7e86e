/**
 * Changes that wait for their table. Where several lake tables share a source, one that cannot take a batch must not hold up the
 * others: what it lacks is kept beside it, durable, and delivered later. Changes are ordered by their sequence numbers, so they
 * may come in any order.
 */
import { waitingKind, waitingPath } from "../format/deployment-path.ts";
import type { DeliveredRow } from "../ports/change-sink.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { WireRowText } from "../row/returned-row.ts";
import { sha256Half } from "../values/hash.ts";

/** Keeps rows as they are sent: masked. */
export function keepRows(store: ObjectStore, table: string, rows: readonly DeliveredRow[]): Promise<void> {
  return keep(store, table, "rows", joined(rows));
}

function joined(rows: readonly DeliveredRow[]): Uint8Array {
  const content = new Uint8Array(rows.reduce((sum, { line }) => sum + line.content.length, 0));
  let at = 0;
  for (const { line } of rows) {
    content.set(line.content, at);
    at += line.content.length;
  }
  return content;
}

/** Keeps records of the stream as they came, where none of their rows can be made. */
export function keepRecords(store: ObjectStore, table: string, records: readonly unknown[]): Promise<void> {
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
  return keep(store, table, "records", new TextEncoder().encode(text));
}

/** Named by what is in it, so that the same changes are kept once however often they come. */
async function keep(
  store: ObjectStore,
  table: string,
  kind: "records" | "rows",
  content: Uint8Array,
): Promise<void> {
  await store.create(waitingPath(table, kind, sha256Half(content)), content);
}

export interface WaitingChanges {
  readonly path: string;
  /** As a delivery takes them. */
  readonly records: readonly (string | WireRowText)[];
}

/** Undefined if they do not wait any longer. */
export async function readWaiting(store: ObjectStore, path: string): Promise<WaitingChanges | undefined> {
  const content = await store.read(path);
  if (content === undefined) return undefined;
  const lines = new TextDecoder()
    .decode(content)
    .split("\n")
    .filter((line) => line !== "");
  const records = waitingKind(path) === "rows" ? lines.map((line) => new WireRowText(line)) : lines;
  return { path, records };
}
