/** Runs the command line as a user does: its output, its exit code, and what it leaves in a lake. */
import { createHash } from "node:crypto";
import { readdir, readFile, readlink } from "node:fs/promises";
import { devNull } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { expect } from "@jest/globals";
// jest cannot load a module for two dynamic imports at the same time, so everything that commands on folders import is loaded here.
import "../../src/cli/commands/compact.ts";
import "../../src/cli/commands/completion.ts";
import "../../src/cli/commands/config.ts";
import "../../src/cli/commands/demo.ts";
import "../../src/cli/commands/infer.ts";
import "../../src/cli/commands/items.ts";
import "../../src/cli/commands/quarantine.ts";
import "../../src/cli/commands/query.ts";
import "../../src/cli/commands/replay.ts";
import "../../src/cli/commands/run.ts";
import "../../src/cli/commands/schema.ts";
import "../../src/cli/commands/snapshot.ts";
import "../../src/cli/commands/sql.ts";
import "../../src/cli/commands/status.ts";
import "../../src/cli/commands/ui.ts";
import "../../src/cli/commands/vacuum.ts";
import "../../src/cli/commands/verify.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import "./loaded-library.ts";
import type { ErrorCode } from "../../src/core/error.ts";
import { systemTiming, type Timing } from "../../src/sdk/timing.ts";

/** Longer than any command of the tests takes. One that hangs is abandoned, and its test fails. */
export const SECONDS_MAX = 40;

export interface CliOptions {
  /** What the command reads from standard input. */
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly secondsMax?: number;
  /** The clock of a command in this process. */
  readonly timing?: Timing;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves once standard error contains the text; rejects if the command ends without it. */
  told(text: string): Promise<void>;
}

/** A command that runs inside this process. */
export interface RunningHere extends Running {
  /** What it has written to standard error. */
  stderr(): string;
  interrupt(): void;
}

/** Keeps the settings of this machine away from the AWS SDK. */
export const NO_AWS_SETTINGS: Readonly<Record<string, string>> = {
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: "true",
};

// The SDK reads the environment of the process, which is a copy for each test file.
for (const name of Object.keys(process.env)) if (isAwsSetting(name)) delete process.env[name];
Object.assign(process.env, NO_AWS_SETTINGS);

function isAwsSetting(name: string): boolean {
  return name.startsWith("AWS_") && !name.startsWith("AWS_SDK_JS_");
}

/** Gives the AWS SDK these settings while `work` runs. */
export async function withAwsSettings<T>(
  settings: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, settings);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(settings)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

/** The environment of a command: of this machine's, only the search path and the folder for temporary files. */
export function cliEnvironment(env: CliOptions["env"]): Record<string, string> {
  const { PATH = "", TMPDIR } = process.env;
  return { PATH, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...NO_AWS_SETTINGS, ...env };
}

/** Starts a command in this process, without waiting for it. test/support/cli-process.ts starts it in another process. */
export function startDynalake(args: readonly string[], options: CliOptions = {}): RunningHere {
  const beganMs = performance.now();
  const interruption = new AbortController();
  const stdout = new Captured();
  const stderr = new Captured();
  const ended = withinSeconds(
    options.secondsMax ?? SECONDS_MAX,
    args,
    runCli(args, {
      cwd: options.cwd ?? process.cwd(),
      environment: cliEnvironment(options.env),
      useAwsSettings: () => undefined,
      stdin: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
      stdout,
      stderr,
      interrupt: interruption.signal,
      timing: options.timing ?? systemTiming,
    }),
  ).then((code) => {
    const seconds = (performance.now() - beganMs) / 1000;
    return { code, signal: null, stdout: stdout.text, stderr: stderr.text, seconds };
  });
  return {
    ended,
    told: (text) => told(stderr, ended, text),
    stderr: () => stderr.text,
    interrupt: () => interruption.abort(),
  };
}

class Captured extends Writable {
  text = "";

  constructor() {
    super({ decodeStrings: false });
  }

  override _write(chunk: unknown, _encoding: BufferEncoding, written: () => void): void {
    this.text += String(chunk);
    this.emit("text");
    written();
  }
}

async function withinSeconds<T>(seconds: number, args: readonly string[], work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`"dynalake ${args.join(" ")}" did not end within ${seconds} s`);
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function told(stderr: Captured, ended: Promise<Ended>, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (stderr.text.includes(text)) resolve();
    };
    stderr.on("text", look);
    look();
    ended.then(() => reject(new Error(`It ended without telling "${text}": ${stderr.text}`)), reject);
  });
}

/** Runs a command to its end, whether it succeeds or fails. */
export function dynalake(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  return startDynalake(args, options).ended;
}

/** Runs independent commands, a few at a time. Returns their ends in the order of the commands. */
export async function dynalakes(
  commands: readonly (readonly string[])[],
  options: CliOptions = {},
): Promise<readonly Ended[]> {
  const ends: Ended[] = [];
  const waiting = [...commands.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [i, args] = next;
      ends[i] = await dynalake(args, options);
    }
  };
  await Promise.all([work(), work(), work()]);
  return ends;
}

/** Runs a command that must succeed, and returns its output. */
export async function done(args: readonly string[], options: CliOptions = {}): Promise<string> {
  const ended = await dynalake(args, options);
  expect({ args, ...ended }).toMatchObject({ args, code: 0 });
  return ended.stdout;
}

