/** A deployment with one lake table of two segments, for consoles: the answers of AWS, with statements that end at once. */
import { tableEntryPath } from "../../../src/core/format/deployment-path.ts";
import { manifestPath } from "../../../src/core/format/lake-path.ts";
import {
  initialManifest,
  type Manifest,
  manifestText,
  type Segment,
} from "../../../src/core/format/manifest.ts";
import type { FakeAnswer } from "../../aws-adapters/fake-aws.ts";
import type { CloudRequest } from "../../support/fake-cloud.ts";
import { bucketAnswer, registryKeys, STACK_ANSWER } from "../../support/fake-stack.ts";
import { tableEntry } from "../../support/registry.ts";

export const MEGABYTE: number = 1e6;
const DAY_SECONDS = 86_400;
const SCHEMA = {
  table: "reviews",
  source: "Reviews",
  key: { hash: "id" },
  attributes: { id: { type: "string" }, n: { type: "bigint" } },
};
const segment = (kind: Segment["kind"], rows: number): Segment => ({
  ...{ id: `${kind}-0`, run: kind, part: "0", kind, rows, bytes: 20 * MEGABYTE },
});
const MANIFEST: Manifest = {
  ...initialManifest(1),
  ...{ kind: "minor", sequence: 2, segments: [segment("base", 40), segment("delta", 5)] },
};
const KEYS = new Map([
  ...registryKeys([{ table: "reviews", source: "Reviews" }]),
  [
    tableEntryPath("Reviews", "reviews"),
    JSON.stringify(tableEntry("Reviews", "reviews", { stack: "S", schema: SCHEMA })),
  ],
  ["reviews/schema.json", JSON.stringify(SCHEMA)],
  [manifestPath("reviews", 2), manifestText(MANIFEST)],
]);
const ROWS = {
  ResultSet: {
    ResultSetMetadata: { ColumnInfo: [{ Name: "n", Type: "bigint" }] },
    Rows: [{ Data: [{ VarCharValue: "n" }] }, { Data: [{ VarCharValue: "12345678901234567890" }] }],
  },
};
/** The base, and twice the delta. */
export const BYTES_AT_MOST: number = 60 * MEGABYTE;

export const executed = (State: string, DataScannedInBytes: number): object => ({
  QueryExecution: { StatementType: "DML", Status: { State }, Statistics: { DataScannedInBytes } },
});

export type Answers = Readonly<Record<string, (request: CloudRequest) => FakeAnswer>>;

export const STACK_ANSWERS: Answers = {
  DescribeStacks: () => STACK_ANSWER,
  "": ({ path }) =>
    path.includes("/event-source-mappings/") ? { body: { State: "Enabled" } } : bucketAnswer(path, KEYS),
  StartQueryExecution: () => ({ body: { QueryExecutionId: "q-1" } }),
  GetQueryExecution: () => ({ body: executed("SUCCEEDED", 12 * MEGABYTE) }),
  GetQueryResults: () => ({ body: ROWS }),
  StopQueryExecution: () => ({ body: {} }),
  GetMetricData: () => ({ body: { MetricDataResults: [] } }),
  GetMetricStatistics: () => ({ body: { Datapoints: [] } }),
};

/** A quiet day with one busy hour: the answer of CloudWatch for one table. */
export function dayOfMetrics(nowSeconds: number): FakeAnswer {
  const series = (Id: string, stepSeconds: number, value: (secondsAgo: number) => number): object => {
    const ago = Array.from({ length: DAY_SECONDS / stepSeconds }, (_, i) => i * stepSeconds);
    const Timestamps = ago.map((seconds) => Math.floor((nowSeconds - seconds) / stepSeconds) * stepSeconds);
    return { Id, Timestamps, Values: ago.map(value) };
  };
  const busy = (secondsAgo: number): boolean => secondsAgo >= 5 * 3600 && secondsAgo < 6 * 3600;
  const MetricDataResults = [
    series("lag0", 600, (ago) => (busy(ago) ? 40 : 1)),
    series("buffered0", 600, () => 60),
    series("rows0", 3600, (ago) => (busy(ago) ? 12_000 : 250)),
  ];
  return { body: { MetricDataResults } };
}
