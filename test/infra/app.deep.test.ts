/** infra/app.ts as the CDK command runs it, with CDK's own validation of templates. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { runApp } from "./app-process.ts";
import { schemaNamed, useFolder } from "./support.ts";

useFolder();

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
