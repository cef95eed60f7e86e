/** The command line as a user has it: a process of its own, what it prints, and what it leaves in a lake. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile, readlink } from "node:fs/promises";
import { devNull } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "@jest/globals";
import type { ErrorCode } from "../../src/core/error.ts";

const BIN = fileURLToPath(new URL("../../bin/dynalake.js", import.meta.url));

/** No command of these tests takes so long by default; one that hangs is ended, and its test fails. */
const SECONDS_MAX = 40;

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly secondsMax?: number;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Resolves once standard error holds the text; rejects where the process ends without. */
  told(text: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Closes the pipe of standard output once something has come out of it, as `head -1` does. */
  stopReading(): void;
}

/** Starts a command and does not wait for it. No setting of this machine's reaches it. */
export function startDynalake(args: readonly string[], options: CliOptions = {}): Running {
  const beganMs = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: {
      PATH: process.env.PATH,
      ...(process.env.TMPDIR === undefined ? {} : { TMPDIR: process.env.TMPDIR }),
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: "true",
      ...options.env,
    },
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), (options.secondsMax ?? SECONDS_MAX) * 1000);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ...said, seconds: (performance.now() - beganMs) / 1000 });
    });
  });
  return {
    pid: child.pid as number,
    ended,
    told: (text) => told(child, () => said.stderr, text),
    signal: (name) => void child.kill(name),
    stopReading: () => child.stdout.once("data", () => child.stdout.destroy()),
  };
}

function told(child: ChildProcess, stderr: () => string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (stderr().includes(text)) resolve();
    };
    child.stderr?.on("data", look);
    child.once("close", () => reject(new Error(`It ended without telling "${text}": ${stderr()}`)));
    look();
  });
}

/** Runs a command to its end, whatever that is. */
export function dynalake(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  return startDynalake(args, options).ended;
}

/** Runs commands that do not depend on each other, a few at a time; their ends are in the order of the commands. */
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

/** Runs a command that has to do all that it was asked for, and gives what it printed. */
export async function done(args: readonly string[], options: CliOptions = {}): Promise<string> {
  const ended = await dynalake(args, options);
  expect({ args, ...ended }).toMatchObject({ args, code: 0 });
  return ended.stdout;
}

/** The rows of a query as it prints them in JSON, each a line of text, so that no number loses a digit. */
export async function rowsOf(
  lake: string,
  sql: string,
  ...more: readonly string[]
): Promise<readonly string[]> {
  const text = await done(["query", sql, "--lake", lake, "--format", "json", ...more]);
  const lines = text.trim().split("\n").slice(1, -1);
  return lines.map((line) => line.replace(/,$/, ""));
}

/** Asks until the answer is the wanted one; fails with the last answer. */
export async function until<T>(ask: () => Promise<T>, wanted: T, secondsMax = 20): Promise<void> {
  const untilMs = performance.now() + secondsMax * 1000;
  for (;;) {
    const answer = await ask();
    if (JSON.stringify(answer) === JSON.stringify(wanted)) return;
    if (performance.now() > untilMs) expect(answer).toEqual(wanted);
  }
}

export interface Refusal {
  readonly code: ErrorCode;
  /** What the message has to name. */
  readonly names: readonly (string | RegExp)[];
  /** What the advice has to name, where it is not enough that there is one. */
  readonly next?: string | RegExp;
}

/** A refusal is one message with its code, the cause and a next step, nothing on standard output, and an exit code. */
export function expectRefused(ended: Ended, { code, names, next = /\S/ }: Refusal): void {
  const [, toldCode, message, advice] =
    /^error ([A-Z_]+): ([\s\S]*?)\n {2}-> (.*)$/m.exec(ended.stderr) ?? [];
  expect({ ...ended, stdout: ended.stdout.slice(0, 500), toldCode }).toMatchObject({
    toldCode: code,
    code: code === "USAGE" ? 2 : 1,
    stdout: "",
  });
  for (const name of names) expect(message).toMatch(name);
  expect(advice).toMatch(next);
  // A message is for people: it never shows where in the code it came from.
  expect(ended.stderr).not.toMatch(/\n {4}at |node:internal/);
}

/** Every file, folder and link below a folder with what is in it. The lock of `run` is no content. */
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

/** What `items` prints for a lake table, one text an item, comparable with `itemTexts`. */
export async function lakeItems(lake: string, ...more: readonly string[]): Promise<readonly string[]> {
  const text = await done(["items", "--lake", lake, ...more]);
  const lines = text === "" ? [] : text.trimEnd().split("\n");
  return itemTexts(lines.map((line) => (JSON.parse(line) as { readonly Item: ItemJson }).Item));
}

export type ItemJson = Readonly<Record<string, unknown>>;

/** Items in one form: attributes in order, numbers by value, sets without order and repeats, binary values as base64. */
export function itemTexts(items: Iterable<ItemJson>): readonly string[] {
  return [...items].map((item) => JSON.stringify(members(item, canonical))).sort();
}

function members(object: ItemJson, change: (value: unknown) => unknown): Record<string, unknown> {
  const names = Object.keys(object).sort();
  return Object.fromEntries(names.map((name) => [name, change(object[name])]));
}

/** One attribute value: `{"N": "1.50"}` and the like. */
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

/** A number's digits and the power of ten behind them: equal for equal values only. */
function numberText(text: string): string {
  const [, sign, whole = "", fraction = "", power = "0"] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (sign === undefined) return `no number: ${text}`;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  if (digits === "") return "0";
  const zeros = /0*$/.exec(digits)?.[0].length ?? 0;
  return `${sign.replace("+", "")}${digits.slice(0, digits.length - zeros)}e${Number(power) - fraction.length + zeros}`;
}
