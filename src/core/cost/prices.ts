/** List prices of us-east-1 in dollars, each with the page that has the current one. */

export interface Price {
  readonly what: string;
  readonly dollars: number;
  readonly per: string;
  /** AWS's page of these prices. */
  readonly page: string;
}

type PriceName =
  | "invocation"
  | "computeSecond"
  | "firehose"
  | "conversion"
  | "put"
  | "get"
  | "storage"
  | "scan"
  | "transition"
  | "export"
  | "recovery"
  | "metric"
  | "metricRead"
  | "alarm"
  | "dashboard"
  | "logs"
  | "trace"
  | "key";

const page = (name: string): string => `https://aws.amazon.com/${name}/pricing/`;

/** A GB is 10^9 bytes, a month 30 days. */
export const PRICES: Readonly<Record<PriceName, Price>> = {
  invocation: { what: "Lambda: invocations", dollars: 0.2e-6, per: "invocation", page: page("lambda") },
  computeSecond: {
    what: "Lambda on ARM: duration",
    dollars: 0.0000133,
    per: "GB-second",
    page: page("lambda"),
  },
  firehose: {
    what: "Firehose: direct put, in steps of 5 KB a record",
    dollars: 0.029,
    per: "GB",
    page: page("firehose"),
  },
  conversion: { what: "Firehose: conversion to Parquet", dollars: 0.018, per: "GB", page: page("firehose") },
  put: { what: "S3: PUT and LIST", dollars: 0.000005, per: "request", page: page("s3") },
  get: { what: "S3: GET", dollars: 0.0000004, per: "request", page: page("s3") },
  storage: { what: "S3: storage", dollars: 0.023, per: "GB-month", page: page("s3") },
  scan: {
    what: "Athena: bytes read, at least 10 MB a statement",
    dollars: 5,
    per: "TB",
    page: page("athena"),
  },
  transition: {
    what: "Step Functions: transitions",
    dollars: 0.000025,
    per: "transition",
    page: page("step-functions"),
  },
  export: { what: "DynamoDB: export", dollars: 0.1, per: "GB", page: page("dynamodb") },
  recovery: {
    what: "DynamoDB: point-in-time recovery",
    dollars: 0.2,
    per: "GB-month",
    page: page("dynamodb"),
  },
  metric: {
    what: "CloudWatch: metrics of one's own, by the hours that have values",
    dollars: 0.3,
    per: "metric-month",
    page: page("cloudwatch"),
  },
  metricRead: {
    what: "CloudWatch: metrics read",
    dollars: 0.00001,
    per: "request",
    page: page("cloudwatch"),
  },
  alarm: { what: "CloudWatch: alarms", dollars: 0.1, per: "alarm-month", page: page("cloudwatch") },
  dashboard: { what: "CloudWatch: dashboards", dollars: 3, per: "dashboard-month", page: page("cloudwatch") },
  logs: { what: "CloudWatch: logs taken in", dollars: 0.5, per: "GB", page: page("cloudwatch") },
  trace: { what: "X-Ray: traces", dollars: 0.000005, per: "trace", page: page("xray") },
  key: { what: "KMS: a key of one's own", dollars: 1, per: "key-month", page: page("kms") },
};

/** AWS: Amazon Athena pricing. A statement is billed for at least this much. */
export const SCAN_BYTES_MIN = 10e6;

/** US dollars for what a statement of Athena reads, by the price in us-east-1. */
export function scanDollars(bytes: number): number {
  return (Math.max(bytes, SCAN_BYTES_MIN) / 1e12) * PRICES.scan.dollars;
}
