/** What a failed file operation means to the user. */
import { getSystemErrorMap } from "node:util";
import { DynalakeError } from "../core/error.ts";

/** Node's code for a failed system call, such as ENOSPC. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Why a system call failed, in words and with Node's code, such as "no such file or directory (ENOENT)". */
export function systemReason(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  const words = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  return words === undefined ? (systemCode(error) ?? message) : `${words} (${systemCode(error)})`;
}

/** The error for a failed operation on `path`. */
export function fileError(error: unknown, path: string): DynalakeError {
  if (error instanceof DynalakeError) return error;
  const code = systemCode(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new DynalakeError("DISK_FULL", `no space left to write ${path}`, { cause: error });
  }
  return new DynalakeError("STORE_FAILED", `${path}: ${systemReason(error)}`, { cause: error });
}
