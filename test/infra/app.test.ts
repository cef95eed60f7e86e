/** infra/app.ts as the CDK command runs it: in its own process, configured by its environment. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execPath } from "node:process";
import { describe, expect, test } from "@jest/globals";
import { BUNDLES_CONTEXT } from "../../infra/bundle.ts";
import { bundlesFolder, root, schemaFile, schemaNamed, useFolder } from "./support.ts";

useFolder();

const cdkJson = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8"));

/** An endpoint where nothing listens, no credentials and no region: every call to AWS fails. */
const nowhere = { AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_EC2_METADATA_DISABLED: "true" };

function runApp(
  context: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string>> = {},
) {
  const outdir = mkdtempSync(join(dirname(bundlesFolder()), "out-"));
  const [command = "", file = ""] = (cdkJson.app as string).split(" ");
  expect(command).toBe("node_modules/.bin/tsx");
  const run = spawnSync(execPath, ["--import", "tsx", file], {
    cwd: root,
    encoding: "utf8",
    env: {
      PATH: process.env.PATH ?? "",
      HOME: outdir,
      TMPDIR: tmpdir(),
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify({
        ...cdkJson.context,
        [BUNDLES_CONTEXT]: bundlesFolder(),
        ...context,
      }),
      ...nowhere,
      ...environment,
    },
  });
  return { ...run, outdir };
}

test("with cdk.json alone it makes the lake and the example, without a network", () => {
  const { outdir, status, stderr } = runApp({});
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const { artifacts } = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8"));
  expect(Object.keys(artifacts).filter((name) => existsSync(join(outdir, `${name}.template.json`)))).toEqual([
    "DynalakeLake",
    "DynalakeReviews",
  ]);
});

describe("what cannot work is told in two lines, without a trace", () => {
  test("a bad schema file", () => {
    const schema = schemaFile('{ "table": "t" }');
    const { status, stderr, stdout } = runApp({ table: "T", schema });
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error SCHEMA_INVALID: .*key.*\n {2}-> Correct the schema file.*\n$/);
  });

  test("an AWS that does not answer", () => {
    const environment = {
      CDK_DEFAULT_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "x",
      AWS_SECRET_ACCESS_KEY: "x",
    };
    const { status, stderr } = runApp({ table: "T", schema: schemaNamed("t") }, environment);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error UNREACHABLE: cannot describe table "T" in region eu-west-1: .*\n {2}-> .*\n$/,
    );
  });
});
