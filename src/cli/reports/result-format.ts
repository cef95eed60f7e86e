/** Query results as a table for people, or as JSON or CSV for programs. Numbers keep all of their digits in each. */
import { stringify } from "csv-stringify/sync";
import { cellJson, cellText } from "../../core/result/cell-json.ts";
import { type ResultType, resultType } from "../../core/result/result-type.ts";
import type { Cell, ResultColumn } from "../../index.ts";
import type { TextFormat } from "../options/result-formats.ts";
import { planText, tableText } from "./table-text.ts";

export type ResultRow = readonly Cell[];

/** Turns rows into text, piece by piece. */
export interface ResultWriter {
  begin(columns: readonly ResultColumn[]): string;
  rows(rows: readonly ResultRow[]): string;
  end(): string;
}

export interface ResultPlace {
  /** The statement: columns that it does not name may be left out of a table. */
  readonly sql: string;
  /** Characters in a line of the terminal; undefined where there is none. */
  readonly width: number | undefined;
  /** How a person sees what a table leaves out. Default: by an option of the command. */
  readonly wholeBy?: string;
}

export function resultWriter(format: TextFormat, place: ResultPlace): ResultWriter {
  switch (format) {
    case "json":
      return jsonWriter();
    case "jsonl":
      return jsonLinesWriter();
    case "csv":
      return csvWriter();
    default:
      return tableWriter(place);
  }
}

/** One object a line, and nothing around them. */
function jsonLinesWriter(): ResultWriter {
  let objectOf = rowObjects([]);
  return {
    begin: (columns) => {
      objectOf = rowObjects(columns);
      return "";
    },
    rows: (rows) => rows.map((row) => `${objectOf(row)}\n`).join(""),
    end: () => "",
  };
}

/** Rows as objects in JSON. */
function rowObjects(columns: readonly ResultColumn[]): (row: ResultRow) => string {
  const members = columns.map((column) => `${JSON.stringify(column.name)}:`);
  const types = typesOf(columns);
  return (row) =>
    `{${row.map((cell, i) => `${members[i]}${cellJson(cell, types[i] as ResultType)}`).join(",")}}`;
}

/** An array with one object a line. */
function jsonWriter(): ResultWriter {
  let objectOf = rowObjects([]);
  let first = true;
  return {
    begin: (columns) => {
      objectOf = rowObjects(columns);
      return "[";
    },
    rows: (rows) => {
      let text = "";
      for (const row of rows) {
        text += `${first ? "\n" : ",\n"}${objectOf(row)}`;
        first = false;
      }
      return text;
    },
    end: () => (first ? "]\n" : "\n]\n"),
  };
}

/** An empty text has quotes, NULL has none. */
function csvWriter(): ResultWriter {
  let types: readonly ResultType[] = [];
  return {
    begin: (columns) => {
      types = typesOf(columns);
      return stringify([columns.map((column) => column.name)]);
    },
    rows: (rows) => stringify(textRows(rows, types), { cast: { string: quotedIfEmpty } }),
    end: () => "",
  };
}

/** NULL, which is no string, is not cast. */
function quotedIfEmpty(value: string) {
  return { value, quoted_empty: value === "" }; // breakage: csv-tells-null
}

/** A table is for people: it is drawn whole, which takes long where it has many rows. */
const TABLE_ROWS_MAX = 1000;

/** Columns that every view has: a SELECT * means the others. */
export const METADATA: readonly string[] = ["_op", "_version", "_changed_at", "_expired", "_unmapped"];

/** A table's columns are as wide as their widest cell, so it is written at its end. */
function tableWriter({ sql, width, wholeBy }: ResultPlace): ResultWriter {
  let columns: readonly string[] = [];
  let types: readonly ResultType[] = [];
  const shown: (readonly (string | null)[])[] = [];
  let count = 0;
  return {
    begin: (all) => {
      columns = all.map(({ name }) => name);
      types = typesOf(all);
      return "";
    },
    rows: (rows) => {
      count += rows.length;
      shown.push(...textRows(rows.slice(0, TABLE_ROWS_MAX - shown.length), types));
      return "";
    },
    end: () => {
      if (columns.join() === "explain_key,explain_value") return planText(shown);
      const optional = new Set(METADATA.filter((name) => !new RegExp(`\\b${name}\\b`, "i").test(sql)));
      return tableText({ columns, rows: shown, count, width, wholeBy, optional });
    },
  };
}

function typesOf(columns: readonly ResultColumn[]): readonly ResultType[] {
  return columns.map(({ type }) => resultType(type));
}

function textRows(rows: readonly ResultRow[], types: readonly ResultType[]): (string | null)[][] {
  return rows.map((row) => row.map((cell, i) => cellText(cell, types[i] as ResultType)));
}
