/** Gives a command what the environment and `dynalake.json` say, where its command line is silent. */
import { type Command, InvalidArgumentError } from "commander";
import { DynalakeError } from "../../core/error.ts";
import { KNOWN_SETTINGS, type KnownSetting } from "../options/known-settings.ts";
import {
  type HeldValue,
  heldSetting,
  type LakeChoice,
  lakeChoice,
  type SettingsLayers,
} from "../options/settings-layers.ts";

/** These do not work on a lake that settings name: the demo recreates its own each time. */
const WITHOUT_LAKE: ReadonlySet<string> = new Set(["demo", "config"]);

/** Returns what was taken from the file, for people: `lake "data/lake"`. Throws USAGE. */
export function applySettings(command: Command, layers: SettingsLayers): readonly string[] {
  if (WITHOUT_LAKE.has(command.name())) return [];
  const taken = [...appliedLake(command, layers)];
  for (const known of KNOWN_SETTINGS) {
    const held = isOpen(command, known) ? heldSetting(layers, known) : undefined;
    if (held === undefined) continue;
    command.setOptionValueWithSource(known.option, valueFor(command, known, held), "env");
    if (held.from === layers.file?.name) taken.push(`${known.member} ${String(held.value)}`);
  }
  return taken;
}

/** Whether the command has the option, and its command line does not give it. An endpoint means nothing on a stack, a work group nothing else. */
function isOpen(command: Command, { option, command: only }: KnownSetting): boolean {
  if (only !== undefined && only !== command.name()) return false;
  const isOnStack = command.opts().stack !== undefined;
  if (isOnStack ? option === "endpoint" : option === "workGroup") return false;
  return optionOf(command, option) !== undefined && !isGiven(command, option);
}

function optionOf(command: Command, name: string): Command["options"][number] | undefined {
  return command.options.find((option) => option.attributeName() === name);
}

function isGiven(command: Command, option: string): boolean {
  return command.getOptionValueSource(option) === "cli";
}

function appliedLake(command: Command, layers: SettingsLayers): readonly string[] {
  const hasLake = optionOf(command, "lake") !== undefined;
  if (!hasLake && optionOf(command, "stack") === undefined) return [];
  if (isGiven(command, "lake") || isGiven(command, "stack")) return [];
  const choice = lakeChoice(layers);
  if (choice === undefined) return [];
  const { value, from } = choice;
  if (value.kind === "folder" && !hasLake) return [];
  if (value.kind === "folder") command.setOptionValueWithSource("lake", value.folder, "env");
  else setStack(command, { value, from });
  if (from !== layers.file?.name) return [];
  return [value.kind === "folder" ? `lake "${value.folder}"` : `stack "${value.stack}"`];
}

function setStack(
  command: Command,
  { value, from }: HeldValue<Extract<LakeChoice, { readonly kind: "stack" }>>,
): void {
  const option = optionOf(command, "stack");
  if (option === undefined)
    throw new DynalakeError(
      "USAGE",
      `${command.name()} works on a lake in a folder, and ${from} names a stack`,
      {
        next: "Give --lake DIR.",
      },
    );
  // breakage: stack-of-settings-conflicts
  const other = (option as unknown as { readonly conflictsWith: readonly string[] }).conflictsWith.find(
    (name) => isGiven(command, name),
  );
  if (other !== undefined)
    throw new DynalakeError(
      "USAGE",
      `${optionOf(command, other)?.long} means nothing on a stack, and ${from} names one`,
      {
        next: "Give --lake DIR, or leave the option out.",
      },
    );
  command.setOptionValueWithSource("stack", value.stack, "env");
}

/** A variable is text, which the option reads as it reads its argument. */
function valueFor(command: Command, { option }: KnownSetting, { value, from }: HeldValue<unknown>): unknown {
  const parse = optionOf(command, option)?.parseArg;
  if (typeof value !== "string" || parse === undefined) return value;
  try {
    return parse(value, undefined as never);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new DynalakeError("USAGE", `${from}: ${error.message}`, {
      next: "Correct the setting, or give the option.",
    });
  }
}
