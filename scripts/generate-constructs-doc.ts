/** Writes docs/constructs.md from infra. With --check it fails if the file is out of date. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { constructsDocument } from "./constructs-document.ts";

const file = fileURLToPath(new URL("../docs/constructs.md", import.meta.url));

if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== constructsDocument()) {
    console.error("docs/constructs.md is out of date: run `npm run docs`");
    process.exitCode = 1;
  }
} else writeFileSync(file, constructsDocument());
