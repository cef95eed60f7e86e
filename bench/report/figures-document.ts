/** The figures of docs/performance.md and its plots, as a whole run writes them. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Report } from "../part.ts";
import type { PartRun } from "../run-sizes.ts";
import { machineLine, versionsLine } from "./machine.ts";
import { withBlock } from "./marked-blocks.ts";

/** A file for each plot. */
export async function writePlots(folder: string, reports: Iterable<Report>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { plots } of reports)
    for (const [name, svg] of Object.entries(plots)) await writeFile(join(folder, `${name}.svg`), svg);
}

/** Replaces the blocks of the parts in docs/performance.md, and their plots beside it. */
export async function writeFigures(docs: string, reports: ReadonlyMap<PartRun, Report>): Promise<void> {
  await writePlots(join(docs, "plots"), reports.values());
  const path = join(docs, "performance.md");
  let markdown = await readFile(path, "utf8");
  for (const [run, report] of reports) markdown = withBlock(markdown, run.name, figuresBlock(run, report));
  await writeFile(path, markdown);
}

function figuresBlock({ name, args }: PartRun, { text, plots }: Report): string {
  const command = `npm run bench:${name} -- ${args.join(" ")}`;
  const images = Object.keys(plots).map((plot) => `![${plot.replaceAll("-", " ")}](plots/${plot}.svg)`);
  return [
    `\`${command}\`, ${versionsLine()}, ${machineLine()}:`,
    `\`\`\`text\n${text}\n\`\`\``,
    ...images,
  ].join("\n\n");
}
