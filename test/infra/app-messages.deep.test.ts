/** infra/app.ts starts, as the CDK command runs it, and tells what is wrong. */
import { describe, expect, test } from "@jest/globals";
import { runApp } from "./app-process.ts";
import { schemaFile, useFolder } from "./support.ts";

useFolder();

describe("what cannot work is told in two lines, without a trace", () => {
  test("a bad schema file", () => {
    const schema = schemaFile('{ "table": "t" }');
    const { status, stderr, stdout } = runApp({ table: "T", schema });
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^error SCHEMA_INVALID: .*key.*\n {2}-> Correct that member of the schema file.*\n$/,
    );
  });
});
