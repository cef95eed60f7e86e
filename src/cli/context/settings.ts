/** What the command line takes from the environment and from `dynalake.json`. Nothing else reads them. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileError, systemCode } from "../../files/file-error.ts";
import { parseSettingsFile, type SettingsFile, type TableSettings } from "../options/settings-file.ts";
import { awsSetting, type SettingsLayers, variable } from "../options/settings-layers.ts";
import type { CliIo } from "./cli-io.ts";

export interface Settings {
  /** With the region and the profile that hold. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The secret of columns masked by sha256. */
  readonly maskKey: Uint8Array | undefined;
  /** Where `run` posts its findings; a secret. */
  readonly webhookUrl: string | undefined;
  /** By the names of the lake tables. Schema files are absolute. */
  readonly tables: Readonly<Record<string, TableSettings>>;
  /** A program and its arguments, which get the findings of `run`, and the folder in which it runs. */
  readonly onFinding: { readonly words: readonly string[]; readonly cwd: string } | undefined;
}

const FILE = "dynalake.json";

/** The settings' places: the environment, and the file that is named, or `dynalake.json` in the working folder. Throws USAGE. */
export function settingsLayers(
  { environment, cwd }: Pick<CliIo, "environment" | "cwd">,
  named: string | undefined,
): SettingsLayers {
  const name = named ?? FILE;
  const path = resolve(cwd, name);
  const content = contentOf(path, name, named === undefined);
  if (content === undefined) return { environment, file: undefined };
  return {
    environment,
    file: { name, settings: withPaths(parseSettingsFile(content, name), dirname(path)) },
  };
}

/** Folders above are not searched: a command would work on a lake that is not meant. */
function contentOf(path: string, name: string, isOptional: boolean): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isOptional && systemCode(error) === "ENOENT") return undefined;
    throw fileError(error, name);
  }
}

/** Paths in the file are relative to it. */
function withPaths(settings: SettingsFile, folder: string): SettingsFile {
  const tables = Object.entries(settings.tables ?? {}).map(
    ([name, table]) =>
      [
        name,
        table.schema === undefined ? table : { ...table, schema: resolve(folder, table.schema) },
      ] as const,
  );
  return {
    ...settings,
    tables: Object.fromEntries(tables),
    ...(settings.lake === undefined ? {} : { lake: resolve(folder, settings.lake) }),
  };
}

/** `named`: the file that --config names. Only such a file may start programs. */
export function settingsFrom(
  { environment, file }: SettingsLayers,
  { named, profile, cwd }: { readonly named?: string; readonly profile?: string; readonly cwd: string },
): Settings {
  const maskKey = variable(environment, "DYNALAKE_MASK_KEY");
  const layers = { environment, file };
  const region = awsSetting(layers, "region")?.value;
  const held = profile ?? awsSetting(layers, "profile")?.value;
  const words = file?.settings.onFinding;
  return {
    environment: {
      ...environment,
      ...(region === undefined ? {} : { AWS_REGION: region }),
      ...(held === undefined ? {} : { AWS_PROFILE: held }),
    },
    maskKey: maskKey === undefined ? undefined : new TextEncoder().encode(maskKey),
    webhookUrl: variable(environment, "DYNALAKE_WEBHOOK_URL"),
    tables: file?.settings.tables ?? {},
    // breakage: commands-by-named-config-alone
    onFinding:
      words === undefined || named === undefined ? undefined : { words, cwd: dirname(resolve(cwd, named)) },
  };
}
