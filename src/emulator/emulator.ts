/** Starts a DynamoDB emulator on this machine. */
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { counted } from "../core/counted.ts";
import { DynalakeError } from "../core/error.ts";
import { makeFolder } from "../files/folder-store.ts";
import { connectSource } from "../source/source-connection.ts";
import { type EmulatorProcess, startProcess } from "./emulator-process.ts";
import { type EmulatorKind, type EmulatorProgram, findEmulators } from "./emulator-search.ts";

export type { EmulatorKind } from "./emulator-search.ts";

export interface EmulatorRequest {
  /** The folder for the tables, created if needed. Default: in memory. */
  readonly dataFolder?: string;
  /** The PATH in which to look for programs. Default: nowhere. */
  readonly searchPath?: string;
  /** DynamoDBLocal.jar; its DynamoDBLocal_lib folder must be next to it. */
  readonly dynamoDbLocalJar?: string;
  /** The kinds to try, in this order. Default: all. */
  readonly kinds?: readonly EmulatorKind[];
}

export interface Emulator {
  readonly endpoint: string;
  readonly kind: EmulatorKind;
  /** Stops the emulator, and resolves once it has ended. Idempotent. */
  stop(): Promise<void>;
}

/** Another program may take a free port before the emulator does. */
const PORTS_TRIED_MAX = 3;
const POLL_MS = 50;

/**
 * Starts the first DynamoDB emulator found on this machine, on a free port of the loopback address, and waits until it
 * answers. It ends with this process, even if that is killed. Fails with EMULATOR_MISSING, which gives a reason for each
 * kind.
 */
export async function startEmulator(request: EmulatorRequest = {}): Promise<Emulator> {
  if (request.dataFolder !== undefined) await makeFolder(request.dataFolder);
  const reasons: string[] = [];
  for await (const found of findEmulators(request)) {
    if (typeof found === "string") {
      reasons.push(found);
      continue;
    }
    const emulator = await start(found, request);
    if (typeof emulator !== "string") return emulator;
    reasons.push(`${found.kind} did not start (${emulator})`);
  }
  throw new DynalakeError("EMULATOR_MISSING", `no DynamoDB emulator found: ${reasons.join("; ")}`);
}

/** The running emulator, or why it did not start. */
async function start(program: EmulatorProgram, request: EmulatorRequest): Promise<Emulator | string> {
  let reason = "";
  for (let tried = 0; tried < PORTS_TRIED_MAX; tried++) {
    const port = await freePort();
    const { file, args } = program.command({
      port,
      dataFolder: request.dataFolder,
      name: `dynalake-${randomBytes(6).toString("hex")}`,
    });
    const running = startProcess(file, args);
    const endpoint = `http://127.0.0.1:${port}`;
    const answer = await waitUntilItAnswers(endpoint, running, program.startSecondsMax);
    const isOurs = answer === "empty" || (answer === "tables" && request.dataFolder !== undefined);
    if (isOurs) return { endpoint, kind: program.kind, stop: () => running.stop() };
    await running.stop();
    if (answer === "silent") return `no answer within ${counted(program.startSecondsMax, "second")}`;
    // It ended, or it has tables, so that another emulator must have taken the port. Another port may be free.
    reason = running.lastWords() || "it exited immediately";
  }
  return reason;
}

/** Lists the tables until there is an answer, the process has ended, or the time is over. */
async function waitUntilItAnswers(
  endpoint: string,
  running: EmulatorProcess,
  secondsMax: number,
): Promise<"empty" | "tables" | "ended" | "silent"> {
  const { client, close } = connectSource({ endpoint });
  const untilMs = Date.now() + secondsMax * 1_000;
  try {
    while (Date.now() < untilMs) {
      const tables = await client
        .send(new ListTablesCommand({ Limit: 1 }), { abortSignal: AbortSignal.timeout(1_000) })
        .catch(() => undefined);
      if (running.hasEnded()) return "ended";
      if (tables !== undefined) return (tables.TableNames ?? []).length === 0 ? "empty" : "tables";
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return "silent";
  } finally {
    close();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
