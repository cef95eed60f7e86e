/** A state machine of the deployment: its definition, a hand-written role, a log of what failed, traces. */
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
  /** Functions that it invokes. */
  readonly functionArns: readonly string[];
  /** What else it may do. */
  readonly permissions: readonly Permission[];
}

export class LakeMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: LakeMachineProps) {
    super(scope, id);
    const { access, kind } = props;
    const { lake, table } = access;
    const stack = Stack.of(this);
    // The role names its own machine, which needs a name before it exists.
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
    // Only log groups of such names need no entry each in a policy of the account, which is limited in size.
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
      // Inputs and outputs stay out of the log.
      logs: { destination: logGroup, level: LogLevel.ERROR, includeExecutionData: false },
    });
    this.machine.node.addDependency(role);
    acknowledge(
      this.machine,
      "AwsSolutions-SF1",
      "The history of an execution is kept by Step Functions; the log is for alarms and errors.",
    );
    acknowledge(
      role.node.findChild("DefaultPolicy"),
      "AwsSolutions-IAM5[Resource::*]",
      "X-Ray knows no resources for traces, and CloudWatch Logs none for deliveries.",
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

/** A distributed map is run as executions of its own machine, and stopped with it. */
function mapPermissions(stack: Stack, name: string): readonly Permission[] {
  const arn = (resource: string): string => stack.formatArn({ service: "states", resource });
  return [
    { actions: ["states:ListExecutions", "states:StartExecution"], resources: [arn(`stateMachine:${name}`)] },
    {
      actions: ["states:DescribeExecution", "states:StopExecution"],
      resources: [arn(`execution:${name}:*`), arn(`execution:${name}/*`)],
      because:
        "Executions are named when they start; those of a map carry its label behind the machine's name.",
    },
  ];
}
