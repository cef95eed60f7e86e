/** A state machine with its definition, a hand-written role, a log of failures, and traces. */
import { Names, RemovalPolicy, Stack } from "aws-cdk-lib";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { DefinitionBody, LogLevel, StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import type { Report } from "./machine-frame.ts";
import { acknowledge, handRole, type Permission } from "./permissions.ts";
import type { MachineDefinition } from "./states.ts";
import type { TableAccess } from "./table-access.ts";

export interface LakeMachineProps {
  readonly access: TableAccess;
  /** snapshot or compaction. */
  readonly kind: string;
  readonly definition: MachineDefinition;
  /** The functions that it invokes. */
  readonly functionArns: readonly string[];
  /** Permissions beyond invoking those functions, running maps and publishing reports. */
  readonly permissions: readonly Permission[];
}

export class LakeMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: LakeMachineProps) {
    super(scope, id);
    const { access, kind } = props;
    const { lake, table } = access;
    const stack = Stack.of(this);
    // The role refers to its machine by name, before the machine exists.
    const name = Names.uniqueResourceName(this, { maxLength: 80, allowedSpecialCharacters: "-_" });
    const role = handRole(this, "Role", {
      service: "states.amazonaws.com",
      description: `dynalake ${table}: ${kind}`,
      permissions: [
        { actions: ["lambda:InvokeFunction"], resources: props.functionArns },
        ...mapPermissions(stack, name),
        {
          actions: ["sns:Publish"],
          resources: [lake.successTopic.topicArn, lake.failureTopic.topicArn],
        },
        ...props.permissions,
      ],
    });
    // With this prefix, log groups need no entries in the account's resource policy, whose size is limited.
    const logGroup = new LogGroup(this, "Log", {
      logGroupName: `/aws/vendedlogs/states/${name}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.machine = new StateMachine(this, "Machine", {
      stateMachineName: name,
      comment: `dynalake ${table}: ${kind}`,
      definitionBody: DefinitionBody.fromString(stack.toJsonString(props.definition)),
      role,
      tracingEnabled: true,
      logs: { destination: logGroup, level: LogLevel.ERROR, includeExecutionData: false },
    });
    this.machine.node.addDependency(role);
    acknowledge(
      this.machine,
      "AwsSolutions-SF1",
      "Step Functions keeps the history of each execution; the log only needs errors.",
    );
    acknowledge(
      role.node.findChild("DefaultPolicy"),
      "AwsSolutions-IAM5[Resource::*]",
      "X-Ray has no resource-level permissions for traces, nor CloudWatch Logs for log deliveries.",
    );
  }
}

export function reportOf(access: TableAccess, kind: string): Report {
  const { successTopic, failureTopic } = access.lake;
  return {
    machine: kind,
    table: access.table,
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
