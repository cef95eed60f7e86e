/** What a restore did, or would do, for people and for programs. */
import { counted, grouped } from "../../core/counted.ts";
import { timeText } from "../../core/time-text.ts";
import type { PlannedRestore, PlannedS3Restore, Restored, S3Restore, VerifiedRestore } from "../../index.ts";
import { differenceLine } from "./verify-report.ts";

/** What no restore copies to a table that it makes. */
export const NOT_COPIED = "tags, auto scaling, replicas, recovery, the stream, policies, encryption keys";

export function plannedText(planned: PlannedRestore): string {
  return linesOf([
    ["table", `${planned.table}, ${momentOf(planned)}`],
    ["to", `${planned.to}, ${planned.makesTable ? "which is made" : "which is there"}`],
    ...commonLines(planned),
    ["result", "nothing was done: a dry run"],
  ]);
}

export function restoredText(restored: Restored): string {
  const { kept, refused, refusedFile = "", others, differences } = restored;
  return linesOf([
    ["table", `${restored.table}, ${momentOf(restored)}`],
    ["to", `${restored.to}${restored.makesTable ? ", a new table" : ""}`],
    ...commonLines(restored),
    ["written", `${counted(restored.written, "item")} of ${grouped(restored.items)}`],
    ...when(kept > 0, "kept", `${counted(kept, "item")} that the table had; --overwrite replaces them`),
    ...when(refused > 0, "refused", `${counted(refused, "item")}, with reasons: ${refusedFile}`),
    ...when(others > 0, "others", `${counted(others, "item")} of the table are not the lake's`),
    ...differenceLines(differences),
    ["result", resultText(restored)],
  ]);
}

export function verifiedText(verified: VerifiedRestore): string {
  const { table, to, items, others, differences } = verified;
  return linesOf([
    ["table", `${table}, ${momentOf(verified)}: ${counted(items, "item")}`],
    ["to", `${to}, which was only read`],
    ...when(others > 0, "others", `${counted(others, "item")} of the table are not the lake's`),
    ...differenceLines(differences),
    ["result", resultText({ ...verified, kept: 0 })],
  ]);
}

function differenceLines(differences: Restored["differences"]): readonly Line[] {
  return differences.map((found) => {
    const [kind, text] = differenceLine(found);
    return [kind === "extra" ? "lacking" : kind, text] as const;
  });
}

export function restoreJson(
  report: PlannedRestore | Restored | PlannedS3Restore | S3Restore | VerifiedRestore,
): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

export type Line = readonly [string, string];

function commonLines({ makesTable, indexes, lacks, goesOn }: PlannedRestore): readonly Line[] {
  return [
    ...when(goesOn, "goes on", "with a restore that was cut"),
    ...when(makesTable && indexes.length > 0, "indexes", indexes.join(", ")),
    ...when(makesTable, "not copied", `${NOT_COPIED}, and the time to live but with --ttl`),
    ...lacks.map((lack) => ["may lack", lack] as const),
  ];
}

export function momentOf({ asOfSeconds }: Pick<PlannedRestore, "asOfSeconds">): string {
  return asOfSeconds === undefined ? "the items of now" : `the items of ${timeText(asOfSeconds)}`;
}

function resultText({
  result,
  lacking,
  different,
  kept,
}: Pick<Restored, "result" | "lacking" | "different" | "kept">): string {
  if (result === "identical")
    return kept === 0
      ? "IDENTICAL: the table has every item as the lake had it"
      : "COMPLETE: the table has every key of the lake; what it had before stayed";
  if (result === "incomplete") return `INCOMPLETE: the table refused ${counted(lacking, "item")}`;
  return `DIFFERENT: the table lacks ${counted(lacking, "item")}, and has ${counted(different, "item")} otherwise`;
}

function when(applies: boolean, name: string, text: string): readonly Line[] {
  return applies ? [[name, text]] : [];
}

export function linesOf(lines: readonly Line[]): string {
  return lines.map(([name, text]) => `${name.padEnd(11)} ${text}\n`).join("");
}
