/** Short files and short functions: a reader sees one concept at a time. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import ts from "typescript";
import { ROOT, syntaxTree, treeOfText } from "../../support/syntax-tree.ts";

const FILE_LINES_MAX = 300;
const FUNCTION_LINES_MAX = 70;

const files = ["src", "infra", "handlers", "scripts", "bench"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:tsx?|mjs)$/.test(name))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`),
);

/** The files and functions of a source that are too long. */
function tooLong(file: string, tree: ts.SourceFile): readonly string[] {
  const lineOf = (position: number): number => tree.getLineAndCharacterOfPosition(position).line;
  const found: string[] = [];
  const note = (name: string, lines: number, linesMax: number): void => {
    if (lines > linesMax) found.push(`${name}: ${lines} lines`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const first = lineOf(node.getStart(tree));
      note(`${file}:${first + 1}`, lineOf(node.end) - first + 1, FUNCTION_LINES_MAX);
    }
    ts.forEachChild(node, visit);
  };
  note(file, tree.text.split("\n").length - 1, FILE_LINES_MAX);
  visit(tree);
  return found;
}

test("files have at most 300 lines, and functions at most 70", () => {
  expect(files.length).toBeGreaterThan(200);
  const long = files.flatMap((file) => tooLong(file, syntaxTree(file)));
  expect(long).toEqual([]);
});

test.each(["function f() {", "const f = () => {", "class C {\n  m() {"])("counts the lines of %j", (open) => {
  const close = open.startsWith("class") ? "  }\n}" : "}";
  const withLines = (lines: number): string => `// before\n${open}\n${"  call();\n".repeat(lines)}${close}\n`;
  const found = (text: string) => tooLong("a.ts", treeOfText("a.ts", text));
  expect(found(withLines(FUNCTION_LINES_MAX - 2))).toEqual([]);
  expect(found(withLines(FUNCTION_LINES_MAX - 1))).toEqual([
    `a.ts:${open.startsWith("class") ? 3 : 2}: 71 lines`,
  ]);
});

test("counts the lines of a file", () => {
  const found = (lines: number) => tooLong("a.ts", treeOfText("a.ts", "call();\n".repeat(lines)));
  expect(found(FILE_LINES_MAX)).toEqual([]);
  expect(found(FILE_LINES_MAX + 1)).toEqual(["a.ts: 301 lines"]);
});
