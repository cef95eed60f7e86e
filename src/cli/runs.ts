/** What commands do, and how commander calls it. */
import type { Command } from "commander";
import type { CommandContext, ExitCode } from "./context/command.ts";

/** A command's work, given what every command gets. */
export type Work = (context: CommandContext, ...args: never[]) => Promise<ExitCode>;
/** Makes a command's work what commander calls. */
export type Runs = (work: Work) => (...args: unknown[]) => Promise<void>;
/** Declares one command. */
export type Declare = (program: Command, runs: Runs) => void;
