/** What SQL does not show of a table, for people. */
import { counted } from "../../core/counted.ts";
import type { Drift } from "../../index.ts";

/** So many attributes are named beside other facts; `dynalake schema drift` names all of them. */
const NAMED_MAX = 10;

/** A sentence for each attribute. */
export function driftSentences(drift: readonly Drift[]): readonly string[] {
  const sentences = drift.slice(0, NAMED_MAX).map(({ sentence }) => sentence);
  const left = drift.length - sentences.length;
  if (left > 0) sentences.push(`${counted(left, "more attribute")}: \`dynalake schema drift\` lists all`);
  return sentences;
}

/** All of it, with the lines that a schema file can get for it. */
export function driftText(table: string, drift: readonly Drift[]): string {
  if (drift.length === 0) return `${table}: SQL shows every value\n`;
  const lines = drift.flatMap(({ sentence, line, column }) => [
    `  ${sentence}`,
    ...(line === undefined ? [] : [`    ${column === undefined ? "add" : "set"}  ${line}`]),
  ]);
  return [`${table}:`, ...lines, ""].join("\n");
}

/** The same of a deployed table, as its compactions have found it. */
export function foundDriftText(table: string, drift: readonly Drift[]): string {
  if (drift.length === 0) return `${table}: compactions have found no value that SQL does not show\n`;
  return `${driftText(table, drift)}  as compactions have found it: changes since then are not in it, and rows that were replaced still count. --exact counts\n`;
}
