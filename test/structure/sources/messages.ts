/**
 * Messages follow `error CODE: `, so they start in lower case, or with a name; names are in double quotes. What to do next is a
 * sentence of its own.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import ts from "typescript";
import { errorCatalog } from "../../../src/core/error.ts";
import { ROOT, syntaxTree, treeOfText } from "../../support/syntax-tree.ts";

/** What is written with a capital letter everywhere. */
const NAMES = ["Athena", "DynamoDB", "Glue"];
const MESSAGE = new RegExp(`^(?:[a-z"$-]|(?:${NAMES.join("|")})\\b)`);
/** A named thing without its quotes. Paths, options and addresses need none. */
const BARE_NAME = /\b(?:attribute|column|database|stack|table|view) (?:\$\{|')/;
const SENTENCE = /^(?:[A-Z`$]|aws ).*[.}]$/s;

interface Fault {
  readonly place: string;
  readonly text: string;
}

const sources = ["src", "infra", "handlers"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name)),
);

/** The literal text of a message, with `${` where a value is put in; undefined for one that is made elsewhere. */
function literalText(node: ts.Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `\${}${literal.text}`).join("");
}

function faultsIn(file: string, tree: ts.SourceFile): readonly Fault[] {
  const found: Fault[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText(tree) === "DynalakeError") {
      const place = `${file}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`;
      const [, message, details] = node.arguments ?? [];
      const said = literalText(message);
      if (said !== undefined && (!MESSAGE.test(said) || BARE_NAME.test(said)))
        found.push({ place, text: said });
      const members =
        details !== undefined && ts.isObjectLiteralExpression(details) ? details.properties : [];
      for (const member of members) {
        if (!ts.isPropertyAssignment(member) || member.name.getText(tree) !== "next") continue;
        const next = literalText(member.initializer);
        if (next !== undefined && !SENTENCE.test(next)) found.push({ place, text: next });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

test("messages start in lower case, names are in double quotes, and advice is a sentence", () => {
  expect(sources.length).toBeGreaterThan(200);
  expect(sources.flatMap((file) => faultsIn(file, syntaxTree(file)))).toEqual([]);
});

test.each(Object.entries(errorCatalog))(
  "what %s means, and what to do, are sentences",
  (_, { meaning, next }) => {
    expect(meaning).toMatch(SENTENCE);
    expect(next).toMatch(SENTENCE);
  },
);

test.each([
  ['"Invalid time"', "Invalid time"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a source.
  ["`table ${name} does not exist`", "table ${} does not exist"],
  ["\"table 'a' does not exist\"", "table 'a' does not exist"],
  ['"fine", { next: "try again" }', "try again"],
])("finds %s", (given, text) => {
  const tree = treeOfText("a.ts", `throw new DynalakeError("USAGE", ${given});`);
  expect(faultsIn("a.ts", tree)).toEqual([{ place: "a.ts:1", text }]);
});
