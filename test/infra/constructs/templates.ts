/** The templates of the default deployment, for review when they change. */
import { expect, test } from "@jest/globals";
import { example } from "../example.ts";
import type { TemplateJson } from "../support.ts";

/** The template without hashes of code and without roles, which have their own snapshot. */
function normalized(template: TemplateJson): unknown {
  const resources = Object.entries(template.Resources).map(([id, resource]) => [
    id,
    resource.Type.startsWith("AWS::IAM::") ? { Type: resource.Type } : resource,
  ]);
  const text = JSON.stringify({ ...template, Resources: Object.fromEntries(resources) });
  return JSON.parse(text.replace(/\b[0-9a-f]{64}\b/g, "<hash>"));
}

test("the lake", () => {
  expect(normalized(example().lake)).toMatchSnapshot();
});

test("the example", () => {
  expect(normalized(example().reviews)).toMatchSnapshot();
});
