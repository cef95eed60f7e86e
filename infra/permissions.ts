/**
 * Permissions are written by hand, an action and a place at a time: the ready-made grants of CDK give more than the
 * deployment uses. A wildcard that remains has its reason beside it, which cdk-nag and its users can read.
 */
import { Stack, Validations } from "aws-cdk-lib";
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Construct, IConstruct } from "constructs";

export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, unknown>>;
  /** Why a "*" stands in the resources; needed where one does. */
  readonly because?: string;
}

export interface HandRoleProps {
  /** Who may assume the role: lambda.amazonaws.com and the like. */
  readonly service: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
}

/**
 * A role that may do this and nothing else. Only this account's resources may have the service assume it, where the service
 * tells on whose behalf it comes.
 */
export function handRole(scope: Construct, id: string, props: HandRoleProps): Role {
  const role = new Role(scope, id, {
    assumedBy: new ServicePrincipal(props.service, {
      conditions: namesAccount.has(props.service)
        ? { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } }
        : {},
    }),
    description: props.description,
    inlinePolicies: {
      permissions: new PolicyDocument({ statements: props.permissions.map(statementOf) }),
    },
  });
  explainWildcards(role, props.permissions);
  return role;
}

/** Services that send aws:SourceAccount when they assume a role (AWS: IAM user guide, "The confused deputy problem"). */
const namesAccount: ReadonlySet<string> = new Set(["scheduler.amazonaws.com", "states.amazonaws.com"]);

function statementOf(permission: Permission): PolicyStatement {
  const wild = permission.resources.some((resource) => resource.includes("*"));
  if (wild && permission.because === undefined) {
    throw new Error(`the wildcard of ${permission.actions.join(", ")} is not explained`);
  }
  return new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [...permission.actions],
    resources: [...permission.resources],
    ...(permission.conditions === undefined ? {} : { conditions: permission.conditions }),
  });
}

/**
 * Acknowledges cdk-nag's findings. They are named by the resources as the template has them, which references to other stacks
 * have only after CDK's preparation: validation comes after it and before the rules.
 */
function explainWildcards(role: IConstruct, permissions: readonly Permission[]): void {
  role.node.addValidation({
    validate: () => {
      for (const { resources, because = "" } of permissions) {
        for (const resource of resources) {
          const text = flatReference(Stack.of(role).resolve(resource));
          if (text.includes("*")) acknowledge(role, `AwsSolutions-IAM5[Resource::${text}]`, because);
        }
      }
      return [];
    },
  });
}

/** Says why a rule of cdk-nag does not hold here. */
export function acknowledge(scope: IConstruct, id: string, reason: string): void {
  Validations.of(scope).acknowledge({ id, reason });
}

/** A reference of a template as cdk-nag writes it. */
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
