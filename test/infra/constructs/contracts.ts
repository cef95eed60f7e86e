/** What the constructs write into templates, and what the functions and the command line read: one contract, seen from both sides. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { variablesOf } from "../../../src/aws/contracts/environment.ts";
import { HANDLERS } from "../../../src/aws/contracts/handlers.ts";
import { STACK_OUTPUTS } from "../../../src/aws/contracts/stack-outputs.ts";
import { example } from "../example.ts";
import { flat, resourcesOf, root } from "../support.ts";

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
    const functions = [...resourcesOf(example().reviews, "AWS::Lambda::Function").values()];
    const { Environment } = functions.find(
      ({ Properties }) => Properties.Description === `dynalake reviews: ${handler}`,
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

test("the outputs of a stack are those that the command line looks for", () => {
  const suffixes = Object.values(STACK_OUTPUTS).map((suffix) => `Reviews${suffix}`);
  expect(Object.keys(example().reviews.Outputs)).toEqual(expect.arrayContaining(suffixes));
});
