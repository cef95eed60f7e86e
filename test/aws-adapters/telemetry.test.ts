/** Metrics as CloudWatch reads them from the functions' log. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";

let lines: string[] = [];

beforeEach(() => {
  lines = [];
  for (const stream of [process.stdout, process.stderr])
    jest.spyOn(stream, "write").mockImplementation((text) => {
      lines.push(String(text).trimEnd());
      return true;
    });
});

afterEach(() => {
  jest.restoreAllMocks();
});

test("metrics of several tables and of a source have one dimension each, and nothing is warned of", async () => {
  Object.assign(process.env, { POWERTOOLS_METRICS_NAMESPACE: "dynalake/shop", POWERTOOLS_SERVICE_NAME: "x" });
  const { publishSourceMetrics, publishTableMetrics } = await import("../../src/aws/lambda/telemetry.ts");
  for (const table of ["orders", "lines", "orders"]) publishTableMetrics(table, { OpenGaps: 1 });
  publishSourceMetrics("shop", { OnFailureObjects: 2 });
  publishTableMetrics("orders", {});
  const published = lines.map((line) => {
    const { _aws, ...values } = JSON.parse(line);
    return [_aws.CloudWatchMetrics[0].Dimensions, values];
  });
  expect(published).toEqual([
    [[["LakeTable"]], { LakeTable: "orders", OpenGaps: 1 }],
    [[["LakeTable"]], { LakeTable: "lines", OpenGaps: 1 }],
    [[["LakeTable"]], { LakeTable: "orders", OpenGaps: 1 }],
    [[["Source"]], { Source: "shop", OnFailureObjects: 2 }],
  ]);
});
