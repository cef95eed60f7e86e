/** Compiles the examples and other code that shows how to use the package, as an app that imports it: one program for all. */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { root } from "./built-package.ts";
import type { CodeBlock } from "./code-blocks.ts";

export interface Compiled {
  /** By their place, such as `examples/verify.ts:12`. */
  readonly problems: readonly string[];
  /** The folder with the compiled examples. They find the package by its own name, since it is below the root. */
  readonly folder: string;
}

const examples = join(root, "examples");

export function exampleNames(): readonly string[] {
  return readdirSync(examples).flatMap((name) => (name.endsWith(".ts") ? [name.slice(0, -3)] : []));
}

export function compile(blocks: readonly CodeBlock[]): Compiled {
  const options = optionsOfApp();
  const blocksByPath = new Map(blocks.map((block) => [pathOf(block), block]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => blocksByPath.has(path) || fileExists(path);
  host.readFile = (path) => blocksByPath.get(path)?.code ?? readFile(path);
  const paths = exampleNames().map((name) => join(examples, `${name}.ts`));
  const program = ts.createProgram([...paths, ...blocksByPath.keys()], options, host);
  const problems = ts.getPreEmitDiagnostics(program).map((problem) => described(problem, blocksByPath));
  for (const path of paths) program.emit(program.getSourceFile(path));
  return { problems, folder: options.outDir };
}

function optionsOfApp(): ts.CompilerOptions & { readonly outDir: string } {
  const { config } = ts.readConfigFile(join(examples, "tsconfig.json"), ts.sys.readFile);
  const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, examples);
  if (errors[0] !== undefined) throw new Error(ts.flattenDiagnosticMessageText(errors[0].messageText, "\n"));
  return {
    ...options,
    noEmit: false,
    rootDir: examples,
    outDir: join(root, ".cache", "examples"),
    // What the examples use of it. The whole has the types of every service, which take seconds to read.
    paths: { "aws-cdk-lib": [join(root, "node_modules", "aws-cdk-lib", "core", "index.d.ts")] },
  };
}

/** Beside the examples, so that it is compiled as they are. */
function pathOf({ file, line }: CodeBlock): string {
  return join(examples, `${file.replaceAll(/[^\w-]/g, "-")}-${line}.ts`).replaceAll("\\", "/");
}

function described(problem: ts.Diagnostic, blocksByPath: ReadonlyMap<string, CodeBlock>): string {
  const message = ts.flattenDiagnosticMessageText(problem.messageText, "\n");
  const { file, start } = problem;
  if (file === undefined || start === undefined) return message;
  const line = file.getLineAndCharacterOfPosition(start).line;
  const block = blocksByPath.get(file.fileName);
  const place =
    block === undefined
      ? `${relative(root, file.fileName)}:${line + 1}`
      : `${block.file}:${block.line + line}`;
  return `${place}: ${message}`;
}
