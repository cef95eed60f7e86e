/**
 * Permissions are written by hand, action by action and resource by resource: CDK's grants allow more than the deployment
 * uses. Each remaining wildcard states its reason, where cdk-nag and its users can read it.
 */
import { Stack, Validations } from "aws-cdk-lib";
import {
  Effect,
  ManagedPolicy,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from "aws-cdk-lib/aws-iam";
import type { Construct, IConstruct } from "constructs";

export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, unknown>>;
  /** Why the resources contain a "*"; required if they do. */
  readonly because?: string;
}

export interface HandRoleProps {
  /** Who may assume the role: lambda.amazonaws.com and the like. */
  readonly service: string;
  readonly description: string;
  /** Default: one that CloudFormation chooses. */
  readonly roleName?: string;
  readonly permissions: readonly Permission[];
}

/**
 * A role with these permissions and no others. If the service says for which account it acts, only this account's resources
 * can use the role.
 */
export function handRole(scope: Construct, id: string, props: HandRoleProps): Role {
  const role = new Role(scope, id, {
    assumedBy: new ServicePrincipal(props.service, {
      conditions: namesAccount.has(props.service)
        ? { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } }
        : {},
    }),
    description: props.description,
    ...(props.roleName === undefined ? {} : { roleName: props.roleName }),
    inlinePolicies: {
      permissions: new PolicyDocument({ statements: props.permissions.map(statementOf) }),
    },
  });
  explainWildcards(role, props.permissions);
  return role;
}

/** Services that send aws:SourceAccount when they assume a role (AWS: IAM user guide, "The confused deputy problem"). */
const namesAccount: ReadonlySet<string> = new Set(["scheduler.amazonaws.com", "states.amazonaws.com"]);

/** A policy of its own, for roles that are not the lake's. */
export function handPolicy(
  scope: Construct,
  id: string,
  { description, permissions }: Pick<HandRoleProps, "description" | "permissions">,
): ManagedPolicy {
  const statements = permissions.map(statementOf);
  const policy = new ManagedPolicy(scope, id, { description, statements });
  explainWildcards(policy, permissions);
  return policy;
}

function statementOf(permission: Permission): PolicyStatement {
  const wild = permission.resources.some((resource) => resource.includes("*"));
  if (wild && permission.because === undefined) {
    throw new Error(`no reason is given for the wildcard of ${permission.actions.join(", ")}`);
  }
  return new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [...permission.actions],
    resources: [...permission.resources],
    ...(permission.conditions === undefined ? {} : { conditions: permission.conditions }),
  });
}

/**
 * Acknowledges cdk-nag's findings, which quote resources as they appear in the template. References to other stacks take that
 * form only once CDK has prepared the app; validation runs after that and before cdk-nag's rules.
 */
function explainWildcards(owner: IConstruct, permissions: readonly Permission[]): void {
  owner.node.addValidation({
    validate: () => {
      for (const { resources, because = "" } of permissions) {
        for (const resource of resources) {
          const text = flatReference(Stack.of(owner).resolve(resource));
          if (text.includes("*")) acknowledge(owner, `AwsSolutions-IAM5[Resource::${text}]`, because);
        }
      }
      return [];
    },
  });
}

/** Records why a cdk-nag rule does not apply here. */
export function acknowledge(scope: IConstruct, id: string, reason: string): void {
  Validations.of(scope).acknowledge({ id, reason });
}

/** A template reference in the form that cdk-nag prints. */
function flatReference(value: unknown): string {
  if (typeof value === "string") return value.replaceAll("$" + "{", "<").replaceAll("}", ">");
  const object = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (object["Fn::Join"] !== undefined) {
    const [delimiter, items] = object["Fn::Join"] as [string, readonly unknown[]];
    return items.map(flatReference).join(delimiter);
  }
  if (object["Fn::GetAtt"] !== undefined) {
    const [resource, attribute] = object["Fn::GetAtt"] as [unknown, unknown];
    return `<${flatReference(resource)}.${flatReference(attribute)}>`;
  }
  if (object["Fn::ImportValue"] !== undefined) return flatReference(object["Fn::ImportValue"]);
  if (object.Ref !== undefined) return `<${flatReference(object.Ref)}>`;
  return JSON.stringify(value);
}
