/** An endpoint that accepts no connection is reported within seconds. */
import { type ChildProcess, spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { afterAll, describe, expect, test } from "@jest/globals";
import { describeSource } from "../../src/source/describe-source.ts";
import { connectSource } from "../../src/source/source-connection.ts";
import { streamSource } from "../../src/source/stream-source.ts";

const endings: (() => void)[] = [];

afterAll(() => {
  for (const end of endings) end();
});

/** A process that listens on a port and is suspended: it never answers and, once its queue is full, never accepts. */
async function stoppedServer(): Promise<number> {
  const script =
    'const s=require("net").createServer();s.listen({port:0,host:"127.0.0.1",backlog:1},()=>console.log(s.address().port))';
  const child: ChildProcess = spawn(process.execPath, ["-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  endings.push(() => child.kill("SIGKILL"));
  const port = await new Promise<number>((resolve) =>
    child.stdout?.once("data", (text: Buffer) => resolve(Number(String(text)))),
  );
  child.kill("SIGSTOP");
  return port;
}

/** Connects to the port until a connection is no longer accepted. */
async function fillQueue(port: number): Promise<void> {
  for (let sockets = 0; sockets < 50; sockets++) {
    const socket: Socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    endings.push(() => socket.destroy());
    const accepted = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      setTimeout(() => resolve(false), 300);
    });
    if (!accepted) return;
  }
  throw new Error("The queue does not fill.");
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly seconds: number;
}

async function failure(call: Promise<unknown>): Promise<Failure> {
  const beganMs = Date.now();
  const { code, message } = await call.then(
    () => ({ code: "none", message: "" }),
    (thrown: { readonly code: string; readonly message: string }) => thrown,
  );
  return { code, message, seconds: (Date.now() - beganMs) / 1_000 };
}

describe("an endpoint that is no help is told within about ten seconds", () => {
  test.concurrent("when it accepts and never answers", async () => {
    const endpoint = `http://127.0.0.1:${await stoppedServer()}`;
    const connection = connectSource({ endpoint });
    const calls = [
      describeSource(connection, "Reviews"),
      streamSource(connection, "Reviews").open(undefined),
    ];
    for (const { code, seconds } of await Promise.all(calls.map((call) => failure(call)))) {
      expect(code).toBe("UNREACHABLE");
      expect(seconds).toBeLessThan(13);
    }
    connection.close();
  });

  test.concurrent("when it does not even accept", async () => {
    const port = await stoppedServer();
    await fillQueue(port);
    const connection = connectSource({ endpoint: `http://127.0.0.1:${port}` });
    const { code, message, seconds } = await failure(describeSource(connection, "Reviews"));
    expect(code).toBe("UNREACHABLE");
    // After three attempts to connect, not after the ten seconds that end every call.
    expect(message).toMatch(/: no answer in time$/);
    expect(seconds).toBeLessThan(13);
    connection.close();
  });
});
