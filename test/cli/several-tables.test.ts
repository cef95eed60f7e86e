/** A lake of several tables: what befalls one of them is not the end of the others. */
import { join } from "node:path";
import { DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { SourceConnection } from "../../src/embedded/dynamodb/clients.ts";
import { type Emulator, startEmulator } from "../../src/embedded/emulator.ts";
import { done, dynalake, expectRefused, lakeItems, startDynalake, until } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { connectTo, SourceTable } from "./source-table.ts";

let emulator: Emulator;
let connection: SourceConnection;

beforeAll(async () => {
  emulator = await startEmulator({ kinds: ["dynoxide"] });
  connection = connectTo(emulator.endpoint);
});

afterAll(async () => {
  connection?.close();
  await emulator?.stop();
});

test("`run` goes on with the other tables where the source of one is gone, tells so, and ends with a failure", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const [stays, goes] = [
      await SourceTable.create(connection, "Stays"),
      await SourceTable.create(connection, "Goes"),
    ];
    for (const table of [stays, goes]) {
      await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
      const source = ["--table", table.name, "--endpoint", emulator.endpoint];
      await done(["snapshot", ...source, "--lake", lake]);
    }
    const running = startDynalake(["run", "--lake", lake]);
    await running.told("goes: following the stream");
    await running.told("stays: following the stream");
    await connection.client.send(new DeleteTableCommand({ TableName: goes.name }));
    await running.told("goes: NOT FOLLOWED, tried again in a minute: TABLE_NOT_FOUND");
    await stays.put({ User: { S: "ann" }, Book: { S: "Eric" } });
    await until(async () => lakeItems(lake, "--table", "stays"), await stays.items());
    running.signal("SIGINT");
    expect(await running.ended).toMatchObject({ code: 1, signal: null });

    await stays.put({ User: { S: "ann" }, Book: { S: "Sourcery" } });
    expectRefused(await dynalake(["run", "--lake", lake, "--once"]), {
      code: "TABLE_NOT_FOUND",
      names: ['"Goes"'],
    });
    expect(await lakeItems(lake, "--table", "stays")).toEqual(await stays.items());

    await connection.client.send(new DeleteTableCommand({ TableName: stays.name }));
    expectRefused(await dynalake(["run", "--lake", lake]), {
      code: "TABLE_NOT_FOUND",
      names: [/"Goes"|"Stays"/],
    });
  });
}, 90_000);
