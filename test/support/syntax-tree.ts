import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** The root of the repository. */
export const ROOT: string = join(import.meta.dirname, "..", "..");

const trees = new Map<string, ts.SourceFile>();

/** The tree of a source by its path from the root, read once for all tests of a file. Nodes do not know their parents. */
export function syntaxTree(file: string): ts.SourceFile {
  const known = trees.get(file);
  if (known !== undefined) return known;
  const tree = treeOfText(file, readFileSync(join(ROOT, file), "utf8"));
  trees.set(file, tree);
  return tree;
}

/** The tree of a text that stands for a file of this name. */
export function treeOfText(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.ES2023);
}
