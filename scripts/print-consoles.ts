/** Runs the consoles of the documents and writes into them what was printed. With --check it fails if something else was printed. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { comparable } from "./docs-consoles/console-blocks.ts";
import { documentsWithConsoles } from "./docs-consoles/documents.ts";
import { runConsoles } from "./docs-consoles/run-consoles.ts";

for (const document of documentsWithConsoles()) {
  const file = join(import.meta.dirname, "..", document);
  const text = readFileSync(file, "utf8");
  const printed = await runConsoles(text);
  if (!process.argv.includes("--check")) writeFileSync(file, printed);
  else if (comparable(printed) !== comparable(text)) {
    console.error(`${document} shows what is not printed: run \`npm run docs:consoles\``);
    process.exitCode = 1;
  }
}
