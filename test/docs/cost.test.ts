/** docs/cost.md is what the model of costs says today. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { costDocument } from "../../scripts/cost-document.ts";

test("docs/cost.md is current; `npm run docs` writes it", () => {
  expect(readFileSync(join(import.meta.dirname, "..", "..", "docs", "cost.md"), "utf8")).toBe(costDocument());
});
