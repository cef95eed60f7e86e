/** The templates of the default deployment, as they are reviewed when they change. */
import { expect, test } from "@jest/globals";
import { example } from "../example.ts";
import type { TemplateJson } from "../support.ts";

/** Without what the code of the functions decides, and what has a snapshot of its own. */
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
