/** Everything the command line needs from the process that runs it, so that it can also run inside another one, such as a test. */
import type { Readable, Writable } from "node:stream";
import type { Timing } from "../../sdk/timing.ts";

export interface CliIo {
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** The AWS SDK also reads the process's own environment, for credentials and profiles. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gives the AWS SDK the region and the profile that hold: it reads them from the process. */
  readonly useAwsSettings: (environment: CliIo["environment"]) => void;
  /** What `query -` and `sql` read. Nothing else does. */
  readonly stdin: CliInput;
  /** Results. */
  readonly stdout: CliOutput;
  /** Notes, progress and errors. */
  readonly stderr: CliOutput;
  /** Aborted at an interrupt. A command that ends cleanly does so; any other is abandoned. */
  readonly interrupt: AbortSignal;
  /** The clock that progress and `verify` go by. */
  readonly timing: Timing;
}

/** A stream, and whether a person types there. */
export interface CliInput extends Readable {
  readonly isTTY?: boolean;
}

/** A stream, and what is known of the terminal it goes to. */
export interface CliOutput extends Writable {
  readonly isTTY?: boolean;
  /** The terminal's width in characters. */
  readonly columns?: number;
}
