/** Breakages and their places agree: a breakage that nothing can be broken by would pass for a caught one, or be forgotten. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { breakages } from "./breakages.ts";
import {
  type Breakage,
  brokenSource,
  fileOf,
  isSource,
  markersIn,
  type SourceFile,
} from "./marked-source.ts";

const root = join(import.meta.dirname, "..", "..");

/** All that breakages are made in. */
const SOURCES: readonly SourceFile[] = ["src", "infra", "handlers"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter(isSource)
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") })),
);

/** The names of entries, markers and test files that do not fit each other. */
function stale(entries: readonly Breakage[], sources: readonly SourceFile[]): readonly string[] {
  const wanted = new Set(entries.map(({ marker }) => marker));
  const markers = sources.flatMap(({ text }) => markersIn(text).map(({ name }) => name));
  return [
    ...entries.flatMap((entry) => {
      try {
        brokenSource(fileOf(sources, entry).text, entry);
        return [];
      } catch (error) {
        return [(error as Error).message];
      }
    }),
    ...markers.filter((name) => !wanted.has(name)).map((name) => `no breakage has the marker "${name}"`),
  ];
}

test("every breakage has its place, and every marker its breakage", () => {
  expect(stale(breakages, SOURCES)).toEqual([]);
});

test("every breakage has a name of its own, and test files that exist", () => {
  expect(new Set(breakages.map(({ name }) => name)).size).toBe(breakages.length);
  const tests = new Set(breakages.flatMap((breakage) => breakage.tests));
  expect([...tests].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(breakages.filter((breakage) => breakage.tests.length === 0)).toEqual([]);
});

const entry = (place: Pick<Breakage, "marker" | "find">): Breakage => ({
  name: "x",
  put: "broken",
  tests: ["t"],
  ...place,
});

describe("a marker", () => {
  const source = [
    "const a = 1;",
    "// breakage: whole-call",
    "call(",
    "  a,",
    "",
    "  b,",
    ");",
    "const b = a + a; // breakage: the-line",
    "if (a) {",
    "  // breakage: inner",
    "  leave();",
    "}",
    "// breakage: statement-of-sql",
    "const sql = `SELECT a",
    "UNION ALL",
    "SELECT ${b}`;",
    "const c = 1;",
    "",
  ].join("\n");
  const marked = (name: string): string => {
    const marker = markersIn(source).find((each) => each.name === name);
    return source.slice(marker?.from, marker?.to);
  };

  test("on a line of its own marks the statement below, whole and alone", () => {
    expect(marked("whole-call")).toBe("call(\n  a,\n\n  b,\n);");
    expect(marked("inner")).toBe("  leave();");
  });

  test("on a line of its own marks a template literal to its end", () => {
    expect(marked("statement-of-sql")).toBe("const sql = `SELECT a\nUNION ALL\nSELECT ${b}`;");
  });

  test("at the end of a line marks that line", () => {
    expect(marked("the-line")).toBe("const b = a + a;");
  });

  test("gives its place to what replaces a part of it, or all", () => {
    const part = brokenSource(source, entry({ marker: "whole-call", find: "  a," }));
    expect(part).toBe(source.replace("  a,", "broken"));
    const whole = brokenSource(source, entry({ marker: "inner" }));
    expect(whole).toBe(source.replace("  leave();", "broken"));
  });
});

describe("what does not fit is found:", () => {
  const sources = [{ path: "src/a.ts", text: "one(one); // breakage: one\ntwo();\n" }];
  const fits = entry({ marker: "one", find: "one(" });

  test("nothing, where all fits", () => {
    expect(stale([fits, entry({ marker: "one" })], sources)).toEqual([]);
  });

  test.each<[string, Breakage, string]>([
    ["a marker that is gone", entry({ marker: "gone" }), "in 0 files"],
    ["a text that is not marked", entry({ marker: "one", find: "two" }), "has 0 places"],
    ["a text that stands twice", entry({ marker: "one", find: "one" }), "has 2 places"],
  ])("%s", (_, unfit, message) => {
    expect(stale([fits, unfit], sources)).toEqual([expect.stringContaining(message)]);
  });

  test("a marker that stands twice", () => {
    const twice = [{ path: "src/a.ts", text: "one(); // breakage: one\none(); // breakage: one\n" }];
    expect(stale([fits], twice)).toEqual([expect.stringContaining("2 markers")]);
    const files = [...sources, { ...sources[0], path: "src/b.ts" } as SourceFile];
    expect(stale([fits], files)).toEqual([expect.stringContaining("in 2 files")]);
  });

  test("a marker that no breakage has", () => {
    expect(stale([], sources)).toEqual(['no breakage has the marker "one"']);
  });
});
