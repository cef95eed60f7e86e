/** The command line inside another process: everything comes from its `io`, and nothing of the process is used or changed. */
import { EventEmitter } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { EXIT } from "../../src/cli/context/command.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import { systemTiming, type Timing } from "../../src/sdk/timing.ts";
import { done, dynalake, expectRefused, fingerprint, startDynalake, until } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  await writeExport(join(folder, "export"), [{ Id: { S: "a" }, Text: { S: "x" } }]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("every path is relative to the given folder, and messages show it as it was given", async () => {
  await withFolder(async (cwd) => {
    const options = { cwd };
    await writeExport(join(cwd, "export"), [{ Id: { S: "a" }, Text: { S: "x" } }]);
    const record = {
      eventName: "INSERT",
      dynamodb: { Keys: { Id: { S: "b" } }, NewImage: { Id: { S: "b" } }, SequenceNumber: "1" },
    };
    await writeFile(join(cwd, "event.json"), JSON.stringify({ Records: [record] }));

    const of = ["--from-export", "export", "--key", "Id", "--name", "t"];
    const inferred = await dynalake(["infer", ...of, "--out", "t.json"], options);
    expect(inferred).toMatchObject({ code: 0, stderr: expect.stringContaining("written to t.json\n") });
    const taken = await dynalake(["snapshot", ...of, "--lake", "lake"], options);
    expect(taken).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("wrote it to lake/t/schema.json"),
    });
    await done(["snapshot", ...of, "--schema", "t.json", "--lake", "lake"], options);
    await done(["replay", "event.json", "--lake", "lake", "--schema", "t.json"], options);
    await done(["compact", "--lake", "lake", "--all"], options);
    const rows = await done(
      ["query", "SELECT id FROM t ORDER BY id", "--lake", "lake", "--format", "csv"],
      options,
    );
    expect(rows).toBe("id\na\nb\n");
    await done(["items", "--lake", "lake"], options);
    await done(["vacuum", "--lake", "lake"], options);
    const { lake } = JSON.parse(await done(["status", "--json", "--lake", "lake"], options));
    expect(lake).toBe(join(cwd, "lake"));
    const verified = await dynalake(["verify", "--from-export", "export", "--lake", "lake"], options);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining("IDENTICAL") });

    const missing = ["snapshot", ...of, "--lake", "lake", "--schema", "none.json"];
    expectRefused(await dynalake(missing, options), { code: "INPUT_INVALID", names: [/^none\.json/] });
    expectRefused(await dynalake(["replay", "none.json", "--lake", "lake"], options), {
      code: "INPUT_INVALID",
      names: [/^none\.json/],
    });
    expectRefused(await dynalake(["demo", "--lake", "export"], options), {
      code: "USAGE",
      names: [/^export/],
    });
    expectRefused(await dynalake(["status", "--lake", "none"], options), {
      code: "LAKE_NOT_FOUND",
      names: [/none$/],
    });
  });
});

deepTest("command lines that run side by side share nothing", async () => {
  await withFolder(async (cwd) => {
    const places = ["one", "two", "three"].map((name) => join(cwd, name));
    for (const place of places) await mkdir(place);
    const taken = ["snapshot", "--from-export", join(folder, "export"), "--key", "Id"];
    const ends = await Promise.all(
      places.map((place, i) => dynalake([...taken, "--name", `t${i}`], { cwd: place })),
    );
    expect(ends.map(({ code, stdout }) => [code, stdout])).toEqual(
      places.map((_, i) => [0, `Snapshot of Source: 1 item in "t${i}"\n`]),
    );
    for (const [i, place] of places.entries())
      expect(
        await done(["query", `SELECT count(*) AS n FROM t${i}`, "--format", "csv"], { cwd: place }),
      ).toBe("n\n1\n");
  });
});

test("an interrupt abandons a command that does not end cleanly, and asks any other to end", async () => {
  const source = await silentSource();
  try {
    const at = ["--source", "T", "--endpoint", source.endpoint];
    for (const [command, outcome] of [
      [["infer", ...at], { code: EXIT.interrupted, stderr: "" }],
      [
        ["snapshot", ...at, "--lake", join(folder, "none")],
        { code: EXIT.interrupted, stderr: expect.stringContaining("error INCOMPLETE") },
      ],
    ] as const) {
      const asked = source.asked();
      const running = startDynalake(command);
      await asked;
      running.interrupt();
      expect(await running.ended).toMatchObject({ ...outcome, stdout: "" });
    }
  } finally {
    source.close();
  }
});

test("a command that does not end in its time at an interrupt is abandoned", async () => {
  const source = await silentSource();
  try {
    const interruption = new AbortController();
    const asked = source.asked();
    const of = ["--source", "T", "--endpoint", source.endpoint, "--lake", join(folder, "abandoned")];
    const running = run(["snapshot", ...of], {
      interrupt: interruption.signal,
      timing: { ...systemTiming, sleep: async () => undefined },
    });
    await asked;
    interruption.abort();
    expect(await running).toEqual({ code: EXIT.interrupted, stdout: "", stderr: "" });
  } finally {
    source.close();
    await until(async () => (await readdir(folder)).includes("abandoned"), false);
  }
});

