/**
 * Writes the templates of the kept deployment, as the constructs of this checkout make them. They stay in test/fixtures, where
 * tests check that later versions update such a deployment in place.
 *
 *     npx tsx scripts/make-deployment-fixture.ts FOLDER
 *
 * FOLDER is the fixture, for example test/fixtures/deployment-0.2.0.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv } from "node:process";
import { App } from "aws-cdk-lib";
import { addKeptStacks } from "../test/infra/kept-stacks.ts";
import { KEPT_STACKS, keptTemplateFile } from "../test/support/kept-deployment.ts";

const [folder] = argv.slice(2);
if (folder === undefined) throw new Error("Usage: npx tsx scripts/make-deployment-fixture.ts FOLDER");

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly Metadata?: unknown;
}

interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: unknown;
}

const outdir = mkdtempSync(join(tmpdir(), "dynalake-fixture-"));
try {
  const app = new App({ outdir, analyticsReporting: false });
  addKeptStacks(app);
  app.synth();
  for (const stack of KEPT_STACKS) {
    const template = JSON.parse(readFileSync(join(outdir, `${stack}.template.json`), "utf8")) as Template;
    writeFileSync(keptTemplateFile(stack, folder), `${JSON.stringify(kept(template), undefined, 1)}\n`);
  }
} finally {
  rmSync(outdir, { recursive: true, force: true });
}

/** Without the code of the functions, and without what CDK adds to the template of every stack. */
function kept({ Outputs, Resources }: Template): Template {
  const resources = Object.entries(Resources)
    .filter(([, { Type }]) => Type !== "AWS::CDK::Metadata")
    .map(([id, { Metadata: _, ...resource }]) => [id, withoutCode(resource)]);
  return { Resources: Object.fromEntries(resources), ...(Outputs === undefined ? {} : { Outputs }) };
}

/** Whose code it is, its description says. */
function withoutCode(resource: Resource): Resource {
  if (resource.Type !== "AWS::Lambda::Function") return resource;
  return { ...resource, Properties: { ...resource.Properties, Code: { ZipFile: "kept elsewhere" } } };
}
