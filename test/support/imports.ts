/** What the sources import from each other, read from their syntax trees: static, dynamic, and for types alone. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { ROOT, syntaxTree } from "./syntax-tree.ts";

/** Paths from the repository's root, by the files that import them. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** All imports of the TypeScript files below these folders. Throws if one names a file that does not exist. */
export function importsOf(folders: readonly string[]): Imports {
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(folder, name)),
  );
  return new Map(files.map((file) => [file, importedBy(file, syntaxTree(file))]));
}

/** The files of the repository that a source imports. Packages are left out. */
export function importedBy(file: string, tree: ts.SourceFile): readonly string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier?.startsWith(".")) {
      const path = relative(ROOT, join(ROOT, dirname(file), specifier));
      if (!existsSync(join(ROOT, path))) throw new Error(`${file} imports ${path}, which does not exist`);
      found.add(path);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return [...found];
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return textOf(node.arguments[0]);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return textOf(node.argument.literal);
  return undefined;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

/** The same between folders. */
export function betweenFolders(imports: Imports): Imports {
  const folders = new Map<string, Set<string>>();
  for (const [file, imported] of imports) {
    const own = folders.get(dirname(file)) ?? new Set();
    folders.set(dirname(file), own);
    for (const path of imported) if (dirname(path) !== dirname(file)) own.add(dirname(path));
  }
  return new Map([...folders].map(([folder, imported]) => [folder, [...imported]]));
}

/** The ways that lead back to where they began, each once, from its alphabetically first place. */
export function circles(imports: Imports): readonly string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const walk = (place: string, way: readonly string[]): void => {
    const at = way.indexOf(place);
    if (at !== -1) {
      const circle = way.slice(at);
      const first = circle.indexOf(circle.toSorted()[0] as string);
      found.add([...circle.slice(first), ...circle.slice(0, first), circle[first]].join(" -> "));
      return;
    }
    if (done.has(place)) return;
    for (const next of imports.get(place) ?? []) walk(next, [...way, place]);
    done.add(place);
  };
  for (const place of imports.keys()) walk(place, []);
  return [...found];
}
