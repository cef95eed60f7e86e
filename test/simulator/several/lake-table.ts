/** The lake tables that one source has in the model: what they take of its items, and what they must show. */
import { createHmac } from "node:crypto";
import { changesHourFolder, hourOf } from "../../../src/core/format/lake-path.ts";
import { changeWireColumns } from "../../../src/core/row/wire-line.ts";
import { parseSchema, type Schema, type SchemaFile } from "../../../src/core/schema/schema.ts";
import type { LakeStore } from "../lake-store.ts";
import type { ModelChange } from "../model-table.ts";
import { BEFORE_ALL_COMMITS, type Commit } from "../rule.ts";
import type { SqlRow, SqlValue } from "../sql-evaluation.ts";

export const SOURCE = "model";
export const MASK_KEY: Uint8Array = new TextEncoder().encode("the key of the model's masks");

/** A lake table, and apart from its schema what that means. */
interface Design {
  readonly file: SchemaFile;
  readonly has: (value: string) => boolean;
  /** What stands in the row for the value. */
  readonly shown: (value: string) => string;
}

const number = { type: "bigint" };
const text = { type: "string" };
const key = { hash: "K" };
const BEGINS: { readonly beginsWith: string } = { beginsWith: "group '1" };

/** Independent of the code under test: `G` has the number of the group. */
function beginsWithOne(value: string): boolean {
  return String(value.length + Number(value.slice(-1))).startsWith("1");
}

function same(value: string): string {
  return value;
}

const DESIGNS: readonly Design[] = [
  {
    file: { table: "whole", source: SOURCE, key, attributes: { K: number, G: text, V: text } },
    has: () => true,
    shown: same,
  },
  {
    // V is not declared.
    file: {
      table: "some",
      source: SOURCE,
      key,
      where: { G: BEGINS },
      partitionBy: "identity(g)",
      attributes: { K: number, G: text },
    },
    has: beginsWithOne,
    shown: same,
  },
  {
    file: {
      table: "rest",
      source: SOURCE,
      key,
      where: { G: { not: [BEGINS] } },
      partitionBy: "bucket(3)",
      attributes: { K: number, G: text, V: text },
    },
    has: (value) => !beginsWithOne(value),
    shown: same,
  },
  {
    file: {
      table: "masked",
      source: SOURCE,
      key,
      attributes: { K: number, G: text, V: { type: "string", mask: "sha256" } },
    },
    has: () => true,
    shown: (value) => createHmac("sha256", MASK_KEY).update(`{"S":"${value}"}`).digest("hex"),
  },
];

/** What can be wrong with one table while the others are well. */
export const FAULTS = ["no delivery", "no columns", "no place to wait"] as const;
export type Fault = (typeof FAULTS)[number];

interface Arrived {
  readonly line: string;
  readonly atSeconds: number;
}

export class LakeTable {
  readonly schema: Schema;
  readonly design: Design;
  readonly faults: Set<Fault> = new Set();
  /** Counts the changes of its faults. */
  turns = 0;
  /** The configuration that is deployed; undefined while there is none. */
  configuration: string | undefined;
  /** What is read from then on must reach it. */
  servedFromSeconds = 0;
  /** When it was deployed. */
  configuredSeconds = 0;
  /** Whether the deployment was looked at since then. */
  isLookedAt = false;
  /** The changes in the change log, by object. */
  readonly log: ModelChange[][] = [];
  readonly commits: Commit[] = [];
  readonly #delivered: Set<number> = new Set();
  /** What the delivery stream has acknowledged and not written yet. */
  #buffer: Arrived[] = [];
  #objects = 0;

  constructor(design: Design) {
    this.design = design;
    this.schema = parseSchema(design.file, "the model's schema");
  }

  get name(): string {
    return this.schema.table;
  }

  get deliveryStream(): string {
    return `${this.name}-delivery`;
  }

  get commit(): Commit {
    return this.commits.at(-1) ?? BEFORE_ALL_COMMITS;
  }

  /** Since when acknowledged rows are in the buffer. */
  get bufferedSinceSeconds(): number | undefined {
    return this.#buffer[0]?.atSeconds;
  }

  /** Whether the delivery stream has acknowledged the change. */
  isAcknowledged({ sequence }: Pick<ModelChange, "sequence">): boolean {
    return this.#delivered.has(sequence);
  }

  turn(fault: Fault): void {
    this.turns++;
    if (!this.faults.delete(fault)) this.faults.add(fault);
  }

  mend(): void {
    if (this.faults.size > 0) this.turns++;
    this.faults.clear();
  }

  /** Whether the change can change the table. */
  concerns({ last, value }: ModelChange): boolean {
    return [last, value].some((each) => each !== undefined && this.design.has(each));
  }

  /** The change as the table sees it. */
  seen(change: ModelChange): ModelChange {
    const stays = change.value !== undefined && this.design.has(change.value);
    return stays ? change : { ...change, operation: "REMOVE", value: undefined };
  }

  /** The columns that Firehose knows. */
  catalogColumns(): readonly { readonly Name: string; readonly Type: string }[] {
    const columns = changeWireColumns(this.schema).map(({ name, type }) => ({ Name: name, Type: type }));
    return this.faults.has("no columns") ? columns.slice(0, -1) : columns;
  }

  /** The delivery stream takes these lines. */
  take(lines: readonly string[], nowSeconds: number): void {
    for (const line of lines) {
      this.#delivered.add(sequenceOf(line));
      this.#buffer.push({ line, atSeconds: nowSeconds });
    }
  }

  /** Writes the oldest rows of the buffer as one object. */
  flush(store: LakeStore, changeOf: (sequence: number) => ModelChange | undefined, rowsMax: number): void {
    const flushed = this.#buffer.splice(0, rowsMax);
    const [first] = flushed;
    if (first === undefined) return;
    const columns = changeWireColumns(this.schema).map(({ name }) => name);
    const path = `${changesHourFolder(this.name, hourOf(first.atSeconds))}object-${++this.#objects}.parquet`;
    store.putRows(
      path,
      flushed.map(({ line }) => rowOf(columns, line)),
    );
    this.log.push(flushed.map(({ line }) => this.seen(changeOf(sequenceOf(line)) as ModelChange)));
  }
}

export function lakeTables(count: number): readonly LakeTable[] {
  return DESIGNS.slice(0, count).map((design) => new LakeTable(design));
}

function sequenceOf(line: string): number {
  return Number((JSON.parse(line) as { readonly _version: string })._version);
}

function rowOf(columns: readonly string[], line: string): SqlRow {
  const values = JSON.parse(line) as Readonly<Record<string, SqlValue>>;
  return Object.fromEntries(columns.map((column) => [column, values[column] ?? null]));
}
