import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "..", "..");

test("nothing imports the engine's client but its types: duckdb-client.ts loads it faster", () => {
  const sources = join(ROOT, "src");
  const importing = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .filter((name) => {
      const text = readFileSync(join(sources, name), "utf8");
      return /^(?:import|export)\s(?!type\b)[^;]*?from "@duckdb\//m.test(text);
    });
  expect(importing).toEqual([]);
});
