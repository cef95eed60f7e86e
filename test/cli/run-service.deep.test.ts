/** `run` as a service: its server for machines, its log of JSON lines, and findings for a webhook. */
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { dynalake, expectRefused, type RunningHere, startDynalake, until } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

function logLines(stderr: string): readonly LogLine[] {
  return stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as LogLine);
}

test("`run` answers metrics, liveness and readiness, and each line of its log is JSON", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const table = await SourceTable.create(emulator.connection, "Served");
    await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    const source = ["--source", table.name, "--endpoint", emulator.endpoint];
    const service = ["--metrics-port", "0", "--log-format", "json", "--verbose"];
    const running = startDynalake(["run", ...source, "--lake", lake, ...service]);
    await running.told('"event":"opened"');
    await table.put({ User: { S: "ann" }, Book: { S: "Eric" } });
    const url = await listeningUrl(running);
    const get = async (path: string) => {
      const answer = await fetch(new URL(path, url));
      return `${answer.status} ${await answer.text()}`;
    };
    expect(await get("/livez")).toBe("200 ok\n");
    await until(() => get("/readyz"), "200 ok\n");
    const metric = async (name: string) => {
      const text = await get("/metrics");
      return text.split("\n").find((line) => line.startsWith(`${name}{`));
    };
    await until(() => metric("dynalake_rows"), 'dynalake_rows{table="served"} 2');
    expect(await metric("dynalake_followed")).toBe('dynalake_followed{table="served"} 1');
    expect(await metric("dynalake_healthy")).toBe('dynalake_healthy{table="served"} 1');
    expect(await metric("dynalake_quarantine_files")).toBe(
      'dynalake_quarantine_files{table="served",reason=""} 0',
    );
    expect(await metric("dynalake_open_gaps")).toBe('dynalake_open_gaps{table="served"} 0');
    expect(await metric("dynalake_lag_seconds")).toMatch(/^dynalake_lag_seconds\{table="served"\} \d+$/);
    expect(await metric("dynalake_compactions_total")).toBe(
      'dynalake_compactions_total{table="served",kind="minor"} 0',
    );
    running.interrupt();
    const { code, stderr, stdout } = await running.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    const lines = logLines(stderr);
    expect(lines.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["listening", "snapshot-taken", "opened", "delivered", "stopped"]),
    );
    expect(lines.find(({ event }) => event === "delivered")).toMatchObject({
      level: "debug",
      table: "served",
      changes: expect.any(Number),
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      message: expect.stringMatching(/^served: \d+ changes? delivered$/),
    });
    await expect(fetch(url)).rejects.toThrow();
  });
}, 60_000);

/** The address that the log names. */
async function listeningUrl(running: RunningHere): Promise<string> {
  await running.told("Metrics at http://");
  return /Metrics at (http:[^"]+)/.exec(running.stderr())?.[1] as string;
}

test("a port that is taken, an address of another machine and a failure are said, in JSON where the log is", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const taken = String((server.address() as AddressInfo).port);
    expectRefused(await dynalake(["run", "--lake", lake, "--metrics-port", taken]), {
      code: "USAGE",
      names: [taken],
      next: "--metrics-port",
    });
    server.close();
    expectRefused(
      await dynalake(["run", "--lake", lake, "--metrics-port", "0", "--metrics-host", "192.0.2.1"]),
      {
        code: "USAGE",
        names: ["192.0.2.1"],
      },
    );
    const failed = await dynalake(["run", "--lake", lake, "--log-format", "json"]);
    expect(failed.code).toBe(1);
    const line = { level: "error", event: "failed", code: "LAKE_NOT_FOUND", next: expect.any(String) };
    expect(logLines(failed.stderr)).toMatchObject([line]);
    const env = { DYNALAKE_LOG_FORMAT: "json" };
    expect(logLines((await dynalake(["run", "--lake", lake], { env })).stderr)).toMatchObject([line]);
    const usage = await dynalake(["run", "--lake", lake, "--log-format=json", "--metrics-port", "70000"]);
    expect(usage.code).toBe(2);
    expect(logLines(usage.stderr)).toMatchObject([{ event: "failed", code: "USAGE" }]);
  });
});

test("a run that ends has sent its findings to the webhook, without values", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const table = await SourceTable.create(emulator.connection, "Found");
    const source = ["--source", table.name, "--endpoint", emulator.endpoint];
    await dynalake(["run", ...source, "--lake", lake, "--once"]);
    const event = join(folder, "event.json");
    const Keys = { User: { S: "hush" }, Book: { S: "hush" } };
    const dynamodb = { Keys, NewImage: Keys, SequenceNumber: "1" };
    await writeFile(event, JSON.stringify({ Records: [{ eventName: "TRUNCATE", dynamodb }] }));
    expect(await dynalake(["replay", event, "--lake", lake])).toMatchObject({ code: 3 });
    const got: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding("utf8").on("data", (text) => got.push(text));
      request.on("end", () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const env = { DYNALAKE_WEBHOOK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
    expect(await dynalake(["run", "--lake", lake, "--once"], { env })).toMatchObject({ code: 0 });
    expect(got.join("")).not.toContain("hush");
    expect(JSON.parse(got.splice(0).join(""))).toMatchObject({
      lake,
      findings: [{ table: "found", severity: "warn", title: "1 record in quarantine" }],
    });
    // A run that fails sends what it knows, too.
    const nothing = ["--endpoint", "http://127.0.0.1:1"];
    expect(await dynalake(["run", "--lake", lake, "--once", ...nothing], { env })).toMatchObject({ code: 1 });
    server.closeAllConnections();
    server.close();
    expect(JSON.parse(got.join("")).findings).toMatchObject([
      { id: "run", table: "found", detail: expect.stringMatching(/^UNREACHABLE: /) },
      { id: "quarantine", table: "found" },
    ]);
    // The webhook is gone: the run ends as it would without.
    const gone = await dynalake(["run", "--lake", lake, "--once"], { env });
    expect(gone).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("Findings were not sent to the webhook: not reached"),
    });
    const invalid = await dynalake(["run", "--lake", lake], { env: { DYNALAKE_WEBHOOK_URL: "hush" } });
    expectRefused(invalid, { code: "USAGE", names: ["webhook"], next: "DYNALAKE_WEBHOOK_URL" });
    expect(invalid.stderr).not.toContain("hush");
  });
}, 60_000);
