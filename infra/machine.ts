/** A state machine with its definition, a hand-written role, a log of failures, and traces. */
import { Stack } from "aws-cdk-lib";
import { DefinitionBody, LogLevel, StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import { metricsNamespaceOf } from "../src/aws/contracts/metrics.ts";
import type { LakePlace } from "./lake-place.ts";
import { makeLogGroup } from "./log-group.ts";
import type { Report } from "./machine-frame.ts";
import { lakePrefix } from "./names.ts";
import { acknowledge, handRole, type Permission } from "./permissions.ts";
import type { MachineDefinition } from "./states.ts";

export interface LakeMachineProps {
  readonly lake: LakePlace;
  readonly kind: MachineKind;
  readonly definition: MachineDefinition;
  /** The functions that it invokes. */
  readonly functionArns: readonly string[];
  /** Patterns of those of sources. */
  readonly functionPatterns?: readonly string[];
  /** Permissions beyond invoking those functions, running maps and publishing reports. */
  readonly permissions: readonly Permission[];
}

export class LakeMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: LakeMachineProps) {
    super(scope, id);
    const { functionPatterns = [], kind, lake } = props;
    const stack = Stack.of(this);
    // Roles refer to the machine by name, before it exists.
    const name = machineName(lake, kind);
    const role = handRole(this, "Role", {
      service: "states.amazonaws.com",
      description: `dynalake ${lake.databaseName}: ${kind}`,
      permissions: [
        { actions: ["lambda:InvokeFunction"], resources: props.functionArns },
        ...(functionPatterns.length === 0
          ? []
          : [
              {
                actions: ["lambda:InvokeFunction"],
                resources: functionPatterns,
                because:
                  "The functions of a lake's sources have names that begin alike; sources come and go.",
              },
            ]),
        TRACES_OF_MACHINES,
        LOG_DELIVERIES,
        ...mapPermissions(stack, name),
        {
          actions: ["sns:Publish"],
          resources: [lake.successTopic.topicArn, lake.failureTopic.topicArn],
        },
        {
          actions: ["cloudwatch:PutMetricData"],
          resources: ["*"],
          conditions: { StringEquals: { "cloudwatch:namespace": metricsNamespaceOf(lake.databaseName) } },
          because: "Metrics have no ARNs; the condition names those of the lake.",
        },
        ...props.permissions,
      ],
    });
    // With this prefix, log groups need no entries in the account's resource policy, whose size is limited.
    const logGroup = makeLogGroup(this, "Log", `/aws/vendedlogs/states/${name}`);
    this.machine = new StateMachine(this, "Machine", {
      stateMachineName: name,
      comment: `dynalake ${lake.databaseName}: ${kind}`,
      definitionBody: DefinitionBody.fromString(stack.toJsonString(props.definition)),
      // What it needs is written above: CDK would add a policy.
      role: role.withoutPolicyUpdates(),
      tracingEnabled: true,
      logs: { destination: logGroup, level: LogLevel.ERROR, includeExecutionData: false },
    });
    this.machine.node.addDependency(role);
    acknowledge(
      this.machine,
      "AwsSolutions-SF1",
      "Step Functions keeps the history of each execution; the log only needs errors.",
    );
  }
}

export type MachineKind = "snapshot" | "compaction";

function machineName({ databaseName }: Pick<LakePlace, "databaseName">, kind: MachineKind): string {
  return `${lakePrefix(databaseName)}-${kind}`;
}

/** The ARNs of a machine and of its executions: roles have them before the machine exists. */
export function machineArns(lake: LakePlace, kind: MachineKind): ArnsOfMachine {
  const arn = (resource: string): string => Stack.of(lake).formatArn({ service: "states", resource });
  const name = machineName(lake, kind);
  return {
    machine: arn(`stateMachine:${name}`),
    executions: arn(`execution:${name}:*`),
    mapExecutions: arn(`execution:${name}/*`),
  };
}

export interface ArnsOfMachine {
  readonly machine: string;
  readonly executions: string;
  /** The executions of its maps. */
  readonly mapExecutions: string;
}

/** What CDK would let a traced machine that logs do. */
const TRACES_OF_MACHINES: Permission = {
  actions: [
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
  ],
  resources: ["*"],
  because: "X-Ray has no resource-level permissions for traces.",
};

const LOG_DELIVERIES: Permission = {
  actions: [
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
  ],
  resources: ["*"],
  because: "CloudWatch Logs has no resource-level permissions for log deliveries.",
};

export function reportOf(lake: LakePlace, kind: MachineKind): Report {
  const { failureTopic, successTopic } = lake;
  return {
    machine: kind,
    namespace: metricsNamespaceOf(lake.databaseName),
    successTopicArn: successTopic.topicArn,
    failureTopicArn: failureTopic.topicArn,
  };
}

/** A distributed map starts, watches and stops executions of its own machine. */
function mapPermissions(stack: Stack, name: string): readonly Permission[] {
  const arn = (resource: string): string => stack.formatArn({ service: "states", resource });
  return [
    { actions: ["states:ListExecutions", "states:StartExecution"], resources: [arn(`stateMachine:${name}`)] },
    {
      actions: ["states:DescribeExecution", "states:StopExecution"],
      resources: [arn(`execution:${name}:*`), arn(`execution:${name}/*`)],
      because:
        "Executions get their names when they start; those of a map have its label after the machine's name.",
    },
  ];
}
