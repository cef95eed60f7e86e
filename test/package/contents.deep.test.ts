/** What npm would pack. package.deep.test.ts packs it, and uses it in an app. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

test("what would be packed is what package.json names, without sources and tests", () => {
  const pack = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const { status, stdout, stderr } = spawnSync("npm", pack, { cwd: root, encoding: "utf8" });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const [{ files }] = JSON.parse(stdout) as [{ readonly files: readonly { readonly path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect([...new Set(paths.map((path) => path.split("/")[0]))].sort()).toEqual([
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
  const { bin, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  // Types are made when it is packed.
  const named = [...Object.values(bin), ...Object.values(exports).map(defaultOf)] as string[];
  expect(named.length).toBeGreaterThan(2);
  for (const path of named) expect(paths).toContain(path.replace(/^\.\//, ""));
});

function defaultOf(entry: unknown): unknown {
  return typeof entry === "string" ? entry : (entry as { readonly default: unknown }).default;
}
