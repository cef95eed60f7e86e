/** Writes the published JSON Schema of schema files from the sources. With --check it fails if the file is out of date. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { schemaFileJsonSchema } from "../src/core/schema/schema-file.ts";

const name = "schemas/dynalake-table.schema.json";
const file = fileURLToPath(new URL(`../${name}`, import.meta.url));

const text = `${onOneLine(JSON.stringify(schemaFileJsonSchema(), null, 2))}\n`;

if (process.argv.includes("--check")) {
  if (currentText() !== text) {
    console.error(`${name} is out of date: run \`npm run docs\``);
    process.exitCode = 1;
  }
} else writeFileSync(file, text);

function currentText(): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Puts each list of strings on one line, as the formatter does. */
function onOneLine(json: string): string {
  return json.replace(/\[\s+((?:"[^"\\]*",?\s+)+)\]/g, (_, members: string) => {
    return `[${members.trim().replace(/,\s+/g, ", ")}]`;
  });
}
