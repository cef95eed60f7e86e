import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DynalakeError } from "../core/error.ts";
import { makeFolder } from "../files/folder-store.ts";
import { connectSource } from "../source/source-connection.ts";
import { type EmulatorProcess, startProcess } from "./emulator-process.ts";
import { type EmulatorKind, type EmulatorProgram, findEmulators } from "./emulator-search.ts";

export type { EmulatorKind } from "./emulator-search.ts";

export interface EmulatorRequest {
  /** Where the tables are kept; absent: in memory. Created if need be. */
  readonly dataFolder?: string;
  /** The PATH variable, in which programs are looked for; absent: nowhere. */
  readonly searchPath?: string;
  /** DynamoDBLocal.jar, next to its DynamoDBLocal_lib folder. */
  readonly dynamoDbLocalJar?: string;
  /** The kinds to try, in this order; absent: all that are known. */
  readonly kinds?: readonly EmulatorKind[];
}

export interface Emulator {
  readonly endpoint: string;
  readonly kind: EmulatorKind;
  /** Ends the emulator and resolves when it is gone. Idempotent. */
  stop(): Promise<void>;
}

/** A port that was free a moment ago may be taken by now. */
const portsTriedMax = 3;
const askEveryMs = 50;

/**
 * Starts the first DynamoDB emulator that this machine has on a free port of the loopback address, and waits until it
 * answers. It dies with this process, however that ends. Fails with EMULATOR_MISSING, which tells what was looked for
 * and why each kind was of no use.
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
  throw new DynalakeError("EMULATOR_MISSING", `found no DynamoDB emulator: ${reasons.join("; ")}`);
}

/** The running emulator, or why there is none. */
async function start(program: EmulatorProgram, request: EmulatorRequest): Promise<Emulator | string> {
  let reason = "";
  for (let tried = 0; tried < portsTriedMax; tried++) {
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
    if (answer === "silent") return `no answer within ${program.startSecondsMax} seconds`;
    // It ended, or its memory is not empty, which means that someone else got the port: the next one may be free.
    reason = running.lastWords() || "it ended at once";
  }
  return reason;
}

/** Asks for the tables until there is an answer, the process has ended, or the time is over. */
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
      await new Promise((resolve) => setTimeout(resolve, askEveryMs));
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
