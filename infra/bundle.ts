/**
 * The code of the functions. `npm run build` bundles each handler into `dist/handlers/<name>/index.mjs`, and published
 * packages carry these; in a clone they are brought up to date here, so that `cdk deploy` alone never deploys old code.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { AssetCode } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { HANDLERS, type HandlerName } from "../src/aws/contracts/handlers.ts";
import { DynalakeError } from "../src/core/error.ts";

/** The context key of a folder with bundles that are taken instead, as they are: `<folder>/<handler>/index.mjs`. */
export const BUNDLES_CONTEXT = "dynalake:bundles";

const BUNDLE = "index.mjs";

/** A handler's code: one asset, however many functions have it. */
export function handlerCode(scope: Construct, handler: HandlerName): AssetCode {
  const folder = join(bundlesFolder(scope), handler);
  const bundle = join(folder, BUNDLE);
  if (existsSync(bundle)) return new AssetCode(folder, { exclude: ["*", `!${BUNDLE}`] });
  throw new DynalakeError("USAGE", `the code of the functions is missing: ${bundle}`, {
    next: "Run `npm run build` in the folder of dynalake, or install the package again.",
  });
}

function bundlesFolder(scope: Construct): string {
  const given: unknown = scope.node.tryGetContext(BUNDLES_CONTEXT);
  if (typeof given === "string") return given;
  builtFolder ??= upToDateFolder(packageFolder());
  return builtFolder;
}

/** Looked after once in a process: an app has many functions. */
let builtFolder: string | undefined;

function upToDateFolder(root: string): string {
  const built = join(root, "dist", "handlers");
  const sources = ["handlers", "src"].map((name) => join(root, name));
  const isClone = sources.every((folder) => existsSync(folder));
  if (isClone && Math.max(...sources.map(newestBelow)) > oldestBundle(built)) {
    // The build reports on standard error: an app's standard output may be its template.
    execFileSync(execPath, [join(root, "build.mjs")], { cwd: root, stdio: ["ignore", 2, 2] });
  }
  return built;
}

/** The folder of this package, from its sources and from what is built of them. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isPackage(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("the folder of the package dynalake is not above its own code");
    folder = parent;
  }
  return folder;
}

function isPackage(file: string): boolean {
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name === "dynalake";
}

/** When the newest file or folder below `folder` changed, in milliseconds. */
function newestBelow(folder: string): number {
  const below = readdirSync(folder, { recursive: true }).map((name) =>
    modifiedMs(join(folder, String(name))),
  );
  return Math.max(modifiedMs(folder), ...below);
}

function oldestBundle(built: string): number {
  return Math.min(...HANDLERS.map((handler) => modifiedMs(join(built, handler, BUNDLE))));
}

function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}
