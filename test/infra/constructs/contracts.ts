/** What the constructs write into templates, and what the functions and the command line read: one contract, seen from both sides. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { variablesOf } from "../../../src/aws/contracts/environment.ts";
import { HANDLERS } from "../../../src/aws/contracts/handlers.ts";
import {
  lakeConfiguration,
  sourceConfiguration,
  tableConfiguration,
} from "../../../src/aws/contracts/registry-files.ts";
import { LAKE_OUTPUT, REGISTRY_OUTPUT } from "../../../src/aws/contracts/stack-outputs.ts";
import { example } from "../example.ts";
import { flat, resourceOf, resourcesOf, root, type TemplateJson } from "../support.ts";

const contracts = join(root, "src", "aws", "contracts");

test("contracts import zod and the core alone, so that infra gets no SDK from them", () => {
  const files = readdirSync(contracts);
  expect(files).toContain("handlers.ts");
  for (const file of files) {
    const imports = [...readFileSync(join(contracts, file), "utf8").matchAll(/ from "([^"]+)";/g)];
    for (const [, from = ""] of imports)
      expect(`${file}: ${from}`).toMatch(/: (zod|\.\/|\.\.\/\.\.\/core\/)/);
  }
});

describe.each(HANDLERS)("the function %s", (handler) => {
  /** As Lambda gives them to the function. */
  const variables = (): Readonly<Record<string, string>> => {
    const functions = Object.values(example()).flatMap((template) => [
      ...resourcesOf(template, "AWS::Lambda::Function").values(),
    ]);
    const { Environment } = functions.find(({ Properties }) =>
      Properties.Description.endsWith(`: ${handler}`),
    )?.Properties ?? { Environment: { Variables: {} } };
    return Object.fromEntries(
      Object.entries(Environment.Variables).map(([name, value]) => [name, flat(value)]),
    );
  };

  test("is given all that it reads", () => {
    expect(variablesOf(handler, variables())).toMatchObject({ LAKE_DATABASE: "dynalake" });
  });

  test("is given nothing that it does not read", () => {
    const { POWERTOOLS_SERVICE_NAME: _, POWERTOOLS_METRICS_NAMESPACE: __, ...own } = variables();
    expect(Object.keys(own).sort()).toEqual(Object.keys(variablesOf(handler, variables())).sort());
  });

  test("does not start without one of them, and names it", () => {
    const { LAKE_BUCKET: _, ...others } = variables();
    expect(() => variablesOf(handler, others)).toThrow("LAKE_BUCKET");
  });
});

test("the outputs of the stacks are those that the command line looks for", () => {
  const { lake, reviews } = example();
  const registryOf = (template: TemplateJson, prefix: string): string =>
    flat(template.Outputs[`${prefix}Dynalake`]?.Value);
  expect(registryOf(lake, LAKE_OUTPUT)).toBe("s3://<LakeBucket>/_registry/");
  expect(registryOf(reviews, REGISTRY_OUTPUT)).toMatch(
    /^s3:\/\/<DynalakeLake:ExportsOutputRefLakeBucket\w*>\/_registry\/$/,
  );
  expect(Object.keys(reviews.Outputs)).toHaveLength(1);
});

describe("what custom resources are given is what the registry takes", () => {
  const given = (template: TemplateJson, kind: string): object => {
    const { Configuration, Schema } = resourceOf(template, `Custom::Dynalake${kind}`).Properties;
    return { ...JSON.parse(flat(Configuration)), ...(Schema && { schema: JSON.parse(Schema) }) };
  };

  test("for the lake", () => {
    expect(lakeConfiguration.parse(given(example().lake, "Lake"))).toMatchObject({ database: "dynalake" });
  });

  test("for a source", () => {
    const source = sourceConfiguration.parse(given(example().reviews, "Source"));
    expect(source).toMatchObject({
      stack: "DynalakeReviews",
      source: expect.stringMatching(/^reviews-[0-9a-f]{8}$/),
      eventSourceMapping: "<ReviewsSourceMapping>",
      sourceTableArn: "<Table.Arn>",
    });
  });

  test("for a lake table", () => {
    const table = tableConfiguration.parse(given(example().reviews, "Table"));
    expect(table).toMatchObject({
      stack: "DynalakeReviews",
      schema: { table: "reviews" },
      retentionHours: 168,
      bufferSeconds: 65,
      schemaSettleSeconds: 1800,
      compactEverySeconds: 900,
      firstSnapshotEverySeconds: 86_400,
    });
    expect(table.snapshotEverySeconds).toBeUndefined();
  });
});
