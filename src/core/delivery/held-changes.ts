/**
 * Changes that are held: in quarantine, or put aside elsewhere. An older change of the same item must not be delivered before them,
 * since the table would show an item that is gone, or as it was.
 */
import { batchesOf } from "../batches-of.ts";
import { parseRecord, Rejection, recordedPlace } from "../change/change.ts";
import { DynalakeError } from "../error.ts";
import { quarantineFolder } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { WireRowText } from "../row/returned-row.ts";
import { type KeySchema, keyHash } from "../values/key.ts";
import { type BatchRows, batchRows, type RecordBatch, type RowReading } from "./batch-rows.ts";
import { type Recorded, recordOrRow } from "./recorded-events.ts";
import { recordingOf } from "./recording.ts";

export class HeldChanges {
  readonly #key: KeySchema;
  /** The newest version that is held of each item, by the hash of its key. */
  readonly #newest: Map<string, string> = new Map();

  constructor(key: KeySchema) {
    this.#key = key;
  }

  get size(): number {
    return this.#newest.size;
  }

  /** A record that does not tell its item or its place holds nothing up. */
  add(record: Recorded): void {
    const place = record instanceof WireRowText ? placeOfRow(record) : this.#placeOf(record);
    if (place === undefined) return;
    const known = this.#newest.get(place.keyHash) ?? "";
    if (place.version > known) this.#newest.set(place.keyHash, place.version);
  }

  isNewerHeld(hash: string, version: string): boolean {
    return (this.#newest.get(hash) ?? "") > version; // breakage: newer-held-changes-refuse-older-ones
  }

  #placeOf(text: string): Place | undefined {
    try {
      const place = recordedPlace(parseRecord(text), this.#key);
      return place && { keyHash: keyHash(place.key), version: place.version };
    } catch (error) {
      if (error instanceof Rejection) return undefined;
      throw error;
    }
  }
}

interface Place {
  readonly keyHash: string;
  readonly version: string;
}

function placeOfRow({ text }: WireRowText): Place | undefined {
  try {
    const { _key, _version } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof _key === "string" && typeof _version === "string") return { keyHash: _key, version: _version };
  } catch {
    // It is in no order.
  }
  return undefined;
}

const READ_AT_ONCE_MAX = 32;

/** What the table's quarantine holds, but for the objects that are about to be replayed. What `goOn` throws ends it there. */
export async function addQuarantined(
  held: HeldChanges,
  { store, table }: { readonly store: ObjectStore; readonly table: string },
  replayed: ReadonlySet<string>,
  goOn: () => void,
): Promise<void> {
  const listed = (await store.list(quarantineFolder(table))).filter(({ path }) => !replayed.has(path));
  for (const batch of batchesOf(listed, READ_AT_ONCE_MAX)) {
    goOn(); // breakage: reading-quarantine-can-be-stopped
    const contents = await Promise.all(batch.map(({ path }) => store.read(path)));
    for (const [i, { path }] of batch.entries()) {
      const content = contents[i];
      if (content !== undefined) for (const record of recordsOf(path, content)) held.add(record);
    }
  }
}

/** Lines of an export are no records. */
function recordsOf(path: string, content: Uint8Array): readonly Recorded[] {
  try {
    return recordingOf(path, content).records;
  } catch (error) {
    if (error instanceof DynalakeError && error.code === "INPUT_INVALID") return [];
    throw error;
  }
}

/** What a batch of a recording has that cannot be delivered. Returns its rows, which can be if nothing at all is held. */
export function addUndeliverable(held: HeldChanges, reading: RowReading, batch: RecordBatch): BatchRows {
  const rows = batchRows(reading, batch);
  // breakage: what-stays-in-quarantine-is-held
  for (const { raw } of rows.quarantined) held.add(recordOrRow(raw));
  return rows;
}
