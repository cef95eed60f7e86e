/** The settings that options, variables and `dynalake.json` have in common, besides the choice between a lake and a stack. */
import type { SettingsFile } from "./settings-file.ts";

export interface KnownSetting {
  /** In the file. */
  readonly member: keyof SettingsFile;
  readonly variable: string;
  /** As commander names it. */
  readonly option: string;
  /** The only command that has it. Others have options of the same name with another meaning. */
  readonly command?: string;
}

export const KNOWN_SETTINGS: readonly KnownSetting[] = [
  { member: "endpoint", variable: "DYNALAKE_ENDPOINT", option: "endpoint" },
  { member: "workGroup", variable: "DYNALAKE_WORK_GROUP", option: "workGroup" },
  {
    member: "compactEverySeconds",
    variable: "DYNALAKE_COMPACT_EVERY",
    option: "compactEvery",
    command: "run",
  },
  {
    member: "metricsPort",
    variable: "DYNALAKE_METRICS_PORT",
    option: "metricsPort",
    command: "run",
  },
  {
    member: "metricsHost",
    variable: "DYNALAKE_METRICS_HOST",
    option: "metricsHost",
    command: "run",
  },
  {
    member: "logFormat",
    variable: "DYNALAKE_LOG_FORMAT",
    option: "logFormat",
    command: "run",
  },
];
