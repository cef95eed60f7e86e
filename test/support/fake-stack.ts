/** The answers of CloudFormation about a stack with lake tables. */
import type { FakeAnswer } from "../aws-adapters/fake-aws.ts";

export interface StackTable {
  readonly table: string;
  readonly source: string;
}

/** The outputs of a lake table, which begin with its name in camel case. */
const SUFFIXES = [
  "Bucket",
  "Database",
  "WorkGroup",
  "DeliveryStream",
  "SnapshotMachine",
  "CompactionMachine",
  "EventSourceMapping",
  "StreamFunction",
] as const;

export function stackAnswer(tables: readonly StackTable[]): FakeAnswer {
  const outputs = tables.flatMap(({ table, source }) => [
    [`${source}LakeTable`, table],
    [`${source}SourceTableArn`, `arn:aws:dynamodb:us-east-1:000000000000:table/${source}`],
    [`${source}RetentionHours`, "168"],
    [`${source}BufferSeconds`, "65"],
    ...SUFFIXES.map((suffix) => [`${source}${suffix}`, suffix.toLowerCase()]),
  ]);
  const members = outputs.map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return {
    body: `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>S</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${members.join("")}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  };
}

export const MISSING_STACK: FakeAnswer = {
  status: 400,
  body: "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id Gone does not exist</Message></Error></ErrorResponse>",
};
