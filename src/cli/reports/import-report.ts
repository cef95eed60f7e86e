/** What a restore to S3 wrote, or would write, and the command that makes the table of it. */
import { shellWord } from "../../console/command-line.ts";
import { counted } from "../../core/counted.ts";
import type { PlannedS3Restore, S3Restore } from "../../index.ts";
import { type Line, linesOf, momentOf, NOT_COPIED } from "./restore-report.ts";

export function plannedImportText(planned: PlannedS3Restore, region: string | undefined): string {
  return `${linesOf([...commonLines(planned), ["result", "nothing was done: a dry run"]])}${importCommand(planned, region)}`;
}

export function writtenImportText(written: S3Restore, region: string | undefined): string {
  const { files, items, bytes, storedBytes, manifest } = written;
  const lines: readonly Line[] = [
    ...commonLines(written),
    ["written", `${counted(items, "item")} in ${counted(files, "file")}, ${counted(storedBytes, "byte")}`],
    ["billed", `${counted(bytes, "byte")}: AWS bills an import by what is read, uncompressed`],
    ["manifest", manifest],
  ];
  return `${linesOf(lines)}${importCommand(written, region)}`;
}

function commonLines(planned: PlannedS3Restore): readonly Line[] {
  const { table, to, toS3, indexes, lacks } = planned;
  return [
    ["table", `${table}, ${momentOf(planned)}`],
    ["to", toS3],
    ["makes", `${to}, by the command below`],
    ...(indexes.length === 0 ? [] : [["indexes", indexes.join(", ")] as const]),
    ["not copied", `${NOT_COPIED}, and the time to live`],
    ...lacks.map((lack) => ["may lack", lack] as const),
  ];
}

function importCommand({ importTable }: PlannedS3Restore, region: string | undefined): string {
  const words = ["--cli-input-json", JSON.stringify(importTable)];
  const all = [...(region === undefined ? [] : ["--region", region]), ...words];
  return `\naws dynamodb import-table ${all.map(shellWord).join(" ")}\n`;
}
