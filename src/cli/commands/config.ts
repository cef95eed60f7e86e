/** `dynalake config`: which settings hold, and which place says so. */
import { counted } from "../../core/counted.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { settingsLayers } from "../context/settings.ts";
import { KNOWN_SETTINGS, type KnownSetting } from "../options/known-settings.ts";
import {
  awsSetting,
  type HeldValue,
  heldSetting,
  lakeChoice,
  type SettingsLayers,
  unknownVariables,
  variable,
} from "../options/settings-layers.ts";

export interface ConfigOptions {
  readonly config?: string;
  readonly json?: boolean;
}

interface ShownSetting {
  readonly setting: string;
  /** Undefined for one that nothing sets. */
  readonly value: unknown;
  readonly from: string;
}

const SECRETS = { maskKey: "DYNALAKE_MASK_KEY", webhook: "DYNALAKE_WEBHOOK_URL" } as const;

/** What the option of a setting is where nothing sets it; undefined for nothing. */
type DefaultOf = (known: KnownSetting) => unknown;

export async function configCommand(
  context: CommandContext,
  options: ConfigOptions,
  defaultOf: DefaultOf,
): Promise<ExitCode> {
  const { terminal, cwd } = context;
  const { environment } = context;
  const layers = settingsLayers({ environment, cwd }, options.config);
  const settings = [...lakeSetting(layers), ...otherSettings(layers, options, defaultOf)];
  const text =
    options.json === true
      ? `${JSON.stringify({ file: layers.file?.name ?? null, settings }, null, 2)}\n`
      : settings.map(line).join("");
  await terminal.print(text);
  const unknown = unknownVariables(environment);
  if (unknown.length > 0)
    terminal.note(`${counted(unknown.length, "variable")} that nothing reads: ${unknown.join(", ")}`);
  return EXIT.done;
}

/** One choice: the place that makes it hides the others. */
function lakeSetting(layers: SettingsLayers): readonly ShownSetting[] {
  const choice = lakeChoice(layers);
  if (choice === undefined) return [{ setting: "lake", value: "lake", from: "default" }];
  const { value, from } = choice;
  if (value.kind === "folder") return [{ setting: "lake", value: value.folder, from }];
  return [{ setting: "stack", value: value.stack, from }];
}

function otherSettings(
  layers: SettingsLayers,
  { config }: ConfigOptions,
  defaultOf: DefaultOf,
): readonly ShownSetting[] {
  const { environment, file } = layers;
  const shown = (setting: string, held: HeldValue<unknown> | undefined): ShownSetting => ({
    setting,
    value: held?.value ?? null,
    from: held?.from ?? "default",
  });
  const tables = Object.entries(file?.settings.tables ?? {});
  const words = file?.settings.onFinding;
  return [
    ...(["region", "profile"] as const).map((name) => shown(name, awsSetting(layers, name))),
    // breakage: config-shows-defaults
    ...KNOWN_SETTINGS.map((known) =>
      shown(known.member, heldSetting(layers, known) ?? { value: defaultOf(known), from: "default" }),
    ),
    ...tables.map(([name, value]) => shown(`tables.${name}`, { value, from: file?.name ?? "" })),
    ...(words === undefined
      ? []
      : [
          shown("onFinding", {
            value: words,
            from: config === undefined ? "not used: only with --config" : config,
          }),
        ]),
    // breakage: config-hides-secrets
    ...Object.entries(SECRETS).map(([setting, name]) =>
      shown(setting, variable(environment, name) === undefined ? undefined : { value: "(set)", from: name }),
    ),
  ];
}

function line({ setting, value, from }: ShownSetting): string {
  const text = value === null ? "-" : typeof value === "string" ? value : JSON.stringify(value);
  return `${setting.padEnd(20)} ${text}  (${from})\n`;
}
