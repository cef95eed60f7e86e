// The core has no I/O, no clock and no randomness. The linter and tsconfig.core.json prevent most uses. This test checks the
// syntax trees for all of them, so that purity does not depend on the options of one tool.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "@jest/globals";
import ts from "typescript";

const core = join(import.meta.dirname, "..", "..", "src", "core");
/** Not the whole of zod: its methods cannot be left out of the functions' code, most of which they would be. */
const packagesAllowed = ["zod/mini", "zod/locales"];
/** A hash depends on its input alone: one file takes these two functions, by their own names, and nothing else. */
const hashing = {
  file: join(core, "values", "hash.ts"),
  module: "node:crypto",
  names: ["createHmac", "hash"],
};
const namesForbidden = new Set(
  (
    "Buffer Function Intl Temporal clearInterval clearTimeout console crypto eval fetch global globalThis performance process " +
    "queueMicrotask require setImmediate setInterval setTimeout"
  ).split(" "),
);
const membersForbidden = new Map([
  ["Date", /^(?!UTC$|parse$)/],
  ["Math", /^random$/],
]);
/** Methods that depend on the machine's time zone or language. */
const methodsForbidden =
  /^(toLocale\w*|localeCompare|getTimezoneOffset|[gs]et(Date|Day|FullYear|Year|Hours|Milliseconds|Minutes|Month|Seconds))$/;
const suppressions =
  /@ts-(ignore|expect-error|nocheck)|biome-ignore[\w-]* lint\/(style|nursery)\/no\w*Restricted/;

