/** The account of a source table, which may be another one than the lake's: what is checked about it. */
import { Arn, ArnFormat, Stack, Token } from "aws-cdk-lib";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { DynalakeError } from "../src/core/error.ts";

/** The owner of a source table that is in another account than the lake. */
export interface TableOwner {
  readonly account: string;
  /** The role in that account by which the table is described and exported. */
  readonly roleArn: string;
}

/** Where a table is, as far as that is known. */
interface Place {
  readonly region: string | undefined;
  readonly account: string | undefined;
}

const ROLE_ARN = /^arn:aws[a-z-]*:iam::(\d{12}):role\/[\w+=,.@/-]+$/;

/**
 * The owner of a table of another account; undefined for one of the lake's own. Lambda reads streams of its own region only, and a
 * table of another account is read only with a role of that account. Throws USAGE.
 */
export function ownerOf(
  scope: Construct,
  table: ITable,
  { lakeTable, roleArn }: { readonly lakeTable: string; readonly roleArn: string | undefined },
): TableOwner | undefined {
  const [theirs, ours] = [placeOfTable(table), placeOfStack(Stack.of(scope))];
  const name = `the table for "${lakeTable}"`;
  if (differ(theirs.region, ours.region)) {
    throw new DynalakeError(
      "USAGE",
      `${name} is in region ${theirs.region}, but its lake table is in ${ours.region}`,
      { next: `Deploy the lake and the lake table to region ${theirs.region}.` },
    );
  }
  if (roleArn === undefined) {
    if (!differ(theirs.account, ours.account)) return undefined;
    throw new DynalakeError(
      "USAGE",
      `${name} is in account ${theirs.account}, but its lake table is in ${ours.account}`,
      { next: `Pass ownerRoleArn, a role of account ${theirs.account}: docs/aws.md says what it needs.` },
    );
  }
  return checkedOwner(name, table, { roleArn, theirs, ours });
}

function checkedOwner(
  name: string,
  table: ITable,
  { ours, roleArn, theirs }: { readonly roleArn: string; readonly theirs: Place; readonly ours: Place },
): TableOwner {
  const [, account] = ROLE_ARN.exec(roleArn) ?? [];
  if (account === undefined) {
    throw new DynalakeError("USAGE", `invalid ownerRoleArn: "${roleArn}" is not the ARN of a role`, {
      next: "Pass an ARN such as arn:aws:iam::111122223333:role/dynalake.",
    });
  }
  // Everything that the owner attaches names the lake's roles, before they exist.
  if (ours.account === undefined || ours.region === undefined) {
    throw new DynalakeError("USAGE", `the stack that reads ${name} has no known account and region`, {
      next: "Give the stack an env.",
    });
  }
  const { tableArn, tableStreamArn = "" } = table;
  if (Token.isUnresolved(tableArn) || !tableStreamArn.startsWith(`${tableArn}/stream/`)) {
    throw new DynalakeError("USAGE", `${name} is another account's, and is not given by its ARNs`, {
      next: "Import it with Table.fromTableAttributes, by tableArn and tableStreamArn.",
    });
  }
  if (theirs.account === ours.account) {
    throw new DynalakeError("USAGE", `${name} is in the lake's own account, and needs no ownerRoleArn`, {
      next: "Leave ownerRoleArn out.",
    });
  }
  if (account === theirs.account) return { account, roleArn }; // breakage: owner-role-is-the-owners
  throw new DynalakeError(
    "USAGE",
    `${name} is in account ${theirs.account}, but its ownerRoleArn is a role of account ${account}`,
    { next: `Pass a role of account ${theirs.account}.` },
  );
}

function placeOfTable(table: ITable): Place {
  const { tableArn } = table;
  const { account, region } = Token.isUnresolved(tableArn)
    ? table.env
    : Arn.split(tableArn, ArnFormat.SLASH_RESOURCE_NAME);
  return { account: known(account), region: known(region) };
}

function placeOfStack({ account, region }: Stack): Place {
  return { account: known(account), region: known(region) };
}

function known(value: string | undefined): string | undefined {
  return Token.isUnresolved(value) ? undefined : value;
}

function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
