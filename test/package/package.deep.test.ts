/** The package as npm makes it, in apps of other people: nothing of the repository is next to it. */
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import ts from "typescript";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const tsx = join(root, "node_modules", "tsx", "dist", "cli.mjs");
let folder = "";
let archive = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dynalake-package-"));
  archive = run(process.execPath, ["scripts/pack.mjs", folder], root).trim();
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What npm installs with the package. */
const INSTALLED = ["@duckdb", "@dynoxide"];
/** What an app in TypeScript has. */
const TYPED = ["@types", "undici-types"];

/** An app with the package, and with these other packages and no more. */
function newApp(
  name: string,
  files: Readonly<Record<string, string>>,
  beside: readonly string[] = INSTALLED,
): string {
  const app = join(folder, name);
  const modules = join(app, "node_modules");
  mkdirSync(join(modules, "dynalake"), { recursive: true });
  run("tar", ["-xzf", archive, "-C", join(modules, "dynalake"), "--strip-components=1"], app);
  for (const dependency of beside) {
    symlinkSync(join(root, "node_modules", dependency), join(modules, dependency));
  }
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(app, file)), { recursive: true });
    writeFileSync(join(app, file), content);
  }
  return app;
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** The tsconfig.json that `cdk init app --language typescript` writes, without the types of jest, which it installs too. */
function cdkInitConfig(options: ts.MapLike<unknown> = {}): string {
  const template = "node_modules/aws-cdk/lib/init-templates/app/typescript/tsconfig.json";
  const { config } = ts.readConfigFile(join(root, template), (path) => readFileSync(path, "utf8"));
  expect(config.compilerOptions).toMatchObject({ module: "NodeNext", strict: true });
  const compilerOptions = { ...config.compilerOptions, types: ["node"], ...options };
  return JSON.stringify({ ...config, compilerOptions });
}

const SCHEMA = JSON.stringify({
  table: "orders",
  key: { hash: "Id" },
  attributes: { Id: { type: "string" }, Total: { type: "decimal(10,2)" } },
});

const CDK_APP = `
import * as cdk from "aws-cdk-lib/core";
import { AttributeType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { DynamoDbLake, type DynamoDbLakeProps, Lake } from "dynalake/cdk";

const stack = new cdk.Stack(new cdk.App(), "Shop");
const orders = new Table(stack, "Orders", {
  partitionKey: { name: "Id", type: AttributeType.STRING },
  stream: StreamViewType.NEW_AND_OLD_IMAGES,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
});
const lake = new Lake(stack, "Lake", { databaseName: "shop" });
const options: Partial<DynamoDbLakeProps> = { compactEvery: cdk.Duration.minutes(30) };
const table: string = new DynamoDbLake(stack, "OrdersLake", {
  ...options,
  lake,
  table: orders,
  schemaFile: "orders.json",
}).lakeTable;
console.log(table, cdk.App.of(stack)?.node.children.length);
`;

const CDK = ["aws-cdk-lib", "constructs", "aws-cdk"];

describe("the constructs, dynalake/cdk", () => {
  test.each([
    ["an ES module", { type: "module" }],
    // What cdk init writes: a package.json without a type.
    ["CommonJS", {}],
  ])(
    "fit an app that cdk init makes, as %s",
    (name, packageJson) => {
      const app = newApp(
        name,
        {
          "package.json": JSON.stringify(packageJson),
          "tsconfig.json": cdkInitConfig(),
          "orders.json": SCHEMA,
          "bin/app.ts": CDK_APP,
        },
        [...INSTALLED, ...TYPED, ...CDK],
      );
      run(process.execPath, [tsc], app);
      expect(run(process.execPath, [tsx, "bin/app.ts"], app)).toBe("orders 1\n");
      const compiled = ["--noEmit", "false", "--rootDir", "bin", "--outDir", "out"];
      run(process.execPath, [tsc, ...compiled], app);
      expect(run(process.execPath, ["out/app.js"], app)).toBe("orders 1\n");
    },
    300_000,
  );

  test("can be required by plain JavaScript", () => {
    const app = newApp("required", { "package.json": "{}" }, [...INSTALLED, ...CDK]);
    const names = run(process.execPath, ["-p", 'Object.keys(require("dynalake/cdk")).join()'], app);
    expect(names.trim().split(",")).toEqual([
      "DynamoDbLake",
      "ExportStack",
      "Lake",
      "LakeStack",
      "ReviewsStack",
    ]);
  }, 300_000);
});

