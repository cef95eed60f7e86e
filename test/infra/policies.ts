/** The roles of a template in readable form. */
import { flat, resourcesOf, type TemplateJson } from "./support.ts";

export interface Grant {
  /** The role's logical id without its hash. */
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  readonly conditions: string;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Every action that a role of the template allows, on each resource. */
export function grantsOf(template: TemplateJson): readonly Grant[] {
  const roles = [...resourcesOf(template, "AWS::IAM::Role")].flatMap(([id, { Properties }]) =>
    (Properties.Policies ?? []).map((policy: { PolicyDocument: unknown }) => ({
      id,
      document: policy.PolicyDocument,
    })),
  );
  const policies = [...resourcesOf(template, "AWS::IAM::Policy").values()].flatMap(({ Properties }) =>
    Properties.Roles.map((role: { Ref: string }) => ({ id: role.Ref, document: Properties.PolicyDocument })),
  );
  return [...roles, ...policies].flatMap(({ document, id }) =>
    document.Statement.flatMap((statement: Statement) => grants(id.replace(/[0-9A-F]{8}$/, ""), statement)),
  );
}

function grants(role: string, { Action, Condition, Effect, Resource }: Statement): readonly Grant[] {
  if (Effect !== "Allow") throw new Error("a role denies something");
  const conditions = Condition === undefined ? "" : JSON.stringify(Condition);
  const resources = Array.isArray(Resource) ? Resource : [Resource];
  return [Action]
    .flat()
    .flatMap((action) =>
      resources.map((resource) => ({ role, action: action as string, resource: flat(resource), conditions })),
    );
}

/** The grants by role, for review: each resource with its actions. */
export function policyLines(template: TemplateJson): Readonly<Record<string, readonly string[]>> {
  const actions = new Map<string, Map<string, Set<string>>>();
  for (const { action, conditions, resource, role } of grantsOf(template)) {
    const own = actions.get(role) ?? new Map<string, Set<string>>();
    const key = `${short(resource)}${conditions === "" ? "" : ` if ${conditions}`}`;
    actions.set(role, own.set(key, (own.get(key) ?? new Set()).add(action)));
  }
  return Object.fromEntries(
    [...actions].map(([role, own]) => [
      role,
      [...own].map(([resource, all]) => `${resource}: ${[...all].sort().join(" ")}`).sort(),
    ]),
  );
}

function short(resource: string): string {
  return resource
    .replace(/^<[^>]*LakeBucketArn>/, "<bucket>")
    .replace(/^arn:<AWS::Partition>:(\w+):<AWS::Region>:<AWS::AccountId>:/, "$1 ");
}
