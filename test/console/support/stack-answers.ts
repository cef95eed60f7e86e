/** A deployment with one lake table of two segments, for consoles: the answers of AWS, with statements that end at once. */
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

export const MEGABYTE: number = 1e6;
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
};
