import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { expect, test } from "@jest/globals";
import { iteratorAges } from "../../src/aws/iterator-age.ts";

const REQUEST = { functionName: "orders-stream", sinceSeconds: 1_800_000_000, untilSeconds: 1_800_003_600 };

function clientWith(send: (command: { readonly input: unknown }) => Promise<object>): CloudWatchClient {
  return { send } as unknown as CloudWatchClient;
}

test("ages are in seconds and in the order of time, whatever CloudWatch's order is", async () => {
  const point = (minute: number, Maximum?: number) => ({
    Timestamp: new Date((1_800_000_000 + 60 * minute) * 1000),
    Maximum,
  });
  const asked: unknown[] = [];
  const client = clientWith(async ({ input }) => {
    asked.push(input);
    return { Datapoints: [point(2, 7_400), point(0, 3_600_000), point(3), point(1, 0)] };
  });
  expect(await iteratorAges(client, REQUEST)).toEqual([
    { atSeconds: 1_800_000_000, ageSeconds: 3600 },
    { atSeconds: 1_800_000_060, ageSeconds: 0 },
    { atSeconds: 1_800_000_120, ageSeconds: 7 },
  ]);
  expect(asked).toMatchObject([
    {
      MetricName: "IteratorAge",
      Dimensions: [{ Name: "FunctionName", Value: "orders-stream" }],
      StartTime: new Date(1_800_000_000_000),
      EndTime: new Date(1_800_003_600_000),
      Statistics: ["Maximum"],
    },
  ]);
});

test("a refusal says what was refused", async () => {
  const refused = Object.assign(new Error("no"), { name: "AccessDenied" });
  const asking = iteratorAges(
    clientWith(() => Promise.reject(refused)),
    REQUEST,
  );
  await expect(asking).rejects.toMatchObject({ code: "CREDENTIALS" });
});
