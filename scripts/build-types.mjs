// Writes the type declarations of the package, dist/types: those of src/index.ts and infra/index.ts, and of what they import.
// Each declaration follows from its own source alone (isolatedDeclarations), so nothing is checked: `npm run types` does that.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "dist", "types");
const entryPoints = ["src/index.ts", "infra/index.ts"];

/** The files carry the time at which the build began, so that a source saved during the build counts as newer. */
export function buildTypes() {
  const begun = new Date();
  const declarations = declarationsOf(entryPoints.map((entry) => join(root, entry)));
  for (const [file, text] of declarations) replaceFile(file, text, begun);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.name.endsWith(".d.ts") && !declarations.has(file)) rmSync(file, { force: true });
  }
}

/** The declarations of these sources and of all that they import, by the path to write each to. */
function declarationsOf(sources) {
  const declarations = new Map();
  const pending = [...sources];
  for (let source = pending.pop(); source !== undefined; source = pending.pop()) {
    const file = join(folder, relative(root, source).replace(/\.ts$/, ".d.ts"));
    if (declarations.has(file)) continue;
    const text = declarationOf(source);
    declarations.set(file, text);
    for (const { fileName } of ts.preProcessFile(text).importedFiles)
      if (fileName.startsWith(".")) pending.push(join(dirname(source), fileName));
  }
  return declarations;
}

function declarationOf(source) {
  const { outputText, diagnostics } = ts.transpileDeclaration(readFileSync(source, "utf8"), {
    fileName: source,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.NodeNext },
  });
  const [problem] = diagnostics ?? [];
  if (problem === undefined) return outputText;
  throw new Error(`${source}: ${ts.flattenDiagnosticMessageText(problem.messageText, "\n")}`);
}

/** Renames a finished file into place: a reader sees either the old file or the new one, whole. */
function replaceFile(path, text, modified) {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text);
  utimesSync(unfinished, modified, modified);
  renameSync(unfinished, path);
}
