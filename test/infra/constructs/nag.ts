/** The stacks follow cdk-nag's rules for AWS solutions, or the code says why a rule does not apply. */
import { expect, test } from "@jest/globals";
import { type App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { IConstruct } from "constructs";
import { LakeStack, type LakeStackProps } from "../../../infra/lake-stack.ts";
import { ReviewsStack } from "../../../infra/reviews-stack.ts";
import { deepTest } from "../../support/deep-test.ts";
import { once, reviewsSchema, testApp } from "../support.ts";

function synthesized(props: LakeStackProps = {}): App {
  const app = testApp();
  const { lake } = new LakeStack(app, "DynalakeLake", props);
  new ReviewsStack(app, "DynalakeReviews", { lake, schemaFile: reviewsSchema });
  app.synth();
  return app;
}

const app = once(() => synthesized());

const findings = (checked: App): readonly string[] =>
  new AwsSolutionsChecks(checked)
    .validateScope(checked)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );

test("there are no findings", () => {
  expect(findings(app())).toEqual([]);
});

deepTest("there are none with a key of the lake's own, with Lake Formation, and with readers", () => {
  expect(findings(synthesized({ encryption: "kms", lakeFormation: true, readers: ["analysts"] }))).toEqual(
    [],
  );
});

/** The rule and reason of each acknowledgment. */
function acknowledged(scope: IConstruct): readonly (readonly [string, string])[] {
  return scope.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => Object.entries(data as Record<string, string>)),
    );
}

test("every exception is one finding of one rule, with a reason", () => {
  const all = acknowledged(app());
  expect(all.length).toBeGreaterThan(20);
  for (const [rule, reason] of all) {
    expect(rule).toMatch(/AwsSolutions-(S1|SF1|IAM5\[Resource::.*\*.*\])$/);
    expect(reason).toMatch(/^[A-Z].{20,}\.$/);
  }
});

deepTest("without them there would be findings: the rules are awake", () => {
  const bare = synthesized();
  for (const { node } of bare.node.findAll()) {
    const kept = node.metadata.filter(({ type }) => type !== Validations.ACKNOWLEDGED_RULES_METADATA_KEY);
    Object.defineProperty(node, "metadata", { value: kept });
  }
  const rules = new Set(findings(bare).map((finding) => finding.replace(/[[ ].*$/s, "")));
  expect([...rules].sort()).toEqual(["AwsSolutions-IAM5", "AwsSolutions-S1", "AwsSolutions-SF1"]);
});
