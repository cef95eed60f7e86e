/** Why changes were not delivered, as logs may say it. */
import type { ErrorCode } from "../error.ts";
import { DynalakeError } from "../error.ts";

export interface DeliveryFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

export function failureOf(error: unknown): DeliveryFailure {
  if (error instanceof DynalakeError) return { code: error.code, message: error.message };
  // An error that is not ours may quote what it was given.
  return { code: "INTERNAL", message: error instanceof Error ? error.name : "unknown" };
}
