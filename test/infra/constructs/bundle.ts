import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { App, Stack } from "aws-cdk-lib";
import { BUNDLES_CONTEXT } from "../../../infra/bundle.ts";
import { DynamoDbLake } from "../../../infra/dynamo-db-lake.ts";
import { Lake } from "../../../infra/lake.ts";
import { HANDLERS } from "../../../src/aws/contracts/handlers.ts";
import { deepTest } from "../../support/deep-test.ts";
import { bundlesFolder, root, schemaNamed, usableTable } from "../support.ts";

function synthesize(bundles: string, context: Readonly<Record<string, unknown>> = {}): string {
  const outdir = mkdtempSync(join(dirname(bundlesFolder()), "out-"));
  const app = new App({
    outdir,
    context: { [BUNDLES_CONTEXT]: bundles, ...context },
    analyticsReporting: false,
  });
  const stack = new Stack(app, "Stack");
  const table = usableTable(stack, "Table");
  new DynamoDbLake(stack, "T", { lake: new Lake(stack, "Lake"), table, schemaFile: schemaNamed("t") });
  app.synth();
  return outdir;
}

describe("the code of a function", () => {
  let assets: readonly string[];
  beforeAll(() => {
    const outdir = synthesize(bundlesFolder());
    assets = readdirSync(outdir)
      .filter((name) => name.startsWith("asset."))
      .map((name) => {
        expect(readdirSync(join(outdir, name))).toEqual(["index.mjs"]);
        return readFileSync(join(outdir, name, "index.mjs"), "utf8");
      });
  });

  test("is the handler's bundle alone, whatever it works on", () => {
    expect([...assets].sort()).toEqual(
      HANDLERS.map((handler) => `export const handler = "${handler}";\n`).sort(),
    );
  });
});

test("bundles that are missing are told with what to do", () => {
  const copy = mkdtempSync(join(dirname(bundlesFolder()), "some-"));
  expect(() => synthesize(copy)).toThrow(
    expect.objectContaining({
      code: "USAGE",
      message: expect.stringContaining(join(copy, "clean", "index.mjs")),
      next: expect.stringContaining("npm run build"),
    }),
  );
  rmSync(copy, { recursive: true });
});

test("build.mjs bundles the handlers that are deployed, and no others", async () => {
  const { handlers } = await import(join(root, "build.mjs"));
  expect(handlers.toSorted()).toEqual([...HANDLERS].sort());
});

deepTest("without staging the code stays where the template says", () => {
  const outdir = synthesize(bundlesFolder(), { "aws:cdk:disable-asset-staging": true });
  const { files } = JSON.parse(readFileSync(join(outdir, "Stack.assets.json"), "utf8"));
  const zipped = Object.values(files as Record<string, { source: { path: string; packaging: string } }>)
    .filter(({ source }) => source.packaging === "zip")
    .map(({ source }) => source.path);
  const paths = [...new Set(zipped)];
  expect(paths).toHaveLength(HANDLERS.length);
  for (const path of paths) expect(existsSync(join(path, "index.mjs"))).toBe(true);
});
