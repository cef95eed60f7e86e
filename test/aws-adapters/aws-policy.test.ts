import { expect, test } from "@jest/globals";
import { awsPolicy, deliveredWithinSeconds, settleSecondsFor } from "../../src/aws/aws-policy.ts";

test.each([
  ["none", 0, 300],
  ["by default", 65, 300],
  ["as long as they can be", 900 + 300, 1435],
])("a compaction stays behind what is still buffered: buffers %s", (_, bufferSeconds, settleSeconds) => {
  expect(settleSecondsFor(bufferSeconds)).toBe(settleSeconds);
  expect(settleSecondsFor(bufferSeconds)).toBeGreaterThan(deliveredWithinSeconds(bufferSeconds));
  expect(awsPolicy(settleSeconds).settleSeconds).toBe(settleSeconds);
});
