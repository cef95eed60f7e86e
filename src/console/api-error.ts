/** Errors as the page gets them. */
import { DynalakeError } from "../core/error.ts";
import type { ApiError } from "./api.ts";

/** What was not expected is named to the page, and nothing of the lake with it. */
export function apiError(error: unknown): ApiError {
  if (error instanceof DynalakeError) return { code: error.code, message: error.message, next: error.next };
  return { code: "INTERNAL", message: "the console failed", next: "Read the terminal in which it runs." };
}
