/** Writes docs/cost.md from the model of costs. With --check it fails if the file is out of date. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { costDocument } from "./cost-document.ts";

const file = fileURLToPath(new URL("../docs/cost.md", import.meta.url));

if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== costDocument()) {
    console.error("docs/cost.md is out of date: run `npm run docs`");
    process.exitCode = 1;
  }
} else writeFileSync(file, costDocument());
