// One name for one thing: what a file exports has its name alone, and somebody imports it.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";
import ts from "typescript";
import { ROOT, syntaxTree } from "../../support/syntax-tree.ts";

const EXPORTING = ["src", "handlers", "infra"];
const IMPORTING = [...EXPORTING, "test", "bench", "scripts", "examples"];

/** Lambda calls each function of the deployment by this name. */
const ENTRY = "handler";
/** What people import has names of its own, which may be those of the things inside that it stands for. */
const PUBLIC = join("src", "library");

interface Exported {
  readonly file: string;
  readonly name: string;
  readonly isType: boolean;
}

const exported = sourcesOf(EXPORTING).flatMap(exportsOf);

test("no two files export the same name", () => {
  const filesByName = new Map<string, string[]>();
  const inside = exported.filter(({ file, name }) => !file.startsWith(PUBLIC) && name !== ENTRY);
  for (const { file, name } of inside) filesByName.set(name, [...(filesByName.get(name) ?? []), file]);
  const repeated = [...filesByName].filter(([, files]) => files.length > 1);
  expect(repeated).toEqual([]);
});

test("whatever a file exports but for types is imported by another file", () => {
  const imported = new Set(sourcesOf(IMPORTING).flatMap(importsOf));
  const unused = exported.filter(
    ({ file, name, isType }) =>
      !isType && name !== ENTRY && !imported.has(`${file}#${name}`) && !imported.has(`${file}#*`),
  );
  expect(unused.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
});

function sourcesOf(folders: readonly string[]): readonly string[] {
  return folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.(tsx?|mjs)$/.test(name) && !name.endsWith(".d.ts"))
        .map((name) => join(folder, name)),
    );
}

function exportsOf(file: string): readonly Exported[] {
  return syntaxTree(file).statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
    return namesOf(statement).map((name) => ({ file, name, isType }));
  });
}

/** Overloads declare one name several times: once is enough. */
function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  if (ts.isFunctionDeclaration(statement))
    return statement.body && statement.name ? [statement.name.text] : [];
  const { name } = statement as { readonly name?: ts.Node };
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

/** What a file imports from others, as `file#name`; `file#*` where it takes all of it. */
function importsOf(file: string): readonly string[] {
  const found: string[] = [];
  const add = (node: ts.Node): void => {
    const imported = importOf(node);
    if (imported?.from.startsWith("."))
      for (const name of imported.names) found.push(`${join(dirname(file), imported.from)}#${name}`);
  };
  const visit = (node: ts.Node): void => {
    add(node);
    ts.forEachChild(node, visit);
  };
  const tree = syntaxTree(file);
  // Only an import of the kind that is called lies deeper than the statements of the file.
  if (/\bimport\(/.test(tree.text)) visit(tree);
  else tree.statements.forEach(add);
  return found;
}

function importOf(node: ts.Node): { readonly from: string; readonly names: readonly string[] } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteralLike(node.moduleSpecifier)) {
    const bindings = node.importClause?.namedBindings;
    const isNamed = bindings !== undefined && ts.isNamedImports(bindings);
    return { from: node.moduleSpecifier.text, names: isNamed ? bindings.elements.map(nameOf) : ["*"] };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteralLike(node.moduleSpecifier)) {
    const clause = node.exportClause;
    const isNamed = clause !== undefined && ts.isNamedExports(clause);
    return { from: node.moduleSpecifier.text, names: isNamed ? clause.elements.map(nameOf) : ["*"] };
  }
  const [first] = ts.isCallExpression(node) ? node.arguments : [];
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  if (isDynamic && first !== undefined && ts.isStringLiteralLike(first))
    return { from: first.text, names: ["*"] };
  return undefined;
}

function nameOf({ propertyName, name }: ts.ImportSpecifier | ts.ExportSpecifier): string {
  return (propertyName ?? name).text;
}
