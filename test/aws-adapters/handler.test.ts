/** What a function leaves in its log when it fails. */
import { afterEach, expect, jest, test } from "@jest/globals";
import type { Context } from "aws-lambda";
import { object } from "zod/mini";
import { lambdaHandler } from "../../src/aws/lambda/handler.ts";
import { DynalakeError } from "../../src/core/error.ts";

afterEach(() => {
  jest.restoreAllMocks();
});

/** The lines that a function writes which fails with this error. */
async function logOf(error: Error): Promise<string> {
  const lines: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, "write").mockImplementation((line) => {
      lines.push(String(line));
      return true;
    });
  }
  const run = lambdaHandler(object({}), () => Promise.reject(error));
  await expect(run({}, { awsRequestId: "r" } as Context)).rejects.toThrow();
  return lines.join("");
}

test("an error of ours is logged with its reason and its next step", async () => {
  const log = await logOf(new DynalakeError("ENGINE_FAILED", "the reason", { next: "the next step" }));
  expect(log).toContain('"code":"ENGINE_FAILED"');
  expect(log).toContain('"reason":"the reason"');
  expect(log).toContain('"next":"the next step"');
});

test("another error is logged by its name, without the input that it quotes", async () => {
  const log = await logOf(new TypeError("unexpected token in an item"));
  expect(log).toContain('"name":"TypeError"');
  expect(log).not.toContain("an item");
});
