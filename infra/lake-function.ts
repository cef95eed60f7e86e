/** A Lambda function for one handler: on ARM, with traces and hand-written permissions, and a log that it shares with its lake. */
import type { Duration } from "aws-cdk-lib";
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { EnvironmentOf, LakeVariables } from "../src/aws/contracts/environment.ts";
import type { HandlerName } from "../src/aws/contracts/handlers.ts";
import { metricsNamespaceOf } from "../src/aws/contracts/metrics.ts";
import { handlerCode } from "./bundle.ts";
import { loggingPermission, TRACING } from "./handler-permissions.ts";
import type { LakePlace } from "./lake-place.ts";
import { handRole, type Permission } from "./permissions.ts";

export interface LakeFunctionProps<Handler extends HandlerName> {
  readonly handler: Handler;
  readonly lake: LakePlace;
  /** Of the lake, or of a source: a part of its description. */
  readonly owner: string;
  /** Default: one that CloudFormation chooses. */
  readonly functionName?: string;
  /** Default: one that CloudFormation chooses. */
  readonly roleName?: string;
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
  const { handler, lake, owner } = props;
  const place: LakeVariables = {
    LAKE_BUCKET: lake.bucket.bucketName,
    LAKE_DATABASE: lake.databaseName,
    LAKE_WORKGROUP: lake.upkeepWorkGroupName,
  };
  const what = `dynalake ${owner}: ${handler}`;
  const role = handRole(scope, `${id}Role`, {
    service: "lambda.amazonaws.com",
    description: what,
    permissions: [loggingPermission(lake.logGroup.logGroupArn), TRACING, ...props.permissions],
    ...(props.roleName === undefined ? {} : { roleName: props.roleName }),
  });
  return new LambdaFunction(scope, id, {
    description: what,
    code: handlerCode(scope, handler),
    handler: "index.handler",
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    // What it needs is written above: CDK would add a policy for the traces.
    role: role.withoutPolicyUpdates(),
    logGroup: lake.logGroup,
    tracing: Tracing.ACTIVE,
    memorySize: props.memoryMebibytes,
    timeout: props.timeout,
    ...(props.functionName === undefined ? {} : { functionName: props.functionName }),
    environment: {
      ...place,
      POWERTOOLS_SERVICE_NAME: "dynalake",
      POWERTOOLS_METRICS_NAMESPACE: metricsNamespaceOf(lake.databaseName),
      ...props.environment,
    },
  });
}
