/** The package as npm makes it, in an app of somebody else's: nothing of the repository is beside it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dynalake-package-"));
  run("npm", ["pack", "--pack-destination", folder], root);
  const [archive = ""] = readdirSync(folder);
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "dynalake"), { recursive: true });
  run(
    "tar",
    ["-xzf", join(folder, archive), "-C", join(modules, "dynalake"), "--strip-components=1"],
    folder,
  );
  // What npm would install beside it.
  for (const name of readdirSync(join(root, "node_modules")))
    if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(modules, name));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "orders.json"), SCHEMA);
  writeFileSync(join(folder, "app.ts"), APP);
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCHEMA = JSON.stringify({
  table: "orders",
  key: { hash: "Id" },
  attributes: { Id: { type: "string" }, Total: { type: "decimal(10,2)" } },
});

const APP = `
import { App, Duration, Stack } from "aws-cdk-lib";
import { AttributeType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { DynamoDbLake, type DynamoDbLakeProps, Lake } from "dynalake";

const stack = new Stack(new App(), "Shop");
const orders = new Table(stack, "Orders", {
  partitionKey: { name: "Id", type: AttributeType.STRING },
  stream: StreamViewType.NEW_AND_OLD_IMAGES,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
});
const lake = new Lake(stack, "Lake", { databaseName: "shop" });
const options: Partial<DynamoDbLakeProps> = { compactEvery: Duration.minutes(30) };
const table: string = new DynamoDbLake(stack, "OrdersLake", {
  ...options,
  lake,
  table: orders,
  schemaFile: "orders.json",
}).lakeTable;
console.log(table, App.of(stack)?.node.children.length);
`;

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

test("its types and its code fit an app that names it by its name alone", () => {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = [
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--types",
    "node",
    "--outDir",
    "out",
  ];
  run(process.execPath, [tsc, ...options, "app.ts"], folder);
  expect(run(process.execPath, ["out/app.js"], folder)).toBe("orders 1\n");
}, 300_000);

test("its command line runs", () => {
  const cli = join(folder, "node_modules", "dynalake", "bin", "dynalake.js");
  expect(run(process.execPath, [cli, "--version"], folder)).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("it holds what is needed to run, and neither sources nor tests", () => {
  const names = readdirSync(join(folder, "node_modules", "dynalake"));
  expect(names.sort()).toEqual(["LICENSE", "NOTICE", "README.md", "bin", "dist", "package.json", "schemas"]);
});
