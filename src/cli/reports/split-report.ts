/** The schemas of a single-table design, for people. */
import { counted, grouped } from "../../core/counted.ts";
import type { Inference } from "../../index.ts";

export function splitText(
  tables: readonly (Inference & { readonly file: string })[],
  splitBy: string,
  outcome: "written" | "planned",
): string {
  const items = tables.reduce((sum, each) => sum + each.items, 0);
  const wrote = outcome === "written" ? "Wrote" : "Would write";
  const width = Math.max(...tables.map(({ file }) => file.length));
  const most = Math.max(...tables.map((each) => grouped(each.items).length));
  const lines = tables.map(
    (each) =>
      `  ${each.file.padEnd(width)}  ${grouped(each.items).padStart(most)}  ${whichItems(each, splitBy)}`,
  );
  return `${wrote} ${counted(tables.length, "schema file")} for ${counted(items, "item")}:\n${lines.join("\n")}\n`;
}

function whichItems({ schema }: Inference, splitBy: string): string {
  const test = schema.where?.[splitBy];
  if (test?.equals !== undefined) return `${splitBy} equals ${JSON.stringify(test.equals)}`;
  if (test?.beginsWith !== undefined) return `${splitBy} begins with ${JSON.stringify(test.beginsWith)}`;
  return "all others";
}
