/**
 * The rooms of the code: no circles, and only the allowed directions. docs/architecture.md has the rooms of the core and those
 * around it (test/integration/documents-fit.test.ts); the rooms within these are here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { betweenFolders, circles, importedBy, importsOf } from "../../support/imports.ts";
import { ROOT, treeOfText } from "../../support/syntax-tree.ts";

const imports = importsOf(["src", "handlers", "infra"]);
const rooms = betweenFolders(imports);

test("no file imports itself by way of others, not even for a type or when it runs", () => {
  expect(imports.size).toBeGreaterThan(200);
  expect(circles(imports)).toEqual([]);
});

test("no folder imports itself by way of others", () => {
  expect(circles(rooms)).toEqual([]);
});

test("a circle is found, however the files are imported", () => {
  const files = new Map([
    ["a/1", ["b/2"]],
    ["b/2", ["c/3", "d/5"]],
    ["c/3", ["a/4"]],
    ["a/4", []],
    ["d/5", ["b/2"]],
  ]);
  expect(circles(files)).toEqual(["b/2 -> d/5 -> b/2"]);
  expect(circles(betweenFolders(files))).toEqual(["a -> b -> c -> a", "b -> d -> b"]);
  const source = `
    import { a } from "../core/error.ts";
    import type { b } from "../core/counted.ts";
    export * from "../core/defined.ts";
    import "./folder-lake.ts";
    const c = await import("./lake.ts");
    type D = import("./query.ts").Query;
    import { z } from "zod";
  `;
  expect(importedBy("src/library/x.ts", treeOfText("src/library/x.ts", source))).toEqual([
    "src/core/error.ts",
    "src/core/counted.ts",
    "src/core/defined.ts",
    "src/library/folder-lake.ts",
    "src/library/lake.ts",
    "src/library/query.ts",
  ]);
});

/** Rooms within a room, in the order in which they are built on each other: each with the ones that it may import. */
const WITHIN: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "src/embedded": {
    duckdb: [],
    folder: ["duckdb"],
    exports: [],
    schemas: ["exports"],
    reading: ["duckdb", "folder"],
    compaction: ["folder"],
    snapshot: ["compaction", "duckdb", "exports", "folder", "schemas"],
    delivery: ["compaction", "duckdb", "folder", "schemas"],
    following: ["compaction", "delivery", "folder", "schemas", "snapshot"],
    verifying: ["exports", "folder", "reading"],
    restoring: ["exports", "folder", "reading", "schemas"],
  },
  "src/cli": {
    options: [],
    context: ["options"],
    reports: ["context", "options"],
    shell: ["context", "options", "reports"],
    commands: ["context", "options", "reports", "shell"],
  },
  "src/aws": {
    contracts: [],
    register: ["contracts"],
    steps: ["contracts"],
    tick: ["contracts", "steps"],
    lambda: ["contracts", "steps"],
  },
};

describe.each(Object.entries(WITHIN))("%s", (outer, inner) => {
  test("has these rooms, and each imports only what it may, of what stands before it", () => {
    const found = [...rooms.keys()].filter((room) => room.startsWith(`${outer}/`));
    expect(found.sort()).toEqual(
      Object.keys(inner)
        .map((room) => `${outer}/${room}`)
        .sort(),
    );
    const before: string[] = [];
    for (const [room, allowed] of Object.entries(inner)) {
      expect({ room, unordered: allowed.filter((other) => !before.includes(other)) }).toEqual({
        room,
        unordered: [],
      });
      const imported = (rooms.get(`${outer}/${room}`) ?? [])
        .filter((other) => other.startsWith(`${outer}/`))
        .map((other) => other.slice(outer.length + 1));
      expect({ room, forbidden: imported.filter((other) => !allowed.includes(other)) }).toEqual({
        room,
        forbidden: [],
      });
      before.push(room);
    }
  });
});

/** What files below `folder`, except `others`, import from outside of it. */
function importedFrom(folder: string, others: readonly string[] = []): readonly string[] {
  const files = [...imports].filter(([file]) => file.startsWith(`${folder}/`) && !others.includes(file));
  const outside = files.flatMap(([, imported]) => imported).filter((path) => !path.startsWith(`${folder}/`));
  return [...new Set(outside)].sort();
}

test("the command line works on a folder through the library alone", () => {
  // The demo also plays the source.
  const imported = importedFrom("src/cli", ["src/cli/commands/demo.ts"]);
  const stack = imported.filter((path) => path.startsWith("src/stack/"));
  expect(imported.filter((path) => !stack.includes(path))).toEqual([
    "src/console/api.ts",
    // Prints a command that a shell takes.
    "src/console/command-line.ts",
    "src/console/open-folder-console.ts",
    "src/console/open-stack-console.ts",
    // Reads the quarantine, as the page shows it.
    "src/console/quarantine-shelf.ts",
    "src/console/start-console.ts",
    // Checks dynalake.json.
    "src/core/checked-shape.ts",
    "src/core/counted.ts",
    "src/core/defined.ts",
    "src/core/error.ts",
    // Prints the values of a statement.
    "src/core/result/cell-json.ts",
    "src/core/result/result-type.ts",
    // Shows a table's name as a statement has to write it.
    "src/core/sql/reserved-words.ts",
    // Splits a file of statements.
    "src/core/sql/split-statements.ts",
    // Knows at a prompt where a statement ends, and what Tab completes.
    "src/core/sql/statement-tokens.ts",
    "src/core/time-text.ts",
    // Says in which region a deployment was examined.
    "src/core/values/region-of-arn.ts",
    // Writes the schema file of `infer --out`.
    "src/files/file-error.ts",
    // Cleared by a process that dies by a signal.
    "src/files/temporary-folder.ts",
    // Writes the results that a person asked for in a file.
    "src/files/written-beside.ts",
    "src/index.ts",
    "src/library/dropping.ts",
    "src/library/folder-lake.ts",
    "src/library/lake-relations.ts",
    "src/library/statement-processes.ts",
    // Watches a run, for machines.
    "src/monitor/findings-command.ts",
    "src/monitor/findings-sender.ts",
    "src/monitor/monitored-run.ts",
    "src/monitor/webhook.ts",
    "src/sdk/timing.ts",
  ]);
});

test("the page runs in a browser: of the other rooms it imports types, and how values are printed", () => {
  expect(importedFrom("src/page")).toEqual([
    "src/console/api.ts",
    "src/core/result/cell-json.ts",
    "src/core/result/result-type.ts",
  ]);
  expect(readFileSync(join(ROOT, "src/console/api.ts"), "utf8")).not.toMatch(/^import (?!type )/m);
});

test("the public entry is made of the library, and of types and errors of the core", () => {
  const imported = imports.get("src/index.ts") ?? [];
  expect(imported.filter((path) => !path.startsWith("src/library/"))).toEqual([
    "src/core/error.ts",
    "src/core/format/snapshots-kept.ts",
    "src/core/ports/query-result.ts",
    "src/core/values/attribute-value.ts",
  ]);
});

test("functions on AWS never carry DuckDB", () => {
  const reached = new Set<string>();
  const reach = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const path of imports.get(file) ?? []) reach(path);
  };
  for (const file of imports.keys()) if (file.startsWith("handlers/")) reach(file);
  expect(reached.size).toBeGreaterThan(50);
  expect([...reached].filter((file) => /^src\/(embedded|library|cli)\//.test(file))).toEqual([]);
});
