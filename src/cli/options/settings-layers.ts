/** What holds of several places that may say it: an option, then the environment, then `dynalake.json`, then the default. Pure. */
import { DynalakeError } from "../../core/error.ts";
import { KNOWN_SETTINGS, type KnownSetting } from "./known-settings.ts";
import type { SettingsFile } from "./settings-file.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingsLayers {
  readonly environment: Environment;
  /** Undefined without a file. */
  readonly file: { readonly name: string; readonly settings: SettingsFile } | undefined;
}

/** A value, and the place that says it: "--lake", "DYNALAKE_LAKE", "dynalake.json"; "default" if none does. */
export interface HeldValue<T> {
  readonly value: T;
  readonly from: string;
}

export type LakeChoice =
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "stack"; readonly stack: string };

/** An empty variable counts as none. */
export function variable(environment: Environment, name: string): string | undefined {
  return environment[name] === "" ? undefined : environment[name];
}

/**
 * The lake, apart from options: one choice, taken whole from the first place that makes it, so that a stack of a file does not
 * meet the folder of a variable. Undefined where no place says it. Throws USAGE.
 */
export function lakeChoice({ environment, file }: SettingsLayers): HeldValue<LakeChoice> | undefined {
  const folder = variable(environment, "DYNALAKE_LAKE");
  const stack = variable(environment, "DYNALAKE_STACK");
  if (folder !== undefined && stack !== undefined)
    throw new DynalakeError("USAGE", "both DYNALAKE_LAKE and DYNALAKE_STACK are set", {
      next: "Unset one of them.",
    });
  if (folder !== undefined) return { value: { kind: "folder", folder }, from: "DYNALAKE_LAKE" };
  if (stack !== undefined) return { value: { kind: "stack", stack }, from: "DYNALAKE_STACK" };
  if (file === undefined) return undefined;
  const { name: from, settings } = file;
  if (settings.lake !== undefined) return { value: { kind: "folder", folder: settings.lake }, from };
  if (settings.stack !== undefined) return { value: { kind: "stack", stack: settings.stack }, from };
  return undefined;
}

/** Texts of the environment; of the file what it holds. Undefined where neither says it. */
export function heldSetting(
  { environment, file }: SettingsLayers,
  { member, variable: name }: Pick<KnownSetting, "member" | "variable">,
): HeldValue<unknown> | undefined {
  const given = variable(environment, name);
  if (given !== undefined) return { value: given, from: name };
  const held = file?.settings[member];
  return file === undefined || held === undefined ? undefined : { value: held, from: file.name };
}

/** The region and the profile as the AWS CLI takes them; the file comes last. Keys of the environment leave no room for its profile. */
export function awsSetting(
  layers: SettingsLayers,
  member: "region" | "profile",
): HeldValue<string> | undefined {
  const names = member === "region" ? ["AWS_REGION", "AWS_DEFAULT_REGION"] : ["AWS_PROFILE"];
  for (const name of names) {
    const value = variable(layers.environment, name);
    if (value !== undefined) return { value, from: name };
  }
  const { file, environment } = layers;
  // breakage: keys-before-profile-of-file
  if (member === "profile" && variable(environment, "AWS_ACCESS_KEY_ID") !== undefined) return undefined;
  const value = file?.settings[member];
  return file === undefined || value === undefined ? undefined : { value, from: file.name };
}

/** Variables of dynalake that are set and that nothing reads, such as misspelt ones. */
export function unknownVariables(environment: Environment): readonly string[] {
  const known = new Set([
    ...KNOWN_SETTINGS.map((setting) => setting.variable),
    ...[
      "DYNALAKE_LAKE",
      "DYNALAKE_STACK",
      "DYNALAKE_MASK_KEY",
      "DYNALAKE_WEBHOOK_URL",
      "DYNALAKE_SQL_HISTORY",
    ],
  ]);
  return Object.keys(environment).filter((name) => name.startsWith("DYNALAKE_") && !known.has(name));
}
