/** Lines of a log that a machine reads: one JSON object each. */

export type LogLevel = "debug" | "info" | "warn" | "error";

/** `event` names what happened; `message` says it for people. `fields` hold no values of items. */
export function logLine(
  level: LogLevel,
  event: string,
  message: string,
  { nowMs, fields = {} }: { readonly nowMs: number; readonly fields?: object },
): string {
  return JSON.stringify({ time: new Date(nowMs).toISOString(), level, event, ...fields, message });
}
