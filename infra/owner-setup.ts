/**
 * What the owner of a source table in another account attaches, so that the lake may read it. Only a stream can be opened to another
 * account by a policy. Backups and exports cannot, so that a role of the owner is assumed for them (AWS: DynamoDB developer guide,
 * "DynamoDB API operations supported by resource-based policies").
 */
import { Arn, ArnFormat, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { SourceHandlerName } from "../src/aws/contracts/handlers.ts";
import { exportsPrefix } from "../src/core/format/deployment-path.ts";
import type { LakePlace } from "./lake-place.ts";
import { lakePrefix, sourceFunctionName, sourceRoleName } from "./names.ts";
import { EXPORT_ACTIONS, EXPORT_WRITES, STREAM_ACTIONS, TABLE_KEY_ACTIONS } from "./source-actions.ts";
import type { TableOwner } from "./table-owner.ts";

/** The documents that the owner of a source table attaches, for `aws dynamodb put-resource-policy` and `aws iam`. */
export interface OwnerSetup {
  readonly streamArn: string;
  /** The resource policy of the stream: Lambda reads it. A new stream needs it again. */
  readonly streamPolicy: PolicyJson;
  readonly roleArn: string;
  /** Who may assume the role. */
  readonly roleTrust: PolicyJson;
  /** What the role may do. */
  readonly rolePermissions: PolicyJson;
  readonly keyArn?: string;
  /** To be added to the policy of the key that encrypts the table. */
  readonly keyStatements?: readonly StatementJson[];
}

export interface PolicyJson {
  readonly Version: "2012-10-17";
  readonly Statement: readonly StatementJson[];
}

export interface StatementJson {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal?: { readonly AWS: string };
  readonly Action: readonly string[] | string;
  readonly Resource?: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface OwnerSetupProps {
  readonly lake: LakePlace;
  /** The source's name in the lake. */
  readonly source: string;
  readonly owner: TableOwner;
  readonly tableArn: string;
  readonly streamArn: string;
  readonly encryptionKeyArn: string | undefined;
}

/** All that is in it is known before anything is deployed: the owner comes first. */
export function ownerSetup(scope: Construct, props: OwnerSetupProps): OwnerSetup {
  const { encryptionKeyArn, owner, streamArn } = props;
  const { account } = Stack.of(scope);
  const { partition, region = "" } = Arn.split(props.tableArn, ArnFormat.SLASH_RESOURCE_NAME);
  const roleOf = (handler: SourceHandlerName): string => {
    const name = sourceFunctionName(lakePrefix(props.lake.databaseName), props.source, handler);
    return `arn:${partition}:iam::${account}:role/${sourceRoleName(name, region)}`;
  };
  const by = (handler: SourceHandlerName): Pick<StatementJson, "Principal" | "Condition"> => ({
    // Policies are taken before the role exists, and stay right when it is made anew.
    Principal: { AWS: `arn:${partition}:iam::${account}:root` },
    Condition: { ArnEquals: { "aws:PrincipalArn": roleOf(handler) } },
  });
  return {
    streamArn,
    streamPolicy: policy({
      Sid: "DynalakeReadsTheStream",
      Effect: "Allow",
      ...by("stream"),
      Action: STREAM_ACTIONS,
      Resource: streamArn,
    }),
    roleArn: owner.roleArn,
    roleTrust: policy({
      Sid: "DynalakeAssumesTheRole",
      Effect: "Allow",
      ...by("source"),
      Action: "sts:AssumeRole",
    }),
    rolePermissions: policy(...permissionsOfRole(props, { account, partition: partition ?? "aws", region })),
    ...(encryptionKeyArn === undefined
      ? {}
      : {
          keyArn: encryptionKeyArn,
          keyStatements: [
            {
              Sid: "DynalakeReadsTheStream",
              Effect: "Allow",
              ...by("stream"),
              Action: TABLE_KEY_ACTIONS,
              Resource: "*",
            } satisfies StatementJson,
          ],
        }),
  };
}

interface LakeAccount {
  readonly account: string;
  readonly partition: string;
  readonly region: string;
}

/** The bucket gets its name when it is made: the lake's account and the folder are known before, and its own policy has the rest. */
function permissionsOfRole(
  { encryptionKeyArn, lake, source, tableArn }: OwnerSetupProps,
  { account, partition, region }: LakeAccount,
): readonly StatementJson[] {
  return [
    {
      Sid: "TheTable",
      Effect: "Allow",
      Action: EXPORT_ACTIONS,
      Resource: tableArn,
    },
    {
      Sid: "ItsExports",
      Effect: "Allow",
      Action: ["dynamodb:DescribeExport"],
      Resource: `${tableArn}/export/*`,
    },
    {
      Sid: "TheLake",
      Effect: "Allow",
      Action: EXPORT_WRITES,
      Resource: `arn:${partition}:s3:::*/${exportsPrefix(source)}/*`,
      Condition: { StringEquals: { "s3:ResourceAccount": account } },
    },
    ...(lake.encryptionKey === undefined
      ? []
      : [
          {
            Sid: "TheKeyOfTheLake",
            Effect: "Allow" as const,
            Action: LAKE_KEY_ACTIONS,
            Resource: `arn:${partition}:kms:${region}:${account}:key/*`,
            Condition: { StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` } },
          },
        ]),
    ...(encryptionKeyArn === undefined
      ? []
      : [
          {
            Sid: "TheKeyOfTheTable",
            Effect: "Allow" as const,
            Action: TABLE_KEY_ACTIONS,
            Resource: encryptionKeyArn,
          },
        ]),
  ];
}

/** Uploading in parts needs both. */
export const LAKE_KEY_ACTIONS: readonly string[] = ["kms:Decrypt", "kms:GenerateDataKey"];

function policy(...Statement: readonly StatementJson[]): PolicyJson {
  return { Version: "2012-10-17", Statement };
}
