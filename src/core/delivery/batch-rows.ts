/** Records read into the rows of one delivery: record -> change -> wire row, or quarantine with a reason. */
import {
  type Change,
  type ChangeMarks,
  parseRecord,
  Rejection,
  readChange,
  recordedTime,
} from "../change/change.ts";
import type { NamedSource } from "../change/named-source.ts";
import { changeFor, itemOfRow } from "../change/selection.ts";
import { readUnparsedChange } from "../change/unparsed-change.ts";
import type { ImageLine } from "../fast-line/image-line.ts";
import type { DeliveredRow } from "../ports/change-sink.ts";
import { rewrittenRow, WireRowText } from "../row/returned-row.ts";
import { toRow } from "../row/row.ts";
import { changeLine, type LineWriter, type WireLine } from "../row/wire-line.ts";
import type { QuarantinedRecord } from "../table/quarantine.ts";
import { ContentsOfChanges, type ReadRow } from "./contents-of-changes.ts";
import { addedSources, type OtherSource } from "./other-sources.ts";

export interface RecordBatch {
  /** Records, parsed or as JSON text; or WireRowText where they come back from a delivery. */
  readonly records: readonly unknown[];
  /** A stream's ARN or a file's name. */
  readonly source: string;
  readonly arrivedAtSeconds: number;
}

export interface RowReading {
  readonly writer: LineWriter;
  /** How the rows of images that were not parsed are made. Default: each is parsed. */
  readonly imageLine?: ImageLine | undefined;
  /** A wire row larger than this is quarantined: UTF-8 bytes. */
  readonly rowBytesMax: number;
  /** Changes before it lose to the snapshot. Default: 0, the beginning of time. */
  readonly floorSeconds?: number;
  /** What is known of changes that are held. Default: nothing is. */
  readonly held?: HeldReading;
  /** The source that a record (parsed JSON) names, if its changes are not the table's. Default: every record is the table's. */
  readonly otherSourceOf?: (record: unknown) => NamedSource | undefined;
}

export interface HeldReading {
  /** Whether a change of the item that is newer than this version is held. */
  readonly isNewerHeld: (keyHash: string, version: string) => boolean;
  /** Older changes are delivered all the same, and counted. */
  readonly partial: boolean;
}

/** Grows with each batch that is added, and holds nothing of the records but what has to be delivered. */
export class BatchRows {
  readonly rows: DeliveredRow[] = [];
  /** The index of each row's record among all that were added. */
  readonly recordOfRow: number[] = [];
  readonly quarantined: QuarantinedRecord[] = [];
  /** Records of items that belong to no lake table. */
  skipped = 0;
  otherSources: readonly OtherSource[] = [];
  /** Rows whose changes lose to the snapshot. */
  olderThanSnapshot = 0;
  /** Rows of items of which a newer change is held. */
  olderThanHeld = 0;
  /** Records that were added. */
  records = 0;
  /** Of the rows: UTF-8. */
  bytes = 0;
  /** The rows by their operations. */
  insert = 0;
  modify = 0;
  remove = 0;
  /** Those of `remove` that were expired. */
  expired = 0;
  readonly #reading: RowReading;
  readonly #contents = new ContentsOfChanges();

  constructor(reading: RowReading) {
    this.#reading = reading;
  }

  add({ records, source, arrivedAtSeconds }: RecordBatch): void {
    for (const record of records) {
      try {
        const row = this.#rowOf(record, arrivedAtSeconds);
        if (row !== undefined) {
          this.rows.push(row);
          this.recordOfRow.push(this.records);
          this.bytes += row.line.content.length;
          if (this.#isOld(row.changedAtSeconds)) this.olderThanSnapshot++;
        }
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        const { reason, message: detail } = error;
        this.quarantined.push({ reason, detail, source, arrivedAtSeconds, raw: rawText(record) });
      }
      this.records++;
    }
  }

  /** Undefined where the record is no change of the table. Throws Rejection. */
  #rowOf(record: unknown, arrivedAtSeconds: number): DeliveredRow | undefined {
    const { writer, rowBytesMax } = this.#reading;
    const written =
      record instanceof WireRowText
        ? rewrittenRow(writer, record)
        : this.#rowOfRecord(typeof record === "string" ? parseRecord(record) : record, arrivedAtSeconds);
    if (written === undefined) return undefined;
    if (written.line.content.length > rowBytesMax) throw new Rejection("too-large");
    this.#contents.require(written);
    this.#requireNewest(written);
    this.#count(written.change);
    return { line: written.line, changedAtSeconds: written.change.changedAtSeconds };
  }

  #requireNewest({ line, change }: ReadRow): void {
    const { held } = this.#reading;
    if (held?.isNewerHeld(line.keyHash, change.version) !== true) return;
    if (!held.partial) throw new Rejection("newer-is-held");
    this.olderThanHeld++;
  }

  #count({ operation, expired }: ChangeMarks): void {
    if (operation === "INSERT") this.insert++;
    else if (operation === "MODIFY") this.modify++;
    else this.remove++;
    if (expired) this.expired++;
  }

  #rowOfRecord(record: unknown, arrivedAtSeconds: number): ReadRow | undefined {
    const { writer, otherSourceOf } = this.#reading;
    const other = otherSourceOf?.(record); // breakage: records-of-other-sources-left
    if (other !== undefined) {
      const changedAtSeconds = recordedTime(record) ?? arrivedAtSeconds;
      const olderThanSnapshot = this.#isOld(changedAtSeconds) ? 1 : 0;
      this.otherSources = addedSources(this.otherSources, [{ ...other, records: 1, olderThanSnapshot }]);
      return undefined;
    }
    const { schema } = writer.codec;
    const written = this.#rowOfImage(record, arrivedAtSeconds);
    if (written !== undefined) return written;
    const change = changeFor(schema, readChange(record, schema, arrivedAtSeconds));
    if (change === undefined) this.skipped++;
    return change && { change, line: this.#lineOf(change) };
  }

  /** The row by the bytes of the record's image; undefined where that has to be parsed. */
  #rowOfImage(record: unknown, arrivedAtSeconds: number): ReadRow | undefined {
    const { writer, imageLine } = this.#reading;
    if (imageLine === undefined) return undefined;
    const change = readUnparsedChange(record, writer.codec.schema, arrivedAtSeconds);
    const line = change && imageLine(change);
    return line && { change: change.marks, line };
  }

  /** A REMOVE whose row would be too large with the item's last values goes with its key alone. */
  #lineOf(change: Change): WireLine {
    const { writer, rowBytesMax } = this.#reading;
    const line = changeLine(writer, change, toRow(writer.codec, itemOfRow(writer.codec.schema, change)));
    const fits = line.content.length <= rowBytesMax;
    return change.operation === "REMOVE" && !fits ? changeLine(writer, change) : line; // breakage: removal-never-too-large
  }

  #isOld(changedAtSeconds: number): boolean {
    return changedAtSeconds < (this.#reading.floorSeconds ?? 0); // breakage: floor-divides-old-changes
  }
}

/** The rows of one batch alone. */
export function batchRows(reading: RowReading, batch: RecordBatch): BatchRows {
  const rows = new BatchRows(reading);
  rows.add(batch);
  return rows;
}

function rawText(record: unknown): string {
  if (record instanceof WireRowText) return record.text;
  return typeof record === "string" ? record : JSON.stringify(record);
}
