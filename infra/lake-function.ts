/** A Lambda function for one handler: on ARM, with an expiring log, traces and hand-written permissions. */
import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { Schema } from "../src/core/schema/schema.ts";
import { withHandlerCode } from "./bundle.ts";
import { type HandlerName, loggingPermission } from "./handler-permissions.ts";
import type { Lake } from "./lake.ts";
import { acknowledge, handRole, type Permission } from "./permissions.ts";
import type { TableAccess } from "./table-access.ts";

export interface LakeFunctionProps {
  readonly handler: HandlerName;
  readonly access: TableAccess;
  readonly schema: Schema;
  readonly permissions: readonly Permission[];
  /** Variables beyond those that all functions have. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly memoryMebibytes: number;
  readonly timeout: Duration;
}

export function lakeFunction(scope: Construct, id: string, props: LakeFunctionProps): LambdaFunction {
  const { access, handler, schema } = props;
  const { lake, table } = access;
  const logGroup = logGroupOf(scope, `${id}Log`);
  const what = `dynalake ${table}: ${handler}`;
  const role = handRole(scope, `${id}Role`, {
    service: "lambda.amazonaws.com",
    description: what,
    permissions: [loggingPermission(logGroup.logGroupArn), ...props.permissions],
  });
  const made = withHandlerCode(
    scope,
    handler,
    schema,
    (code) =>
      new LambdaFunction(scope, id, {
        description: what,
        code,
        handler: "index.handler",
        runtime: Runtime.NODEJS_24_X,
        architecture: Architecture.ARM_64,
        role,
        logGroup,
        tracing: Tracing.ACTIVE,
        memorySize: props.memoryMebibytes,
        timeout: props.timeout,
        environment: {
          LAKE_BUCKET: lake.bucket.bucketName,
          LAKE_DATABASE: lake.databaseName,
          LAKE_WORKGROUP: lake.workGroupName,
          POWERTOOLS_SERVICE_NAME: "dynalake",
          POWERTOOLS_METRICS_NAMESPACE: metricsNamespace(lake),
          ...props.environment,
        },
      }),
  );
  // CDK lets a traced function send its traces; X-Ray has no resource for them.
  acknowledge(
    role.node.findChild("DefaultPolicy"),
    "AwsSolutions-IAM5[Resource::*]",
    "X-Ray has no resource-level permissions for traces.",
  );
  return made;
}

/** The namespace of the functions' metrics, one per lake: two lakes may have tables with the same name. */
export function metricsNamespace(lake: Pick<Lake, "databaseName">): string {
  return `dynalake/${lake.databaseName}`;
}

/** Logs describe actions, never the contents of items. One month of them is enough to find out what happened. */
export function logGroupOf(scope: Construct, id: string, name?: string): LogGroup {
  return new LogGroup(scope, id, {
    ...(name === undefined ? {} : { logGroupName: name }),
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
