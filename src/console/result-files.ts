/**
 * The whole result of a statement as a file, as `dynalake query --out` writes it: that command runs in a process of its own, so that
 * the bytes are the same, and it ends with the reader's interest.
 */
import { spawn } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { DynalakeError } from "../core/error.ts";
import { type TemporaryFolder, temporaryFolder } from "../files/temporary-folder.ts";
import type { AskedStatement } from "./statements.ts";

export const FILE_FORMATS = ["csv", "json", "parquet"] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export interface ResultFile {
  readonly bytes: number;
  /** To be read once. The file is gone after it, and where its reader leaves. */
  readonly content: ReadableStream<Uint8Array>;
}

/** What the command says of an error: "error CODE: message", then "  -> what to do next". */
const ERROR = /^error ([A-Z_]+): ([\s\S]*?)(?:\n {2}-> ([^\n]*))?\s*$/m;
const MESSAGE_CHARACTERS_MAX = 20_000;
const AT_ONCE_MAX = 2;

/** The options by which the command line finds the lake, and the answer of a statement that has run where it can be read again. */
export interface FilePlace {
  readonly words: readonly string[];
  /** The words that name it; undefined where the statement has to run again. */
  readonly ran?: (asked: AskedStatement) => readonly string[] | undefined;
}

export class ResultFiles {
  readonly #place: FilePlace;
  readonly #command: string;
  #running = 0;

  /** `command`: the script of the command line, by default the one beside this one. */
  constructor(place: FilePlace, command: string = builtCommand()) {
    this.#place = place;
    this.#command = command;
  }

  /** Rejects with SQL_FAILED and the other failures of a query, and with USAGE if too many files are written. */
  async write(asked: AskedStatement, format: FileFormat, signal: AbortSignal): Promise<ResultFile> {
    if (this.#running >= AT_ONCE_MAX)
      throw new DynalakeError("USAGE", `${this.#running} files are being written`, {
        next: "Wait for their end.",
      });
    this.#running++;
    const scratch = temporaryFolder(tmpdir(), "dynalake-ui-");
    try {
      const path = join(scratch.path, `result.${format}`);
      await this.#run(asked, { path, format }, signal);
      return { bytes: (await stat(path)).size, content: contentOf(path, scratch) };
    } catch (error) {
      await scratch.remove();
      throw error;
    } finally {
      this.#running--;
    }
  }

  #run(
    asked: AskedStatement,
    { path, format }: { readonly path: string; readonly format: FileFormat },
    signal: AbortSignal,
  ): Promise<void> {
    const { sql, asOfSeconds } = asked;
    const time =
      asOfSeconds === undefined
        ? []
        : ["--as-of", `${new Date(asOfSeconds * 1000).toISOString().slice(0, 19)}Z`];
    // breakage: files-of-answers-that-were-paid-for
    const statement = this.#place.ran?.(asked) ?? ["-", ...time];
    const words = ["query", ...statement, ...this.#place.words, "--format", format, "--out", path];
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [this.#command, ...words], {
        stdio: ["pipe", "ignore", "pipe"],
        signal,
      });
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        if (said.length < MESSAGE_CHARACTERS_MAX) said += text;
      });
      child.once("error", reject);
      child.once("close", (code) => (code === 0 ? resolve() : reject(failureOf(said))));
      // A process that ends early takes no statement.
      child.stdin.on("error", () => undefined).end(sql);
    });
  }
}

function failureOf(said: string): Error {
  const [, code, message = "", next] = ERROR.exec(said) ?? [];
  if (code === undefined)
    return new DynalakeError("ENGINE_FAILED", "the process of the statement ended before the statement did");
  return new DynalakeError(code as DynalakeError["code"], message, next === undefined ? {} : { next });
}

function contentOf(path: string, scratch: TemporaryFolder): ReadableStream<Uint8Array> {
  const stream = createReadStream(path);
  stream.once("close", () => void scratch.remove());
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}

function builtCommand(): string {
  const places = ["../cli/main.js", "./cli/main.js", "../../dist/cli/main.js"];
  const script = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (script !== undefined) return script;
  throw new DynalakeError("INTERNAL", "the command line is missing from this installation", {
    next: "In a clone run `npm run build`; otherwise install dynalake again.",
  });
}
