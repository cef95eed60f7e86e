/** Which test files belong to which suite. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

async function deepTests(): Promise<readonly string[]> {
  const path = join(import.meta.dirname, "support", "deep-tests.mjs");
  return ((await import(path)) as { deepTests(): readonly string[] }).deepTests();
}

const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
  .map((name) => `test/${name.replaceAll("\\", "/")}`)
  .filter((path) => path.endsWith(".ts"));
const testFiles = sources.filter((path) => path.endsWith(".test.ts"));

test("the deep suite has its own files, and those that try a number of things, by themselves or by what they import", async () => {
  const deep = await deepTests();
  expect(deep).toEqual(expect.arrayContaining(testFiles.filter((path) => path.endsWith(".deep.test.ts"))));
  expect(deep).toEqual(
    expect.arrayContaining([
      "test/simulator/simulation.test.ts", // effort.ts itself
      "test/core/row/row.test.ts", // fast-check.ts
      "test/core/sql/duckdb-dialect.test.ts", // a suite of test/conformance
      "test/fuzz/names.test.ts", // fuzz.ts
    ]),
  );
  expect(deep).not.toContain("test/cli/settings.test.ts");
  expect(deep.filter((path) => !testFiles.includes(path))).toEqual([]);
});

test("MOVED.md names every test that only runs with all effort", () => {
  const moved = readFileSync(join(import.meta.dirname, "MOVED.md"), "utf8");
  const unnamed = sources.flatMap((path) => {
    const text = readFileSync(join(import.meta.dirname, "..", path), "utf8");
    const names = [...text.matchAll(/^ *deepTest\(\s*"((?:[^"\\]|\\.)*)"/gm)].map(([, name]) => String(name));
    return names.filter((name) => !moved.includes(`| ${name} | ${path} |`)).map((name) => `${path}: ${name}`);
  });
  expect(unnamed).toEqual([]);
});
