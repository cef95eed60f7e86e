/** Query results as a table for people, or as JSON or CSV for programs. Numbers keep all of their digits in each. */
import Table from "cli-table3";
import { stringify } from "csv-stringify/sync";
import type { ResultColumn } from "../../index.ts";
import type { ResultFormat } from "../options/result-formats.ts";
import { isExactNumber } from "./printed-cell.ts";

/** Plain JSON values: numbers that a double may not hold, and times, are text. */
export type ResultRow = readonly unknown[];

/** Turns rows into text, piece by piece. */
export interface ResultWriter {
  begin(columns: readonly ResultColumn[]): string;
  rows(rows: readonly ResultRow[]): string;
  end(): string;
}

export function resultWriter(format: ResultFormat): ResultWriter {
  if (format === "json") return jsonWriter();
  return format === "csv" ? csvWriter() : tableWriter();
}

/** An array with one object a line. Whole numbers and decimals are JSON numbers with all of their digits. */
function jsonWriter(): ResultWriter {
  let members: readonly string[] = [];
  let exact: readonly boolean[] = [];
  let first = true;
  return {
    begin: (columns) => {
      members = columns.map((column) => `${JSON.stringify(column.name)}:`);
      exact = columns.map(isExactNumber);
      return "[";
    },
    rows: (rows) => {
      let text = "";
      for (const row of rows) {
        const values = row.map((value, i) => `${members[i]}${jsonValue(value, exact[i] === true)}`);
        text += `${first ? "\n" : ",\n"}{${values.join(",")}}`;
        first = false;
      }
      return text;
    },
    end: () => (first ? "]\n" : "\n]\n"),
  };
}

function jsonValue(value: unknown, exactNumber: boolean): string {
  return exactNumber && typeof value === "string" ? value : JSON.stringify(value);
}

function csvWriter(): ResultWriter {
  return {
    begin: (columns) => stringify([columns.map((column) => column.name)]),
    rows: (rows) => stringify(rows.map((row) => row.map(cellText))),
    end: () => "",
  };
}

/** A table's columns are as wide as their widest cell, so it is written at its end. */
function tableWriter(): ResultWriter {
  let head: string[] = [];
  const shown: string[][] = [];
  let count = 0;
  return {
    begin: (columns) => {
      head = columns.map((column) => column.name);
      return "";
    },
    rows: (rows) => {
      count += rows.length;
      for (const row of rows.slice(0, TABLE_ROWS_MAX - shown.length)) {
        shown.push(row.map((value) => (value === null ? "NULL" : tableCell(cellText(value)))));
      }
      return "";
    },
    end: () => {
      const table = new Table({ head, style: { head: [], border: [], compact: true } });
      table.push(...shown);
      const more =
        count > shown.length ? `, the first ${shown.length} shown: --format csv or json prints all` : "";
      return `${table.toString()}\n${count} ${count === 1 ? "row" : "rows"}${more}\n`;
    },
  };
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A table is for people: it is drawn whole, which takes long where it has many rows. */
const TABLE_ROWS_MAX = 1000;

const CELL_CHARACTERS_MAX = 60;

/** One line of printable characters: what an item holds must not move a terminal's cursor. */
function tableCell(text: string): string {
  const printable = text.replace(/\p{Cc}/gu, "\u00b7");
  const characters = [...printable];
  if (characters.length <= CELL_CHARACTERS_MAX) return printable;
  return `${characters.slice(0, CELL_CHARACTERS_MAX - 1).join("")}\u2026`;
}
