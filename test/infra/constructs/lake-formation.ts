/** Where Lake Formation governs the catalog: who asks it for data, and the roles that need its grants. */
import { describe, expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { DynamoDbLake, Lake, type LakeProps } from "../../../infra/index.ts";
import { deepTest } from "../../support/deep-test.ts";
import { grantsOf } from "../policies.ts";
import { flat, once, schemaNamed, templateOf, testApp, usableTable } from "../support.ts";

const ACTION = "lakeformation:GetDataAccess";

function made(props: LakeProps) {
  const stack = new Stack(testApp(), "Shop");
  const lake = new Lake(stack, "Lake", props);
  const table = usableTable(stack, "Orders");
  const source = new DynamoDbLake(stack, "Orders2", { lake, table, schemaFile: schemaNamed("orders") });
  source.addTable({ schemaFile: schemaNamed("order_lines") });
  return { lake, source, stack, template: templateOf(stack) };
}

const governed = once(() => made({ lakeFormation: true }));

describe("Lake Formation", () => {
  test("is asked for data by those that run statements, and by no others", () => {
    const { template } = governed();
    const asking = grantsOf(template).filter(({ action }) => action === ACTION);
    const stating = grantsOf(template).filter(({ action }) => action === "athena:StartQueryExecution");
    const rolesOf = (grants: readonly { readonly role: string }[]) => grants.map(({ role }) => role).sort();
    expect(rolesOf(asking)).toEqual(rolesOf(stating));
    expect(asking).toHaveLength(5);
    expect(new Set(asking.map(({ resource }) => resource))).toEqual(new Set(["*"]));
  });

  deepTest("is not asked by default", () => {
    expect(grantsOf(made({}).template).filter(({ action }) => action === ACTION)).toEqual([]);
  });

  test("gets the roles of all that use the catalog", () => {
    const { lake, source, stack, template } = governed();
    const resolved = (arn: string) => flat(stack.resolve(arn));
    const { deliveryRoles, sourceRole, streamRole } = source;
    const known = [...Object.values(lake.roles), streamRole, sourceRole, ...deliveryRoles.values()];
    const using = grantsOf(template).filter(({ action }) => action.startsWith("glue:"));
    const roles = new Set(using.map(({ role }) => `<${role}.Arn>`));
    expect(roles.size).toBe(12);
    const arns = known.map(({ roleArn }) => resolved(roleArn));
    expect([...roles].filter((role) => !arns.includes(role))).toEqual([]);
    expect([...deliveryRoles.keys()]).toEqual(["orders", "order_lines"]);
  });
});
