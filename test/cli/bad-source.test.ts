/** An unusable source is rejected, and the lake stays unchanged. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import type { SourceConnection } from "../../src/source/source-connection.ts";
import {
  done,
  dynalake,
  dynalakes,
  expectRefused,
  fingerprint,
  type Refusal,
  withAwsSettings,
} from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { connectTo, SourceTable } from "./source-table.ts";

/** The longest time until a command reports an unusable endpoint. */
const SECONDS_MAX = 15;

let emulator: Emulator;
let connection: SourceConnection;
let folder: string;
/** A lake with the table "Known". No command in this file may change it. */
let lake: string;
let lakeBefore: Awaited<ReturnType<typeof fingerprint>>;

beforeAll(async () => {
  emulator = await startEmulator({ kinds: ["dynoxide"] });
  connection = connectTo(emulator.endpoint);
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  lake = join(folder, "lake");
  await SourceTable.create(connection, "Known");
  await done(["snapshot", "--source", "Known", "--endpoint", emulator.endpoint, "--lake", lake]);
  lakeBefore = await fingerprint(folder);
});

afterAll(async () => {
  connection?.close();
  await emulator?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A rejected command leaves a lake unchanged, and creates none. */
async function expectRefusal(
  command: readonly string[],
  refusal: Refusal,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const lakes = [lake, join(folder, "none")];
  const commands = lakes.map((target) => [...command, "--lake", target]);
  const ends = await withAwsSettings(env, () => dynalakes(commands, { env }));
  for (const ended of ends) {
    expectRefused(ended, refusal);
    expect(ended.seconds).toBeLessThan(SECONDS_MAX);
  }
  expect(await fingerprint(folder)).toEqual(lakeBefore);
}

/** The address of a port that nothing listens at. */
async function silentEndpoint(): Promise<string> {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  return `http://127.0.0.1:${port}`;
}

test("a table that does not exist", async () => {
  const at = ["--source", "Absent", "--endpoint", emulator.endpoint];
  const names = ['"Absent"', emulator.endpoint];
  for (const command of ["snapshot", "run"])
    await expectRefusal([command, ...at], { code: "TABLE_NOT_FOUND", names, next: "--source" });
  expectRefused(await dynalake(["infer", ...at]), { code: "TABLE_NOT_FOUND", names });
});

test.each(["no stream", "KEYS_ONLY", "OLD_IMAGE"] as const)(
  "a stream that cannot feed a lake (%s) is refused by `run` before it takes a first snapshot",
  async (view) => {
    const table = await SourceTable.create(connection, `Stream-${view.replace(" ", "-")}`, view);
    await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    const repairs = new RegExp(
      `aws dynamodb update-table --table-name ${table.name} .*StreamViewType=NEW_AND_OLD_IMAGES`,
    );
    await expectRefusal(["run", "--source", table.name, "--endpoint", emulator.endpoint], {
      code: "STREAM_UNUSABLE",
      names: [`"${table.name}"`, view === "no stream" ? "no stream enabled" : view],
      next: repairs,
    });
  },
);

describe("an endpoint that is no help", () => {
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      response.writeHead(400, { "content-type": "application/x-amz-json-1.0" }).end(
        JSON.stringify({
          __type: "com.amazon.coral.service#UnrecognizedClientException",
          message: "The security token included in the request is invalid.",
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each(["snapshot", "run"])("that does not accept the credentials: `%s`", async (command) => {
    const env = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI" };
    await expectRefusal(
      [command, "--source", "Known", "--endpoint", `http://127.0.0.1:${port}`],
      {
        code: "CREDENTIALS",
        names: ["UnrecognizedClientException", "security token", `:${port}`, /^(?!.*wJalrXU)/s],
        next: "AWS_ACCESS_KEY_ID",
      },
      env,
    );
  });

  test("without any credentials, or region, for AWS itself", async () => {
    // The lake remembers where "known" comes from.
    await expectRefusal(["snapshot", "--source", "Known", "--table", "unknown", "--region", "eu-west-1"], {
      code: "CREDENTIALS",
      names: ["no credentials", "eu-west-1"],
      next: "AWS_",
    });
    const nowhere = await dynalake(["infer", "--source", "Known"]);
    expectRefused(nowhere, { code: "USAGE", names: ["no region"], next: "--region" });
  });

  test.each(["snapshot", "run"])("where nothing listens, told soon: `%s`", async (command) => {
    const endpoint = await silentEndpoint();
    await expectRefusal([command, "--source", "Known", "--endpoint", endpoint], {
      code: "UNREACHABLE",
      names: [endpoint, "ECONNREFUSED"],
      next: "--endpoint",
    });
  });

  test("where nothing listens, told by `demo`", async () => {
    const endpoint = await silentEndpoint();
    const ended = await dynalake(["demo", "--endpoint", endpoint, "--lake", join(folder, "demo")]);
    // The demo has told what it begins with.
    expectRefused(
      { ...ended, stdout: "" },
      {
        code: "UNREACHABLE",
        names: [endpoint, '"Reviews"', "ECONNREFUSED"],
        next: "--endpoint",
      },
    );
    expect(await fingerprint(folder)).toEqual(lakeBefore);
  });

  test("that is no URL", async () => {
    const command = ["snapshot", "--source", "Known", "--endpoint", "127.0.0.1:8000"];
    await expectRefusal(command, { code: "USAGE", names: ['"127.0.0.1:8000"'], next: "http://" });
  });
});

test("a table whose name is the same in SQL as that of another one is not put into its lake table", async () => {
  const first = await SourceTable.create(connection, "My-Table.1");
  const second = await SourceTable.create(connection, "My_Table_1");
  await withFolder(async (own) => {
    const at = ["--endpoint", emulator.endpoint, "--lake", own];
    await done(["snapshot", "--source", first.name, ...at]);
    const before = await fingerprint(own);
    for (const command of ["snapshot", "run"]) {
      expectRefused(await dynalake([command, "--source", second.name, ...at]), {
        code: "USAGE",
        names: ['"my_table_1"', '"My-Table.1"'],
        next: "--table",
      });
      expect(await fingerprint(own)).toEqual(before);
    }
    await done(["snapshot", "--source", second.name, "--table", "other", ...at]);
  });
});