const LIBRARY_APP = `
import { DynalakeError, type Lake, openLake, type TableStatus } from "dynalake";

async function main(): Promise<void> {
  const lake: Lake = await openLake("lake", { threads: 1 });
  try {
    const report = await lake.replay(["event.json"], { name: "orders", schema: "orders.json" });
    const rows = await lake.query<{ id: string; total: string }>("SELECT id, total FROM orders").all();
    const status: TableStatus = await lake.table("orders").status();
    console.log(report.rows, rows[0]?.total, status.health);
    await lake.table("none").status().catch((error: unknown) => {
      if (error instanceof DynalakeError) console.log(error.code);
    });
  } finally {
    await lake.close();
  }
}

void main();
`;

const EVENT = JSON.stringify({
  Records: [
    {
      eventName: "INSERT",
      dynamodb: {
        Keys: { Id: { S: "a" } },
        NewImage: { Id: { S: "a" }, Total: { N: "1.5" } },
        SequenceNumber: "1",
      },
    },
  ],
});

describe("the library, dynalake", () => {
  test.each([
    ["an ES module", { type: "module" }],
    ["CommonJS", {}],
  ])(
    "needs neither CDK nor types of AWS, in an app that is %s",
    (name, packageJson) => {
      const app = newApp(
        `library ${name}`,
        {
          "package.json": JSON.stringify(packageJson),
          "tsconfig.json": cdkInitConfig({ skipLibCheck: false, exactOptionalPropertyTypes: true }),
          "orders.json": SCHEMA,
          "event.json": EVENT,
          "app.ts": LIBRARY_APP,
        },
        [...INSTALLED, ...TYPED],
      );
      run(process.execPath, [tsc, "--noEmit", "false", "--outDir", "out"], app);
      expect(run(process.execPath, ["out/app.js"], app)).toBe("1 1.50 healthy\nLAKE_NOT_FOUND\n");
    },
    300_000,
  );

  test("has public types that name no other package's", () => {
    expect(packagesNamedBy("src/index.d.ts")).toEqual([]);
  });
});

test("the types of the constructs name CDK alone", () => {
  for (const name of packagesNamedBy("infra/index.d.ts"))
    expect(name).toMatch(/^(aws-cdk-lib|constructs)(\/|$)/);
});

/** The packages that the declarations below a public one import. */
function packagesNamedBy(declaration: string): readonly string[] {
  const types = join(newApp(`types ${dirname(declaration)}`, {}, []), "node_modules/dynalake/dist/types");
  const program = ts.createProgram([join(types, declaration)], { types: [], noLib: true });
  const files = program.getSourceFiles().filter(({ fileName }) => fileName.includes("/dist/types/"));
  expect(files.length).toBeGreaterThan(5);
  const imported = files.flatMap(({ text }) => ts.preProcessFile(text).importedFiles);
  return [...new Set(imported.map(({ fileName }) => fileName))].filter((name) => !name.startsWith("."));
}

test("its command line runs", () => {
  const app = newApp("command line", {});
  const cli = join(app, "node_modules", "dynalake", "bin", "dynalake.js");
  expect(run(process.execPath, [cli, "--version"], app)).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("it holds what is needed to run, and neither sources nor tests", () => {
  const app = newApp("files", {}, []);
  const names = readdirSync(join(app, "node_modules", "dynalake"));
  const reference = readdirSync(join(app, "node_modules", "dynalake", "docs", "api"));
  expect(reference.sort()).toEqual(["README.md", "dynalake", "dynalake.md"]);
  expect(names.sort()).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "NOTICE",
    "README.md",
    "bin",
    "dist",
    "docs",
    "package.json",
    "schemas",
  ]);
});
