/** The statements that `query` is given: as an argument, from a file, or from standard input. */
import { readFile, stat } from "node:fs/promises";
import { DynalakeError } from "../../core/error.ts";
import { type SplitStatement, splitStatements } from "../../core/sql/split-statements.ts";
import { fileError } from "../../files/file-error.ts";
import type { CommandContext } from "./command.ts";

/** More text than any person writes. */
const BYTES_MAX = 16_000_000;

/** Throws USAGE unless the statements come from one place. An argument is one statement, whatever is in it. */
export async function givenStatements(
  context: Pick<CommandContext, "absolute" | "stdin">,
  argument: string | undefined,
  file: string | undefined,
): Promise<readonly SplitStatement[]> {
  if ((argument === undefined) === (file === undefined))
    throw new DynalakeError("USAGE", "one of the two is required: the argument 'sql', or --file", {
      next: 'Such as `dynalake query "SELECT 1"`, `dynalake query --file report.sql`, or `dynalake query -` for standard input.',
    });
  if (argument !== undefined && argument !== "-") return [{ sql: argument, line: 1 }];
  const text = file === undefined ? await textOf(context.stdin) : await textIn(context.absolute(file), file);
  const statements = splitStatements(text);
  if (statements.length > 0) return statements;
  throw new DynalakeError("USAGE", `${file ?? "standard input"} holds no statement`);
}

async function textOf(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stdin) {
    pieces.push(Buffer.from(piece as string));
    bytes += piece.length;
    if (bytes > BYTES_MAX) throw new DynalakeError("USAGE", "standard input is too large for statements");
  }
  return Buffer.concat(pieces).toString("utf8");
}

async function textIn(path: string, name: string): Promise<string> {
  try {
    const facts = await stat(path);
    if (!facts.isFile()) throw new DynalakeError("USAGE", `${name} is not a file`);
    if (facts.size > BYTES_MAX) throw new DynalakeError("USAGE", `${name} is too large for statements`);
    return await readFile(path, "utf8");
  } catch (error) {
    throw fileError(error, name);
  }
}