test("every file of src/core is pure", () => {
  const files = readdirSync(core, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  expect(files.length).toBeGreaterThan(0);
  const impurities = files.flatMap((name) =>
    impuritiesOf(join(core, name), readFileSync(join(core, name), "utf8")).map(
      (found) => `${name}: ${found}`,
    ),
  );
  expect(impurities).toEqual([]);
});

test.each([
  'import "../embedded/x.ts";',
  'import "./../embedded/x.ts";',
  'import "./sub/../../embedded/x.ts";',
  'import "../core-other/x.ts";',
  'import "/core/x.ts";',
  'import manifest from "../../package.json" with { type: "json" };',
  'import fs from "fs";',
  'import fs from "node:fs";',
  'import fs = require("node:fs");',
  'import { Client } from "@aws-sdk/client-dynamodb";',
  'import type { Client } from "@aws-sdk/client-dynamodb";',
  'import { Instance } from "@duckdb/node-api";',
  'import { Command } from "commander";',
  'import { z } from "zod";',
  'import "zodiac";',
  'export * from "../embedded/x.ts";',
  'export const a = import("../embedded/x.ts");',
  "export const a = import(`node:fs`);",
  'const n = "node:fs"; export const a = import(n);',
  'export const a = require("fs");',
  'export type A = import("node:fs").Stats;',
  '/// <reference types="node" />',
  "// @ts-ignore\nexport const a = b;",
  "// biome-ignore lint/style/noRestrictedGlobals: why not\nexport const a = b;",
  "export const a = import.meta.url;",
  "export const a = Date.now();",
  'export const a = Date["now"]();',
  "export const a = Date();",
  "export const a = new Date();",
  "export const a = new Date(2026, 1);",
  "export const a = new Date(0).getHours();",
  "const D = Date; export const a = D.now();",
  "const { now } = Date; export const a = now();",
  "export const a = Math.random();",
  'export const a = Math["random"]();',
  "const { random } = Math; export const a = random();",
  'export const a = process.env["A"];',
  "export const a = { process };",
  'export const a = Buffer.from("x");',
  "export function f(a: Buffer): void {}",
  "setTimeout(() => 1, 1);",
  "console.log(1);",
  'export const a = fetch("x");',
  "export const a = globalThis.process;",
  'export const a = new Function("return 1");',
])("impure: %s", (source) => {
  expect(impuritiesOf(join(core, "trial.ts"), source)).not.toEqual([]);
});

test.each([
  'import * as z from "zod/mini"; export const a = z.string();',
  'import { b } from "./ports/b.ts"; export const a = b;',
  'export * from "./sub/../b.ts";',
  "export const a = new Date(0).toISOString();",
  "export const a = (b: Date): boolean => b instanceof Date;",
  "export const a = Date.UTC(2026, 0) + Math.max(1, 2);",
  "export type A = { process: string; readonly console?: Date };",
  "export const a = (b: { fetch(): number }): number => b.fetch();",
  "export const a = { process: 1 };",
  "// A process that needs fetch, Buffer and Date.now() in a comment only.",
])("pure: %s", (source) => {
  expect(impuritiesOf(join(core, "trial.ts"), source)).toEqual([]);
});

describe("hashes", () => {
  const twoFunctions = 'import { createHmac, hash } from "node:crypto";';

  test("come from node:crypto in one file", () => {
    expect(impuritiesOf(hashing.file, twoFunctions)).toEqual([]);
    expect(impuritiesOf(join(core, "values", "key.ts"), twoFunctions)).not.toEqual([]);
    expect(impuritiesOf(join(core, "hash.ts"), twoFunctions)).not.toEqual([]);
  });

  test.each([
    'import { randomBytes } from "node:crypto";',
    'import { hash, randomUUID } from "node:crypto";',
    'import { randomUUID as hash } from "node:crypto";',
    'import { type Hash, hash } from "node:crypto";',
    'import crypto from "node:crypto";',
    'import * as crypto from "node:crypto";',
    'import crypto, { hash } from "node:crypto";',
    'import "node:crypto";',
    'export { hash } from "node:crypto";',
    'export * from "node:crypto";',
    'export const a = import("node:crypto");',
    'export type A = import("node:crypto").Hash;',
    'import { hash } from "crypto";',
    'import { readFileSync } from "node:fs";',
  ])("and nothing else does: %s", (source) => {
    expect(impuritiesOf(hashing.file, source)).not.toEqual([]);
  });
});

function impuritiesOf(file: string, source: string): readonly string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2023, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const impurity = impurityOfImport(file, node) ?? impurityOfName(node) ?? impurityOfMember(node);
    if (impurity !== undefined)
      found.push(`${impurity} in line ${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  if (suppressions.test(source)) found.push("a check is switched off");
  if (
    tree.typeReferenceDirectives.length + tree.referencedFiles.length + tree.libReferenceDirectives.length >
    0
  )
    found.push("a reference directive");
  return found;
}

function impurityOfImport(file: string, node: ts.Node): string | undefined {
  if (file === hashing.file && importsHashes(node)) return undefined;
  if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) return "import.meta";
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return specifierFault(file, node.arguments[0]);
  if (ts.isImportTypeNode(node))
    return specifierFault(file, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument);
  if (ts.isExternalModuleReference(node)) return specifierFault(file, node.expression);
  if (ts.isImportDeclaration(node) || (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined))
    return specifierFault(file, node.moduleSpecifier);
  return undefined;
}

function importsHashes(node: ts.Node): boolean {
  if (!ts.isImportDeclaration(node) || !ts.isStringLiteralLike(node.moduleSpecifier)) return false;
  const { name, namedBindings } = node.importClause ?? {};
  if (node.moduleSpecifier.text !== hashing.module || name !== undefined) return false;
  if (namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.every(
    (element) => element.propertyName === undefined && hashing.names.includes(element.name.text),
  );
}

function specifierFault(file: string, specifier: ts.Node | undefined): string | undefined {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return "an import that is no literal";
  const { text } = specifier;
  if (packagesAllowed.includes(text)) return undefined;
  const inCore = /^\.\.?\//.test(text) && !/^\.\.([/\\]|$)/.test(relative(core, join(dirname(file), text)));
  return inCore ? undefined : `import of ${text}`;
}

/** A global, by name. Names of members, and keys of object literals and types, are not globals. */
function impurityOfName(node: ts.Node): string | undefined {
  if (!ts.isIdentifier(node) || !namesForbidden.has(node.text)) return undefined;
  const { parent } = node;
  const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
  const isKey =
    (ts.isPropertyAssignment(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isMethodDeclaration(parent)) &&
    parent.name === node;
  return isMember || isKey ? undefined : node.text;
}

/** Allows only uses of `Date` and `Math` that depend on their arguments alone; others could be passed on under another name. */
function impurityOfMember(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && methodsForbidden.test(node.name.text)) return node.name.text;
  if (!ts.isIdentifier(node)) return undefined;
  const forbidden = membersForbidden.get(node.text);
  const { parent } = node;
  if (forbidden === undefined || ts.isTypeNode(parent)) return undefined;
  if (ts.isPropertyAccessExpression(parent)) {
    if (parent.name === node) return undefined;
    return forbidden.test(parent.name.text) ? `${node.text}.${parent.name.text}` : undefined;
  }
  if (ts.isNewExpression(parent) && parent.expression === node)
    return parent.arguments?.length === 1 ? undefined : "new Date() without the one moment";
  const isInstanceOf =
    ts.isBinaryExpression(parent) &&
    parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword &&
    parent.right === node;
  return isInstanceOf ? undefined : `${node.text} as a value`;
}
