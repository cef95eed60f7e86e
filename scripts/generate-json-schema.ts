/** Writes the published JSON Schemas from the sources. With --check it fails if one of them is out of date. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { settingsJsonSchema } from "../src/cli/options/settings-file.ts";
import { schemaFileJsonSchema } from "../src/core/schema/schema-file.ts";

const SCHEMAS: Readonly<Record<string, () => object>> = {
  "schemas/dynalake-table.schema.json": schemaFileJsonSchema,
  "schemas/dynalake-settings.schema.json": settingsJsonSchema,
};

for (const [name, schema] of Object.entries(SCHEMAS)) {
  const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const text = `${onOneLine(JSON.stringify(schema(), null, 2))}\n`;
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (currentText(file) !== text) {
    console.error(`${name} is out of date: run \`npm run docs\``);
    process.exitCode = 1;
  }
}

function currentText(file: string): string | undefined {
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