/** The rows of a query in JSON, each as a line of text, so that no number loses a digit. */
export async function rowsOf(
  lake: string,
  sql: string,
  ...more: readonly string[]
): Promise<readonly string[]> {
  const text = await done(["query", sql, "--lake", lake, "--format", "json", ...more]);
  const lines = text.trim().split("\n").slice(1, -1);
  return lines.map((line) => line.replace(/,$/, ""));
}

/** Repeats until the answer is as wanted; fails with the last answer. */
export async function until<T>(ask: () => Promise<T>, wanted: T, secondsMax = 20): Promise<void> {
  const untilMs = performance.now() + secondsMax * 1000;
  for (;;) {
    const answer = await ask();
    if (JSON.stringify(answer) === JSON.stringify(wanted)) return;
    if (performance.now() > untilMs) expect(answer).toEqual(wanted);
  }
}

/** Waits for the next second of the clock, and returns the one that has ended. */
export async function nextSecond(): Promise<number> {
  const nowSeconds = (): number => Math.floor(Date.now() / 1000);
  const since = nowSeconds();
  while (nowSeconds() === since) await new Promise((resolve) => setTimeout(resolve, 20));
  return since;
}

export interface Refusal {
  readonly code: ErrorCode;
  /** What the message must contain. */
  readonly names: readonly (string | RegExp)[];
  /** What the advice must contain. Default: anything. */
  readonly next?: string | RegExp;
}

/** A refusal is one message with a code, the cause and a next step, no output on standard output, and an exit code. */
export function expectRefused(ended: Ended, { code, names, next = /\S/ }: Refusal): void {
  const { code: toldCode, message, next: advice } = toldError(ended.stderr);
  expect({ ...ended, stdout: ended.stdout.slice(0, 500), toldCode }).toMatchObject({
    toldCode: code,
    code: code === "USAGE" ? 2 : 1,
    stdout: "",
  });
  for (const name of names) expect(message).toMatch(name);
  expect(advice).toMatch(next);
  // Messages are for people: they never show a stack trace.
  expect(ended.stderr).not.toMatch(/\n {4}at |node:internal/);
}

interface ToldError {
  readonly code?: string;
  readonly message?: string;
  readonly next?: string;
}

/** The error in what a command printed: a sentence for people or, where results are JSON, a line of JSON. */
function toldError(stderr: string): ToldError {
  const [json] = /^\{"error":.*\}$/m.exec(stderr) ?? [];
  if (json !== undefined) return (JSON.parse(json) as { readonly error: ToldError }).error;
  const [, code, message, next] = /^error ([A-Z_]+): ([\s\S]*?)\n {2}-> (.*)$/m.exec(stderr) ?? [];
  return { ...(code !== undefined && { code, message: message ?? "", next: next ?? "" }) };
}

/** Every file, folder and link below a folder with its content. The lock of `run` does not count. */
export async function fingerprint(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const path = join(entry.parentPath, entry.name);
    if (entry.name === ".run.lock") continue;
    if (entry.isSymbolicLink()) found[path] = `-> ${await readlink(path)}`;
    else if (entry.isFile())
      found[path] = createHash("sha256")
        .update(await readFile(path))
        .digest("hex");
    else found[path] = "a folder";
  }
  return found;
}

/** What `items` prints for a lake table: one text for each item, comparable with `itemTexts`. */
export async function lakeItems(lake: string, ...more: readonly string[]): Promise<readonly string[]> {
  const text = await done(["items", "--lake", lake, ...more]);
  const lines = text === "" ? [] : text.trimEnd().split("\n");
  return itemTexts(lines.map((line) => (JSON.parse(line) as { readonly Item: ItemJson }).Item));
}

export type ItemJson = Readonly<Record<string, unknown>>;

/** Items in canonical form: attributes sorted, numbers by value, sets without order and repeats, binary values as base64. */
export function itemTexts(items: Iterable<ItemJson>): readonly string[] {
  return [...items].map((item) => JSON.stringify(members(item, canonical))).sort();
}

function members(object: ItemJson, change: (value: unknown) => unknown): Record<string, unknown> {
  const names = Object.keys(object).sort();
  return Object.fromEntries(names.map((name) => [name, change(object[name])]));
}

/** One attribute value, such as `{"N": "1.50"}`. */
function canonical(value: unknown): unknown {
  const [type = "", inner] = Object.entries(value as ItemJson)[0] ?? [];
  if (type === "M") return { M: members(inner as ItemJson, canonical) };
  if (type === "L") return { L: (inner as readonly unknown[]).map(canonical) };
  if (Array.isArray(inner)) return { [type]: [...new Set(inner.map((each) => scalar(type, each)))].sort() };
  return { [type]: scalar(type, inner) };
}

function scalar(type: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return type.startsWith("N") && typeof value === "string" ? numberText(value) : value;
}

/** A number as digits and a power of ten: equal only for equal values. */
function numberText(text: string): string {
  const [, sign, whole = "", fraction = "", power = "0"] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (sign === undefined) return `no number: ${text}`;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  if (digits === "") return "0";
  const zeros = /0*$/.exec(digits)?.[0].length ?? 0;
  return `${sign.replace("+", "")}${digits.slice(0, digits.length - zeros)}e${Number(power) - fraction.length + zeros}`;
}
