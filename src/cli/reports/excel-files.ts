/** Rows as CSV files that Excel opens as they are: it guesses the encoding, takes texts for formulas, and keeps 15 digits of a number. */
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { cellText } from "../../core/result/cell-json.ts";
import { type ResultType, resultType } from "../../core/result/result-type.ts";
import type { Cell, ResultColumn } from "../../index.ts";
import { type FileOutput, fileOutput } from "../context/file-output.ts";

/**
 * Source: "Excel specifications and limits", support.microsoft.com: rows of a worksheet, of which one names the columns, and digits of
 * a number.
 */
const ROWS_MAX = 1_048_575;
const DIGITS_MAX = 15;

/** Excel takes a text that begins so for a formula. Source: owasp.org, "CSV Injection". */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^-?\d+(?:\.\d+)?$/;
const BYTE_ORDER_MARK = "\u{feff}";
const BATCH_ROWS = 1_000;

export class ExcelFiles {
  readonly #folder: string;
  readonly #table: string;
  readonly #columns: readonly ResultColumn[];
  readonly #types: readonly ResultType[];
  #file: FileOutput | undefined;
  #files = 0;
  #rowsOfFile = 0;
  #rows = 0;
  #batch: (string | null)[][] = [];

  constructor(folder: string, table: string, columns: readonly ResultColumn[]) {
    this.#folder = folder;
    this.#table = table;
    this.#columns = columns;
    this.#types = columns.map(({ type }) => resultType(type));
  }

  async add(row: readonly Cell[]): Promise<void> {
    if (this.#rowsOfFile === ROWS_MAX) await this.#next();
    this.#rowsOfFile++;
    this.#rows++;
    this.#batch.push(row.map((cell, i) => this.#text(cell, i)));
    if (this.#batch.length >= BATCH_ROWS) await this.#flush();
  }

  /** Resolves to the number of rows once all are written. */
  async end(): Promise<number> {
    await this.#flush();
    await this.#file?.end();
    return this.#rows;
  }

  async #next(): Promise<void> {
    await this.#flush();
    await this.#file?.end();
    this.#file = undefined;
    this.#rowsOfFile = 0;
  }

  async #flush(): Promise<void> {
    this.#file ??= await this.#open();
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) await this.#file.print(stringify(batch, { record_delimiter: "windows" }));
  }

  async #open(): Promise<FileOutput> {
    const name = ++this.#files === 1 ? this.#table : `${this.#table}-${this.#files}`;
    const file = fileOutput(join(this.#folder, `${name}.csv`));
    const header = stringify([this.#columns.map(({ name: column }) => safeText(column))], {
      record_delimiter: "windows",
    });
    await file.print(`${BYTE_ORDER_MARK}${header}`);
    return file;
  }

  #text(cell: Cell, i: number): string | null {
    const text = cellText(cell, this.#types[i] as ResultType);
    if (text === null) return null;
    const isNumber = typeof cell !== "string" || this.#types[i]?.kind === "exact";
    if (isNumber && NUMBER.test(text)) return digitsOf(text) > DIGITS_MAX ? `'${text}` : text;
    return safeText(text);
  }
}

function safeText(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text; // breakage: excel-runs-no-formulas
}

function digitsOf(number: string): number {
  return number.replace(/[-.]/g, "").replace(/^0+/, "").length;
}
