/**
 * The code of the functions. `npm run build` bundles each handler into `dist/handlers/<name>/index.mjs`, and published
 * packages carry these; in a clone they are brought up to date here, so that `cdk deploy` alone never deploys old code.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { AssetCode } from "aws-cdk-lib/aws-lambda";
import { DISABLE_ASSET_STAGING_CONTEXT } from "aws-cdk-lib/cx-api";
import type { Construct } from "constructs";
import { DynalakeError } from "../src/core/error.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import { HANDLERS, type HandlerName } from "./handler-permissions.ts";

/** The context key of a folder with bundles that are taken instead, as they are: `<folder>/<handler>/index.mjs`. */
export const BUNDLES_CONTEXT = "dynalake:bundles";

const BUNDLE = "index.mjs";

/**
 * Gives a handler's code, the bundle and the schema beside it, to `use`, which makes the function of it. The folder in which
 * they are put together is needed no longer once CDK has staged it.
 */
export function withHandlerCode<T>(
  scope: Construct,
  handler: HandlerName,
  schema: Schema,
  use: (code: AssetCode) => T,
): T {
  const bundle = join(bundlesFolder(scope), handler, BUNDLE);
  if (!existsSync(bundle)) {
    throw new DynalakeError("USAGE", `the code of the functions is missing: ${bundle}`, {
      next: "Run `npm run build` in the folder of dynalake, or install the package again.",
    });
  }
  const folder = mkdtempSync(join(tmpdir(), "dynalake-code-"));
  const isStaged = scope.node.tryGetContext(DISABLE_ASSET_STAGING_CONTEXT) !== true;
  try {
    copyFileSync(bundle, join(folder, BUNDLE));
    writeFileSync(join(folder, "schema.json"), `${JSON.stringify(schema.file, null, 2)}\n`);
    return use(new AssetCode(folder));
  } finally {
    if (isStaged) rmSync(folder, { recursive: true });
  }
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
