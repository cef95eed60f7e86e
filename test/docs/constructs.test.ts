/** docs/constructs.md has the options that the constructs have today. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { constructsDocument } from "../../scripts/constructs-document.ts";

test("docs/constructs.md is current; `npm run docs` writes it", () => {
  const file = join(import.meta.dirname, "..", "..", "docs", "constructs.md");
  expect(readFileSync(file, "utf8")).toBe(constructsDocument());
});
