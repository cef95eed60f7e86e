/** The blocks of docs/performance.md that `npm run bench -- --write-docs` writes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { withBlock } from "../../bench/report/marked-blocks.ts";
import { wholeRun } from "../../bench/run-sizes.ts";

const TEXT = "before\n<!-- bench: a -->\nold\n<!-- end of bench: a -->\nafter\n";

test("a block gets its new content, and the rest stays", () => {
  const written = withBlock(TEXT, "a", "new\nlines");
  expect(written).toBe("before\n<!-- bench: a -->\nnew\nlines\n<!-- end of bench: a -->\nafter\n");
  expect(withBlock(written, "a", "new\nlines")).toBe(written);
});

test("content is taken as it is, whatever it looks like", () => {
  expect(withBlock(TEXT, "a", "$& $1")).toContain("\n$& $1\n");
});

test.each(["b", "a -->"])("a text without the block %j is refused", (name) => {
  expect(() => withBlock(TEXT, name, "new")).toThrow("has no block");
});

test("a block that does not end is refused", () => {
  expect(() => withBlock("<!-- bench: a -->\nold", "a", "new")).toThrow("has no block");
});

test("docs/performance.md has a block for each part", () => {
  const markdown = readFileSync(join(import.meta.dirname, "..", "..", "docs", "performance.md"), "utf8");
  for (const { name } of wholeRun(1)) expect(withBlock(markdown, name, "figures")).toContain("\nfigures\n");
});