test("a command that was interrupted before it began does nothing", async () => {
  const before = await fingerprint(folder);
  const of = ["--from-export", join(folder, "export"), "--key", "Id", "--lake", join(folder, "none")];
  const running = await run(["snapshot", ...of], { interrupt: AbortSignal.abort() });
  expect(running).toEqual({ code: EXIT.interrupted, stdout: "", stderr: "" });
  expect(await fingerprint(folder)).toEqual(before);
});

test.each([
  [["status", "--json", "--lake", "none"], 1, "LAKE_NOT_FOUND"],
  [["query", "SELECT 1", "--format", "json", "--lake", "none"], 1, "LAKE_NOT_FOUND"],
  [["status", "--json", "--nonsense"], 2, "USAGE"],
  [["snapshot", "--json"], 2, "USAGE"],
])("an error of %j is JSON, too, in one line of standard error", async (args, code, errorCode) => {
  const ended = await run(args);
  expect(ended).toMatchObject({ code, stdout: "" });
  expect(JSON.parse(ended.stderr)).toEqual({
    error: { code: errorCode, message: expect.stringMatching(/./), next: expect.stringMatching(/./) },
  });
  expect(ended.stderr.trimEnd()).not.toContain("\n");
});

test("progress stays on one line of a terminal, and help is as wide as it", async () => {
  await withFolder(async (lake) => {
    const of = ["--from-export", join(folder, "export"), "--key", "Id", "--lake", lake];
    const piped = await run(["snapshot", ...of]);
    expect(piped).toMatchObject({ code: 0, stderr: expect.not.stringContaining("\u001b") });
    const shown = await run(["snapshot", ...of], { terminal: { isTTY: true, columns: 70 } });
    expect(shown.stderr).toContain("\r\u001b[2Kreading source: 1 of 1 item");
    const widths = await Promise.all(
      [{}, { isTTY: true, columns: 70 }, { isTTY: true, columns: 120 }].map(async (terminal) => {
        const { stdout } = await run(["snapshot", "--help"], { terminal });
        return Math.max(...stdout.split("\n").map((line) => line.length));
      }),
    );
    const [standard = 0, narrow = 0, wide = 0] = widths;
    expect(narrow).toBeLessThanOrEqual(70);
    expect(standard).toBeGreaterThan(70);
    expect(standard).toBeLessThanOrEqual(80);
    expect(wide).toBeGreaterThan(80);
  });
});

test("nothing of the process is changed, and every engine is closed", async () => {
  const state = () => ({
    cwd: process.cwd(),
    exitCode: process.exitCode,
    env: { ...process.env },
    listeners: Object.fromEntries(process.eventNames().map((name) => [name, process.listenerCount(name)])),
    stdout: process.stdout.eventNames().map((name) => [name, process.stdout.listenerCount(name)]),
  });
  // Engines that are open have a listener for the end of the process.
  const before = state();
  await withFolder(async (lake) => {
    const of = ["--from-export", join(folder, "export")];
    for (const [code, args] of [
      [1, ["status"]],
      [0, ["snapshot", ...of, "--key", "Id", "--name", "t"]],
      [0, ["query", "SELECT * FROM t"]],
      [1, ["query", "SELECT missing FROM t"]],
      [0, ["items"]],
      [1, ["items", "--as-of", "2001-01-01"]],
      [0, ["verify", ...of]],
      [0, ["compact", "--all"]],
      [0, ["vacuum"]],
      [2, ["nonsense"]],
      [0, ["query", "--help"]],
    ] as const) {
      const ended = await dynalake(args[0] === "nonsense" ? args : [...args, "--lake", lake]);
      expect({ args, ...ended }).toMatchObject({ args, code });
    }
  });
  expect(state()).toEqual(before);
});

interface RunOptions {
  readonly terminal?: { readonly isTTY?: boolean; readonly columns?: number };
  readonly interrupt?: AbortSignal;
  readonly timing?: Timing;
}

async function run(
  argv: readonly string[],
  { terminal = {}, interrupt = new AbortController().signal, timing = systemTiming }: RunOptions = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const said = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof said): Writable =>
    Object.assign(
      new Writable({
        decodeStrings: false,
        write: (chunk, _encoding, written) => {
          said[name] += String(chunk);
          written();
        },
      }),
      terminal,
    );
  const [stdout, stderr] = [stream("stdout"), stream("stderr")];
  const code = await runCli(argv, {
    cwd: folder,
    environment: {},
    useAwsSettings: () => undefined,
    stdin: Readable.from([]),
    stdout,
    stderr,
    interrupt,
    timing,
  });
  return { code, ...said };
}

const TABLE = {
  TableName: "T",
  TableStatus: "ACTIVE",
  KeySchema: [{ AttributeName: "Id", KeyType: "HASH" }],
  AttributeDefinitions: [{ AttributeName: "Id", AttributeType: "S" }],
  ItemCount: 1,
};

interface SilentSource {
  readonly endpoint: string;
  /** Resolves at the next request that is not answered. */
  asked(): Promise<void>;
  close(): void;
}

/** A source that describes its table and never answers anything else. */
async function silentSource(): Promise<SilentSource> {
  const asked = new EventEmitter();
  const server = createServer((request, response) => {
    const operation = String(request.headers["x-amz-target"]).split(".")[1];
    if (operation === "DescribeTable") response.end(JSON.stringify({ Table: TABLE }));
    else asked.emit("request");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => new Promise((resolve) => asked.once("request", resolve)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
