/** What all handlers share: logs with the request id, and errors named by their codes. */
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import type { ZodMiniType } from "zod/mini";
import { checkedShape } from "../../core/checked-shape.ts";
import { DynalakeError } from "../../core/error.ts";
import { logger } from "./telemetry.ts";

/** A function as Lambda calls it. */
export type LambdaFunction = (event: unknown, context: Context) => Promise<unknown>;

/** Wraps a handler. Its event is checked first, so that a state machine that passes a wrong event fails immediately. */
export function lambdaHandler<Event>(
  shape: ZodMiniType<Event>,
  run: (event: Event, invocation: Context) => Promise<unknown>,
): LambdaFunction {
  return middy()
    .use(injectLambdaContext(logger))
    .handler(async (event: unknown, invocation: Context) => {
      try {
        return await run(checked(shape, event), invocation);
      } catch (error) {
        throw named(error);
      }
    }) as LambdaFunction;
}

function checked<Event>(shape: ZodMiniType<Event>, event: unknown): Event {
  const result = checkedShape(shape, event);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new DynalakeError("INPUT_INVALID", `invalid event: ${issue?.path.join(".")}: ${issue?.message}`);
}

/** State machines distinguish errors by name; the names are the codes in docs/errors.md. */
function named(error: unknown): Error {
  if (!(error instanceof DynalakeError)) {
    const cause = error instanceof Error ? error : new Error(String(error));
    logger.error("failed", { code: "INTERNAL", name: cause.name }); // breakage: foreign-errors-by-name
    return cause;
  }
  // Powertools drops a key that is called "message".
  logger.error("failed", { code: error.code, reason: error.message, next: error.next });
  const failure = new Error(`${error.message} -> ${error.next}`, { cause: error });
  failure.name = error.code;
  return failure;
}
