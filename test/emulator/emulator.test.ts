/** Emulators: found, started, and ended with the process that started them. */
import { execFile, spawn } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateTableCommand, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Emulator, type EmulatorRequest, startEmulator } from "../../src/emulator/emulator.ts";
import { findEmulators } from "../../src/emulator/emulator-search.ts";
import { connectSource } from "../../src/source/source-connection.ts";

let folder: string;
let emulators: Emulator[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-emulator-"));
  emulators = [];
});

afterEach(async () => {
  for (const emulator of emulators) await emulator.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(request: EmulatorRequest = {}): Promise<Emulator> {
  const emulator = await startEmulator({ kinds: ["dynoxide"], ...request });
  emulators.push(emulator);
  return emulator;
}

async function tables(emulator: Emulator): Promise<readonly string[]> {
  const { client, close } = connectSource({ endpoint: emulator.endpoint });
  const answer = await client.send(new ListTablesCommand({}));
  close();
  return answer.TableNames ?? [];
}

async function createTable(emulator: Emulator, TableName: string): Promise<void> {
  const { client, close } = connectSource({ endpoint: emulator.endpoint });
  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: "Id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "Id", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  close();
}

function accepts(endpoint: string): Promise<boolean> {
  const socket = createConnection(Number(new URL(endpoint).port), "127.0.0.1");
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).then((accepted) => {
    socket.destroy();
    return accepted === true;
  });
}

/** Creates a program that runs the script, with the name of one that is searched for. */
async function program(name: string, script: string): Promise<void> {
  const file = join(folder, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

describe("an emulator", () => {
  test("answers as soon as it is there, on the loopback address, and is gone when stopped", async () => {
    const emulator = await start();
    expect(emulator.kind).toBe("dynoxide");
    expect(emulator.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await tables(emulator)).toEqual([]);
    await emulator.stop();
    expect(await accepts(emulator.endpoint)).toBe(false);
    await emulator.stop();
  });

  test("has a memory of its own, beside others", async () => {
    const [one, other] = await Promise.all([start(), start()]);
    await createTable(one, "Reviews");
    expect(await tables(one)).toEqual(["Reviews"]);
    expect(await tables(other)).toEqual([]);
  });

  test("keeps its tables in a folder, if it is given one", async () => {
    const dataFolder = join(folder, "new", "data");
    const first = await start({ dataFolder });
    await createTable(first, "Reviews");
    await first.stop();
    expect(await tables(await start({ dataFolder }))).toEqual(["Reviews"]);
  });

  test("dies with the process that started it, even if that is killed", async () => {
    const script = `
      import { startEmulator } from ${JSON.stringify(join(import.meta.dirname, "../../src/emulator/emulator.ts"))};
      const { endpoint } = await startEmulator({ kinds: ["dynoxide"] });
      process.stdout.write(endpoint);
      setInterval(() => undefined, 1_000);
    `;
    const file = join(folder, "owner.mts");
    await writeFile(file, script);
    const owner = spawn(process.execPath, ["--import", "tsx", file], {
      cwd: join(import.meta.dirname, "../.."),
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    const endpoint = await new Promise<string>((resolve) =>
      owner.stdout.once("data", (text: Buffer) => resolve(String(text))),
    );
    expect(await accepts(endpoint)).toBe(true);
    owner.kill("SIGKILL");
    const untilMs = Date.now() + 5_000;
    while ((await accepts(endpoint)) && Date.now() < untilMs) await promisify(setTimeout)(20);
    expect(await accepts(endpoint)).toBe(false);
  });

  test("does not keep the process alive that started it", async () => {
    const script = `
      import { startEmulator } from ${JSON.stringify(join(import.meta.dirname, "../../src/emulator/emulator.ts"))};
      await startEmulator({ kinds: ["dynoxide"] });
    `;
    const file = join(folder, "owner.mts");
    await writeFile(file, script);
    const options = {
      cwd: join(import.meta.dirname, "../.."),
      timeout: 10_000,
      env: { ...process.env, NODE_OPTIONS: "" },
    };
    await promisify(execFile)(process.execPath, ["--import", "tsx", file], options);
  });
});

describe("an emulator that does not start", () => {
  const onPath = async () => {
    const found = [];
    for await (const each of findEmulators({ kinds: ["dynoxide"], searchPath: folder })) found.push(each);
    return found;
  };

  test("is looked for on PATH, too", async () => {
    expect(await onPath()).toContain("dynoxide is not on PATH");
    await program("dynoxide", "exit 1");
    expect((await onPath()).at(-1)).toMatchObject({ kind: "dynoxide" });
  });

  test("is told with everything that was looked for", async () => {
    const places = { kinds: ["dynamodb-local-jar", "dynamodb-local-docker"] as const, searchPath: folder };
    await expect(startEmulator(places)).rejects.toMatchObject({
      code: "EMULATOR_MISSING",
      message: "no DynamoDB emulator found: no DynamoDBLocal.jar is configured; docker is not on PATH",
      next: expect.stringContaining("--endpoint"),
    });
    const jar = join(folder, "DynamoDBLocal.jar");
    await expect(startEmulator({ ...places, dynamoDbLocalJar: jar })).rejects.toThrow(
      `${jar} does not exist`,
    );
    await writeFile(jar, "");
    await expect(startEmulator({ ...places, dynamoDbLocalJar: jar })).rejects.toThrow(
      "java, which DynamoDBLocal.jar needs",
    );
    await program("docker", "exit 1");
    await expect(startEmulator(places)).rejects.toThrow("its daemon does not respond");
  });

  test("is told with its last words, after some ports", async () => {
    const jar = join(folder, "DynamoDBLocal.jar");
    await writeFile(jar, "");
    await program("java", `echo "$@" >> "${folder}/started"; echo "Unable to   access" >&2; exit 1`);
    const request = { kinds: ["dynamodb-local-jar"] as const, searchPath: folder, dynamoDbLocalJar: jar };
    await expect(startEmulator(request)).rejects.toThrow(
      "dynamodb-local-jar did not start (Unable to access)",
    );
    const { stdout } = await promisify(execFile)("cat", [join(folder, "started")]);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /-Djava\.library\.path=.*DynamoDBLocal_lib -jar .*\.jar -sharedDb -port \d+ -inMemory$/,
    );
  });

  test("because its port was taken is started on another one", async () => {
    const jar = join(folder, "DynamoDBLocal.jar");
    await writeFile(jar, "");
    // Fails the first time, as after a lost race for the port, and is a real emulator the second time.
    const found = [];
    for await (const each of findEmulators({ kinds: ["dynoxide"] })) found.push(each);
    const real = found
      .find((each) => typeof each !== "string")
      ?.command({ port: 0, dataFolder: undefined, name: "" });
    await program(
      "java",
      `if [ ! -e "${folder}/tried" ]; then touch "${folder}/tried"; exit 1; fi
       while [ "$1" != "-port" ]; do shift; done
       exec "${real?.file}" serve --port "$2"`,
    );
    const emulator = await start({
      kinds: ["dynamodb-local-jar"],
      searchPath: folder,
      dynamoDbLocalJar: jar,
    });
    expect(await tables(emulator)).toEqual([]);
    expect(emulator.kind).toBe("dynamodb-local-jar");
  });
});
