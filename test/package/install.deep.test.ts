/** The package as npm installs it into an empty project: from its archive, and from the repository by git. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import ts from "typescript";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Beside the engine, of which npm installs the platform's. */
const INSTALLED_BYTES_MAX = 25e6;

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dynalake-install-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newProject(name: string): string {
  const project = join(folder, name);
  mkdirSync(project);
  run(project, "npm", "init", "--yes");
  return project;
}

function run(project: string, command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

function install(project: string, what: string): void {
  run(project, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", what);
}

/** An example of the repository as plain JavaScript, as a project without a compiler has it. */
function runExample(project: string, example: string, ...args: readonly string[]): string {
  const source = readFileSync(join(root, "examples", `${example}.ts`), "utf8");
  const target = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const file = join(project, `${example}.mjs`);
  ts.sys.writeFile(file, ts.transpileModule(source, { compilerOptions: target }).outputText);
  return run(project, process.execPath, file, ...args);
}

function bytesOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((bytes, name) => bytes + bytesOf(join(path, name)), 0);
}

test("from its archive: small, with the engine alone, and everything runs", () => {
  const project = newProject("archive");
  const archive = run(root, process.execPath, "scripts/pack.mjs", project).trim();
  install(project, archive);

  const modules = join(project, "node_modules");
  const installed = readdirSync(modules).filter((name) => !name.startsWith("."));
  expect(installed).toEqual(["@duckdb", "@dynoxide", "detect-libc", "dynalake"]);
  expect(bytesOf(modules) - bytesOf(join(modules, "@duckdb"))).toBeLessThan(INSTALLED_BYTES_MAX);

  // npm warns of every script that it could run.
  const { scripts } = JSON.parse(readFileSync(join(modules, "dynalake", "package.json"), "utf8"));
  expect(scripts).toBeUndefined();

  expect(run(project, "npx", "dynalake", "demo", "--lake", "demo")).toContain("no difference");
  cpSync(join(root, "examples", "sample-export"), join(project, "export"), { recursive: true });
  expect(runExample(project, "quick-start", "export", "lake")).toContain("Jane Austen");

  for (const peer of ["aws-cdk-lib", "constructs"])
    symlinkSync(join(root, "node_modules", peer), join(modules, peer));
  cpSync(join(root, "schemas"), join(project, "schemas"), { recursive: true });
  runExample(project, "cdk-app");
}, 300_000);

test("from the repository by git: npm builds it", () => {
  const project = newProject("git");
  install(project, `git+${pathToFileURL(root).href}`);
  expect(run(project, "npx", "dynalake", "--version")).toMatch(/^\d+\.\d+\.\d+\n$/);
  cpSync(join(root, "examples", "sample-export"), join(project, "export"), { recursive: true });
  expect(runExample(project, "quick-start", "export", "lake")).toContain("Jane Austen");
}, 300_000);
