/** A Lambda function for one handler: on ARM, with an expiring log, traces and hand-written permissions. */

import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { EnvironmentOf, LakeVariables } from "../src/aws/contracts/environment.ts";
import type { HandlerName } from "../src/aws/contracts/handlers.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import { withHandlerCode } from "./bundle.ts";
import { loggingPermission } from "./handler-permissions.ts";
import type { Lake } from "./lake.ts";
import { acknowledge, handRole, type Permission } from "./permissions.ts";
import type { TableAccess } from "./table-access.ts";

export interface LakeFunctionProps<Handler extends HandlerName> {
  readonly handler: Handler;
  readonly access: TableAccess;
  readonly schema: Schema;
  readonly permissions: readonly Permission[];
  /** What the handler reads besides what all functions have. */
  readonly environment: EnvironmentOf<Handler>;
  readonly memoryMebibytes: number;
  readonly timeout: Duration;
}

export function lakeFunction<Handler extends HandlerName>(
  scope: Construct,
  id: string,
  props: LakeFunctionProps<Handler>,
): LambdaFunction {
  const { access, handler, schema } = props;
  const { lake, table } = access;
  const place: LakeVariables = {
    LAKE_BUCKET: lake.bucket.bucketName,
    LAKE_DATABASE: lake.databaseName,
    LAKE_WORKGROUP: lake.workGroupName,
  };
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
          ...place,
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

/** Where the functions' metrics are. Lakes of an account may have tables of one name. */
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
