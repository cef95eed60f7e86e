/** The documents of the repository that people read as such. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { consoleBlocksOf } from "./console-blocks.ts";

const root = join(import.meta.dirname, "..", "..");

/** Relative to the root. */
export function documents(): readonly string[] {
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...docs.sort().map((name) => `docs/${name}`)];
}

/** Those whose consoles can be run: they name what happens to the source tables before. */
export function documentsWithConsoles(): readonly string[] {
  return documents().filter((path) =>
    consoleBlocksOf(readFileSync(join(root, path), "utf8")).some(({ before }) => before !== undefined),
  );
}
