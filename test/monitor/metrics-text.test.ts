/** Metrics as Prometheus reads them. */
import { expect, test } from "@jest/globals";
import { metricsText } from "../../src/monitor/metrics-text.ts";

test("a metric has its help, its type and a line for each sample that is known", () => {
  const text = metricsText([
    {
      name: "dynalake_lag_seconds",
      type: "gauge",
      help: "How far\nbehind, \\ all told.",
      samples: [
        { labels: { table: "a" }, value: 1.5 },
        { labels: { table: "b" }, value: undefined },
        { labels: {}, value: Number.POSITIVE_INFINITY },
      ],
    },
    { name: "dynalake_rows", type: "gauge", help: "Rows.", samples: [{ labels: {}, value: undefined }] },
  ]);
  expect(text).toBe(
    [
      "# HELP dynalake_lag_seconds How far\\nbehind, \\\\ all told.",
      "# TYPE dynalake_lag_seconds gauge",
      'dynalake_lag_seconds{table="a"} 1.5',
      "dynalake_lag_seconds +Inf",
      "",
    ].join("\n"),
  );
});

test("a label cannot end early", () => {
  const samples = [{ labels: { table: 'a"b\\c\nd' }, value: 1 }];
  const text = metricsText([{ name: "n", type: "gauge", help: "h", samples }]);
  expect(text).toContain('n{table="a\\"b\\\\c\\nd"} 1\n');
});
