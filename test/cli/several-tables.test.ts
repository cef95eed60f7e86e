/** A lake with several tables: a failure of one does not stop the others. */
import { join } from "node:path";
import { DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "@jest/globals";
import { done, dynalake, expectRefused, lakeItems, startDynalake, until } from "../support/cli.ts";
import { startDynalakeProcess } from "../support/cli-process.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

test("`run` goes on with the other tables where the source of one is gone, tells so, and ends with a failure", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const [stays, goes] = [
      await SourceTable.create(emulator.connection, "Stays"),
      await SourceTable.create(emulator.connection, "Goes"),
    ];
    for (const table of [stays, goes]) {
      await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
      const source = ["--source", table.name, "--endpoint", emulator.endpoint];
      await done(["snapshot", ...source, "--lake", lake]);
    }
    const running = startDynalake(["run", "--lake", lake]);
    await running.told("goes: following the stream");
    await running.told("stays: following the stream");
    await emulator.connection.client.send(new DeleteTableCommand({ TableName: goes.name }));
    await running.told("goes: NOT FOLLOWED, tried again in a minute: TABLE_NOT_FOUND");
    await stays.put({ User: { S: "ann" }, Book: { S: "Eric" } });
    await until(async () => lakeItems(lake, "--table", "stays"), await stays.items());
    running.interrupt();
    expect(await running.ended).toMatchObject({ code: 1, signal: null });

    await stays.put({ User: { S: "ann" }, Book: { S: "Sourcery" } });
    expectRefused(await dynalake(["run", "--lake", lake, "--once"]), {
      code: "TABLE_NOT_FOUND",
      names: ['"Goes"'],
    });
    expect(await lakeItems(lake, "--table", "stays")).toEqual(await stays.items());

    await emulator.connection.client.send(new DeleteTableCommand({ TableName: stays.name }));
    expectRefused(await dynalake(["run", "--lake", lake]), {
      code: "TABLE_NOT_FOUND",
      names: [/"Goes"|"Stays"/],
    });
  });
}, 90_000);

deepTest(
  "`run` follows many tables without a warning of Node.js, and `status` tells that it does",
  async () => {
    await withFolder(async (folder) => {
      const lake = join(folder, "lake");
      const names = ["one", "two", "three", "four", "five", "six"];
      for (const name of names) {
        const table = await SourceTable.create(emulator.connection, `Many-${name}`);
        await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
        const source = ["--source", table.name, "--endpoint", emulator.endpoint, "--table", name];
        await done(["snapshot", ...source, "--lake", lake]);
      }
      const running = startDynalakeProcess(["run", "--lake", lake]);
      for (const name of names) await running.told(`${name}: following the stream`);
      const followers = async () => {
        const { tables } = JSON.parse(await done(["status", "--lake", lake, "--json"]));
        return tables.map(({ following }: { following?: { state: string; process: number } }) => [
          following?.state,
          following?.process,
        ]);
      };
      await until(
        followers,
        names.map(() => ["running", running.pid]),
      );
      // Each of them waits for its next delivery then.
      const count = [
        "query",
        `SELECT ${names.map((name) => `(SELECT count(*) FROM ${name}_history)`).join(" + ")} AS n`,
      ];
      await until(async () => (await done([...count, "--lake", lake, "--format", "csv"])).trim(), "n\n6");
      running.signal("SIGTERM");
      const { code, stderr } = await running.ended;
      await until(
        followers,
        names.map(() => ["ended", running.pid]),
      );
      const status = ["status", "--lake", lake, "--table", "one"];
      expect(await done(status)).toMatch(/^run +none; the last one \(process \d+ on \S+\) ended at /m);
      expect(await done(status)).toMatch(/^stream +\d s behind .*delivered \d+ s after its write \(±1 s\)$/m);
      const watching = startDynalake([...status, "--watch"]);
      watching.interrupt();
      expect(await watching.ended).toMatchObject({ code: 130 });
      expect(code).toBe(0);
      expect(stderr).not.toMatch(/warning/i);
    });
  },
  90_000,
);

test("a table whose name another table's views have is refused, whichever of the two comes first", async () => {
  await withFolder(async (folder) => {
    const path = await writeExport(join(folder, "export"), [{ Id: { S: "a" } }], {});
    const snapshot = (name: string, lake: string) =>
      dynalake([
        "snapshot",
        "--from-export",
        path,
        "--key",
        "Id",
        "--name",
        name,
        "--lake",
        join(folder, lake),
      ]);
    expect(await snapshot("orders", "one")).toMatchObject({ code: 0 });
    for (const name of ["orders_history", "orders__changes"])
      expectRefused(await snapshot(name, "one"), { code: "USAGE", names: [`"${name}" beside "orders"`] });
    expect(await snapshot("orders_2", "one")).toMatchObject({ code: 0 });
    expect(await snapshot("orders_history", "other")).toMatchObject({ code: 0 });
    expectRefused(await snapshot("orders", "other"), {
      code: "USAGE",
      names: ['"orders" beside "orders_history"'],
    });
  });
});
