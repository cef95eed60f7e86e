/** Prints the rows of a statement, some at a time. */
import type { Cell, ResultColumn } from "../../index.ts";
import type { TextFormat } from "../options/result-formats.ts";
import { type ResultPlace, resultWriter } from "./result-format.ts";

/** Where text goes: a terminal or a file. */
export interface TextOutput {
  print(text: string): Promise<void>;
}

/** Rows that are formatted together. A row can have 400 KB, and a string not more than half a gigabyte. */
const BATCH_ROWS = 128;

export class RowPrinter {
  readonly #output: TextOutput;
  readonly #writer: ReturnType<typeof resultWriter>;
  #begun = false;
  #batch: (readonly Cell[])[] = [];
  #rows = 0;

  constructor(output: TextOutput, format: TextFormat, place: ResultPlace) {
    this.#output = output;
    this.#writer = resultWriter(format, place);
  }

  /** How many rows there were so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Does nothing the second time: every page of a result names its columns. */
  async begin(columns: readonly ResultColumn[]): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    await this.#output.print(this.#writer.begin(columns));
  }

  /** Returns whether it is time to flush. */
  add(row: readonly Cell[]): boolean {
    this.#rows++;
    this.#batch.push(row);
    return this.#batch.length >= BATCH_ROWS;
  }

  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) await this.#output.print(this.#writer.rows(batch));
  }

  async end(): Promise<void> {
    await this.flush();
    await this.#output.print(this.#writer.end());
  }
}
