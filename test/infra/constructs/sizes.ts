/** How much a source and a lake table add to a stack, and that one full of them stays below every limit of CloudFormation, IAM and Lambda. */
import { expect } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { LakeStack } from "../../../infra/lake-stack.ts";
import { deepTest } from "../../support/deep-test.ts";
import { addSources, expectWithinLimits } from "../limits.ts";
import { resourcesOf, templateOf, testApp } from "../support.ts";

function oneStack(tablesOfEach: readonly number[]): number {
  const app = testApp();
  const { lake } = new LakeStack(app, "Lake");
  const stack = new Stack(app, "Tables");
  addSources(stack, lake, tablesOfEach);
  const { Resources } = templateOf(stack);
  return Object.keys(Resources).length;
}

deepTest(
  "a lake table adds at most 11 resources to its source, which leaves room for an alarm, and a source at most 15 more",
  () => {
    const [one, two, other] = [oneStack([1]), oneStack([2]), oneStack([1, 1])];
    const ofTable = two - one;
    expect(ofTable).toBeLessThanOrEqual(11);
    const sourceTables = 1;
    expect(other - one - sourceTables - ofTable).toBeLessThanOrEqual(15);
  },
);

deepTest("twenty lake tables of six sources fit into one stack with their lake", () => {
  const stack = new LakeStack(testApp(), "All");
  addSources(stack, stack.lake, [3, 3, 3, 3, 4, 4]);
  const template = templateOf(stack);
  expect(resourcesOf(template, "Custom::DynalakeTable").size).toBe(20);
  expectWithinLimits(template);
});
