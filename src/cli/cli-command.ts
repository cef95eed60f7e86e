/** A command that suggests another one only where the names are close: "version" is not a misspelt "verify". */
import { Command } from "commander";
import { closestName } from "./options/closest-name.ts";

export class CliCommand extends Command {
  override createCommand(name?: string): Command {
    return new CliCommand(name);
  }

  /** Commander calls it in place of its own, which takes any similar name. */
  unknownCommand(): void {
    const given = this.args[0] ?? "";
    const names = this.createHelp()
      .visibleCommands(this)
      .flatMap((command) => [command.name(), ...command.aliases()]);
    const closest = closestName(given, names);
    const hint =
      given === "version"
        ? "\n(dynalake --version shows it)"
        : closest === undefined
          ? ""
          : `\n(Did you mean ${closest}?)`;
    this.error(`error: unknown command '${given}'${hint}`, { code: "commander.unknownCommand" });
  }
}
