/** A lake as large as a company's stays below every limit. */
import { beforeAll, describe, expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { LakeStack } from "../../infra/lake-stack.ts";
import { addSources, expectWithinLimits } from "./limits.ts";
import { resourcesOf, type TemplateJson, templateOf, testApp, useFolder } from "./support.ts";

useFolder();

/** With rules of the bucket for each table. */
const PROPS = { encryption: "kms", email: "ops@example.com", putAsideDays: 30 } as const;

describe("a hundred lake tables of thirty sources, in five stacks beside the lake's", () => {
  let lake: TemplateJson;
  let tables: readonly TemplateJson[];
  beforeAll(() => {
    const app = testApp();
    const lakeStack = new LakeStack(app, "Lake", PROPS);
    const stacks = Array.from({ length: 5 }, (_, i) => {
      const stack = new Stack(app, `Tables${i}`);
      addSources(stack, lakeStack.lake, [3, 3, 3, 3, 4, 4]);
      return stack;
    });
    tables = stacks.map((stack) => templateOf(stack));
    lake = templateOf(lakeStack.lake.node.scope as Stack);
  });

  test("stay below all limits", () => {
    expect(tables.flatMap((one) => [...resourcesOf(one, "Custom::DynalakeTable").keys()])).toHaveLength(100);
    for (const template of [lake, ...tables]) expectWithinLimits(template);
  });

  test("add nothing to the lake's own stack", () => {
    const alone = templateOf(new LakeStack(testApp(), "Lake", PROPS));
    expect(Object.keys(lake.Resources)).toEqual(Object.keys(alone.Resources));
    // Exports, however many stacks use them.
    expect(Object.keys(lake.Outputs).length).toBeLessThan(15);
  });
});
