/** Apps synthesized without AWS and without the functions' real code. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "@jest/globals";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { AttributeType, StreamViewType, Table, type TableProps } from "aws-cdk-lib/aws-dynamodb";
import { DISABLE_ASSET_STAGING_CONTEXT } from "aws-cdk-lib/cx-api";
import type { Construct } from "constructs";
import { BUNDLES_CONTEXT } from "../../infra/bundle.ts";
import { HANDLERS } from "../../src/aws/contracts/handlers.ts";
import type { SchemaFile } from "../../src/core/schema/schema.ts";

export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const reviewsSchema: string = join(root, "schemas", "reviews.json");

let folder = "";

/** Call once per test file, before its tests: creates a folder for them and removes it afterwards. */
export function useFolder(): void {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "dynalake-infra-"));
    for (const handler of HANDLERS) {
      mkdirSync(join(folder, "bundles", handler), { recursive: true });
      writeFileSync(join(folder, "bundles", handler, "index.mjs"), `export const handler = "${handler}";\n`);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
}

export function bundlesFolder(): string {
  return join(folder, "bundles");
}

/** What `make` gives; it is made when it is asked for the first time. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

// It only prints warnings, and takes half of the time of a synthesis. The apps of app.deep.test.ts run with it.
process.env.CDK_VALIDATION = "false";
// The CDK takes a stack for every resource; jest asks for 100 frames of each, and looks each one up in the source maps.
Error.stackTraceLimit = 4;

let apps = 0;

export function testApp(context: Readonly<Record<string, unknown>> = {}): App {
  return new App({
    outdir: join(folder, `cdk-${apps++}`),
    analyticsReporting: false,
    stackTraces: false,
    // The code of the functions is not copied: bundle.ts looks at the copies.
    context: { [BUNDLES_CONTEXT]: bundlesFolder(), [DISABLE_ASSET_STAGING_CONTEXT]: true, ...context },
  });
}

/** Writes a schema file and returns its path. */
export function schemaFile(schema: SchemaFile | string): string {
  const path = join(mkdtempSync(join(folder, "schema-")), "schema.json");
  writeFileSync(path, typeof schema === "string" ? schema : JSON.stringify(schema));
  return path;
}

/** A schema for items with the key `id`. */
export function schemaNamed(table: string, more: Partial<SchemaFile> = {}): string {
  return schemaFile({ table, key: { hash: "id" }, attributes: { id: { type: "string" } }, ...more });
}

/** A table that can feed a lake, with the key `id`. */
export function usableTable(scope: Construct, id: string, more: Partial<TableProps> = {}): Table {
  return new Table(scope, id, {
    partitionKey: { name: "id", type: AttributeType.STRING },
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    ...more,
  });
}

export type Resource = {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON of many shapes.
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
};

export interface TemplateJson {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

export function templateOf(stack: Stack): TemplateJson {
  return Template.fromStack(stack).toJSON() as TemplateJson;
}

/** The resources of one type, by logical id. */
export function resourcesOf(template: TemplateJson, type: string): ReadonlyMap<string, Resource> {
  return new Map(Object.entries(template.Resources).filter(([, resource]) => resource.Type === type));
}

/** The only resource of a type whose logical id matches. */
export function resourceOf(template: TemplateJson, type: string, id: RegExp = /./): Resource {
  const found = [...resourcesOf(template, type)].filter(([logicalId]) => id.test(logicalId));
  if (found.length !== 1) throw new Error(`${found.length} resources ${type} match ${id}`);
  return (found[0] as [string, Resource])[1];
}

/** A template value as text: references become <LogicalId.Attribute>, without hashes. */
export function flat(value: unknown): string {
  if (typeof value === "string") return value;
  const object = value as Readonly<Record<string, unknown>>;
  if (object["Fn::Join"] !== undefined) {
    const [delimiter, parts] = object["Fn::Join"] as [string, readonly unknown[]];
    return parts.map(flat).join(delimiter);
  }
  if (object["Fn::GetAtt"] !== undefined) {
    const [id, attribute] = object["Fn::GetAtt"] as [string, string];
    return `<${withoutHash(id)}.${attribute}>`;
  }
  if (object["Fn::ImportValue"] !== undefined) return `<${withoutHash(object["Fn::ImportValue"] as string)}>`;
  if (typeof object.Ref === "string") return `<${withoutHash(object.Ref)}>`;
  return JSON.stringify(value);
}

function withoutHash(id: string): string {
  return id.replace(/[0-9A-F]{8}(?=[A-Z]|$)/g, "").replace(/[0-9A-F]{8}$/, "");
}

export { Stack };
