/** `restore`: the items of a lake table come back as a table of DynamoDB, all of them, and nothing that was there is lost. */

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DescribeTableCommand, UpdateTableCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "@jest/globals";
import { openLake } from "../../src/index.ts";
import { done, dynalake, expectRefused, type ItemJson, itemTexts } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { withProxy } from "./answering-proxy.ts";
import { books, lakeOf, likeFile } from "./book-lake.ts";
import { fileEmulator } from "./file-emulator.ts";
import { type SourceItem, SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

function restore(lake: string, to: string, ...more: readonly string[]) {
  return dynalake(["restore", "--to", to, "--lake", lake, "--endpoint", emulator.endpoint, ...more]);
}

async function restored(lake: string, to: string, ...more: readonly string[]) {
  const { code, stdout } = await restore(lake, to, "--json", ...more);
  return { code, ...JSON.parse(stdout) };
}

const items = books(60);

test("a new table has every item, though its source is gone, and is made as a file says", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, items);
    expectRefused(await restore(lake, "Books.New"), {
      code: "USAGE",
      names: ["books"],
      next: "--like",
    });
    const byPrice = {
      IndexName: "ByPrice",
      KeySchema: [
        { AttributeName: "User", KeyType: "HASH" },
        { AttributeName: "Price", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "KEYS_ONLY" },
    };
    const like = await likeFile(folder, { LocalSecondaryIndexes: [byPrice] });
    const planned = await dynalake([
      "restore",
      "--to",
      "Books.New",
      "--lake",
      lake,
      "--like",
      like,
      "--dry-run",
      "--endpoint",
      emulator.endpoint,
    ]);
    expect(planned.stdout).toContain("ByPrice");
    expect(planned.stdout).toContain("nothing was done");
    const report = await restored(lake, "Books.New", "--like", like);
    expect(report).toMatchObject({
      code: 0,
      result: "identical",
      makesTable: true,
      items: 60,
      written: 60,
      lacking: 0,
    });
    const table = SourceTable.known(emulator.connection, "Books.New");
    expect(await table.items()).toEqual(itemTexts(items));
    const { Table } = await emulator.connection.client.send(
      new DescribeTableCommand({ TableName: "Books.New" }),
    );
    expect(Table?.LocalSecondaryIndexes).toMatchObject([{ IndexName: "ByPrice" }]);
    expect(await readdir(join(lake, "_restores", "books"))).toEqual([]);
  });
});

deepTest(
  "a table that is made like its source has the source's key, though the source was deleted since",
  async () => {
    await withFolder(async (folder) => {
      const lake = join(folder, "lake");
      const source = await SourceTable.create(emulator.connection, "Deleted");
      await source.put({ User: { S: "ann" }, Book: { S: "Mort" } });
      await done(["snapshot", "--source", "Deleted", "--endpoint", emulator.endpoint, "--lake", lake]);
      await source.drop();
      expect(await restored(lake, "Deleted")).toMatchObject({ code: 0, makesTable: true, written: 1 });
      expect(await source.items()).toHaveLength(1);
    });
  },
);

test("items that are in the table stay, unless they are to be replaced; others are never touched", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, items);
    const table = await SourceTable.create(emulator.connection, "There");
    const newer: SourceItem = { User: { S: "user 1" }, Book: { S: "book 1" }, Price: { N: "7" } };
    const other: SourceItem = { User: { S: "ann" }, Book: { S: "Mort" } };
    await table.put(newer, other);
    expect(await restored(lake, "There")).toMatchObject({
      code: 0,
      kept: 1,
      written: 59,
      different: 1,
      others: 1,
    });
    expect(await table.items()).toEqual(
      itemTexts([...items.filter((_, i) => i !== 1), newer, other] as ItemJson[]),
    );
    expect(await restored(lake, "There", "--overwrite")).toMatchObject({
      code: 0,
      written: 60,
      result: "identical",
    });
    expect(await table.items()).toEqual(itemTexts([...items, other] as ItemJson[]));
  });
});

deepTest(
  "a restore that is cut goes on with the items that it began with, though the lake has gone on",
  async () => {
    await withFolder(async (folder) => {
      const many = Array.from({ length: 3_500 }, (_, i) => ({
        User: { S: `u${i % 50}` },
        Book: { S: `b${i}` },
      }));
      const lakeFolder = await lakeOf(folder, many);
      const like = await likeFile(folder);
      const lake = await openLake(lakeFolder, { source: { endpoint: emulator.endpoint } });
      const cut = new AbortController();
      const restoring = lake.table("books").restore({
        to: "Cut",
        like,
        signal: cut.signal,
        onEvent: (event) => {
          if (event.kind === "progress" && event.step === "restoring") cut.abort(new Error("cut"));
        },
      });
      await expect(restoring).rejects.toThrow("cut");
      await lake.close();
      const event = { eventName: "REMOVE", dynamodb: { Keys: many[0], SequenceNumber: "1" } };
      await writeFile(join(folder, "event.json"), JSON.stringify({ Records: [event] }));
      await done(["replay", join(folder, "event.json"), "--lake", lakeFolder]);
      await done(["compact", "--all", "--lake", lakeFolder]);
      const report = await restored(lakeFolder, "Cut", "--like", like);
      expect(report).toMatchObject({
        code: 0,
        goesOn: true,
        items: 3_500,
        written: 3_500,
        result: "identical",
      });
      expect(await SourceTable.known(emulator.connection, "Cut").items()).toEqual(itemTexts(many));
    });
  },
);

test("what goes on has to be the same restore, into the same table", async () => {
  await withFolder(async (folder) => {
    const lakeFolder = await lakeOf(folder, items);
    const table = await SourceTable.create(emulator.connection, "Replaced");
    const lake = await openLake(lakeFolder, { source: { endpoint: emulator.endpoint } });
    const cut = new AbortController();
    const onEvent = (event: { readonly kind: string; readonly step?: string }) => {
      if (event.step === "restoring") cut.abort(new Error("cut"));
    };
    await expect(
      lake.table("books").restore({ to: "Replaced", signal: cut.signal, onEvent }),
    ).rejects.toThrow("cut");
    await lake.close();
    expectRefused(await restore(lakeFolder, "Replaced", "--overwrite"), {
      code: "USAGE",
      names: ["has begun"],
    });
    await table.drop();
    await SourceTable.create(emulator.connection, "Replaced");
    expectRefused(await restore(lakeFolder, "Replaced"), {
      code: "USAGE",
      names: ["another one"],
      next: "_restores",
    });
  });
});

test("items that the table does not take lie in a file with the reasons, and all others are there", async () => {
  await withFolder(async (folder) => {
    const odd: ItemJson = { User: { S: "odd" }, Book: { S: "odd" }, Price: { S: "much" } };
    const lake = await lakeOf(folder, [...items, odd]);
    const index = {
      IndexName: "ByPrice",
      KeySchema: [
        { AttributeName: "User", KeyType: "HASH" },
        { AttributeName: "Price", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "ALL" },
    };
    const like = await likeFile(folder, { LocalSecondaryIndexes: [index] });
    const report = await restored(lake, "Picky", "--like", like);
    expect(report).toMatchObject({ code: 3, result: "incomplete", written: 60, refused: 1, lacking: 1 });
    const [line = ""] = (await readFile(report.refusedFile, "utf8")).split("\n");
    expect(JSON.parse(line)).toMatchObject({ Item: odd, reason: expect.stringContaining("Price") });
    expect(await SourceTable.known(emulator.connection, "Picky").items()).toEqual(itemTexts(items));
  });
});

deepTest("a table that may lack something is restored only where that is asked for", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, items);
    const record = { eventName: "INSERT", dynamodb: { SequenceNumber: "1" } };
    await writeFile(join(folder, "bad.json"), JSON.stringify({ Records: [record] }));
    await dynalake(["replay", join(folder, "bad.json"), "--lake", lake]);
    const like = await likeFile(folder);
    expectRefused(await restore(lake, "Lacking", "--like", like), {
      code: "INCOMPLETE",
      names: ["quarantine"],
      next: "--incomplete",
    });
    const report = await restored(lake, "Lacking", "--like", like, "--incomplete");
    expect(report).toMatchObject({ code: 0, lacks: [expect.stringContaining("quarantine")], written: 60 });
  });
});

test("the items of a time, and never the source itself by mistake", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const source = await SourceTable.create(emulator.connection, "Followed");
    await source.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    await done(["snapshot", "--source", "Followed", "--endpoint", emulator.endpoint, "--lake", lake]);
    expectRefused(await restore(lake, "Followed"), {
      code: "USAGE",
      names: ["is the source"],
      next: "--into-source",
    });
    expect(await restored(lake, "Followed", "--into-source")).toMatchObject({ code: 0, kept: 1 });
    expectRefused(await restore(lake, "Then", "--as-of", "2020-01-01"), {
      code: "AS_OF_UNKNOWN",
      names: ["reaches back"],
    });
    expectRefused(await restore(lake, "a"), { code: "USAGE", names: ['"a"'] });
    await mkdir(join(folder, "x"));
    await writeFile(join(folder, "x", "like.json"), "{}");
    expectRefused(await restore(lake, "New", "--like", join(folder, "x", "like.json")), {
      code: "INPUT_INVALID",
      names: ["like.json"],
      next: "describe-table",
    });
  });
});

test("global indexes are made after the items", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const source = await SourceTable.create(emulator.connection, "Indexed");
    await emulator.connection.client.send(
      new UpdateTableCommand({
        TableName: "Indexed",
        AttributeDefinitions: [
          { AttributeName: "User", AttributeType: "S" },
          { AttributeName: "Book", AttributeType: "S" },
        ],
        GlobalSecondaryIndexUpdates: [
          {
            Create: {
              IndexName: "ByBook",
              KeySchema: [{ AttributeName: "Book", KeyType: "HASH" }],
              Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["Price"] },
            },
          },
        ],
      }),
    );
    await source.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    await done(["snapshot", "--source", "Indexed", "--endpoint", emulator.endpoint, "--lake", lake]);
    expect(await restored(lake, "Indexed2")).toMatchObject({ code: 0, indexes: ["ByBook"], written: 1 });
    const { Table } = await emulator.connection.client.send(
      new DescribeTableCommand({ TableName: "Indexed2" }),
    );
    expect(Table?.GlobalSecondaryIndexes).toMatchObject([
      { IndexName: "ByBook", Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["Price"] } },
    ]);
  });
});

deepTest(
  "items that the service leaves unprocessed are put again, and one that it loses is found",
  async () => {
    await withFolder(async (folder) => {
      const lake = await lakeOf(folder, items);
      const like = await likeFile(folder);
      let left = 1;
      const unprocessed = (operation: string, body: string): object | undefined =>
        operation === "BatchWriteItem" && left-- > 0
          ? { UnprocessedItems: (JSON.parse(body) as { readonly RequestItems: object }).RequestItems }
          : undefined;
      await withProxy(emulator.endpoint, unprocessed, async (endpoint) => {
        const report = await restored(lake, "Busy", "--like", like, "--endpoint", endpoint);
        expect(report).toMatchObject({ code: 0, written: 60, result: "identical" });
      });
      let lost = 1;
      const loses = (operation: string): object | undefined =>
        operation === "BatchWriteItem" && lost-- > 0 ? { UnprocessedItems: {} } : undefined;
      await withProxy(emulator.endpoint, loses, async (endpoint) => {
        const report = await restored(lake, "Lossy", "--like", like, "--endpoint", endpoint);
        expect(report).toMatchObject({ code: 4, result: "different", lacking: 25 });
        expect(report.differences).toHaveLength(25);
      });
    });
  },
);

deepTest(
  "a restore that is cut right after it has made the table still makes its global indexes",
  async () => {
    await withFolder(async (folder) => {
      const lake = await lakeOf(folder, items);
      const byBook = {
        IndexName: "ByBook",
        KeySchema: [{ AttributeName: "Book", KeyType: "HASH" }],
        Projection: { ProjectionType: "ALL" },
      };
      const like = await likeFile(folder, { GlobalSecondaryIndexes: [byBook] });
      let made = false;
      const cutOnceMade = (operation: string): object | undefined => {
        if (operation === "CreateTable") made = true;
        return made && operation === "DescribeTable" ? { Table: { TableStatus: "DELETING" } } : undefined;
      };
      await withProxy(emulator.endpoint, cutOnceMade, async (endpoint) => {
        const { code } = await restore(lake, "HalfMade", "--like", like, "--endpoint", endpoint);
        expect(code).not.toBe(0);
      });
      const report = await restored(lake, "HalfMade", "--like", like);
      expect(report).toMatchObject({ code: 0, goesOn: true, written: 60, result: "identical" });
      const { Table } = await emulator.connection.client.send(
        new DescribeTableCommand({ TableName: "HalfMade" }),
      );
      expect(Table?.GlobalSecondaryIndexes).toMatchObject([{ IndexName: "ByBook" }]);
    });
  },
);

deepTest(
  "at a given pace the first batches are small, since the size of the items is not known yet",
  async () => {
    await withFolder(async (folder) => {
      const lake = await lakeOf(folder, items);
      const like = await likeFile(folder);
      const sizes: number[] = [];
      const note = (operation: string, body: string): undefined => {
        const { RequestItems } = JSON.parse(body) as { readonly RequestItems?: Record<string, unknown[]> };
        if (operation === "BatchWriteItem")
          sizes.push(...Object.values(RequestItems ?? {}).map((of) => of.length));
      };
      await withProxy(emulator.endpoint, note, async (endpoint) => {
        await restored(lake, "Paced", "--like", like, "--write-units", "5000", "--endpoint", endpoint);
      });
      expect(sizes).toEqual([10, 10, 10, 10, 10, 10]);
    });
  },
);

deepTest("items expire only once they were compared, and a time to live that is there stays", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, items);
    const like = await likeFile(folder);
    const calls: string[] = [];
    let enabled = false;
    const timeToLive = (operation: string): object | undefined => {
      calls.push(operation);
      if (operation === "DescribeTimeToLive")
        return enabled
          ? { TimeToLiveDescription: { TimeToLiveStatus: "ENABLED", AttributeName: "Until" } }
          : { TimeToLiveDescription: { TimeToLiveStatus: "DISABLED" } };
      if (operation !== "UpdateTimeToLive") return undefined;
      enabled = true;
      return { TimeToLiveSpecification: { Enabled: true, AttributeName: "Until" } };
    };
    await withProxy(emulator.endpoint, timeToLive, async (endpoint) => {
      const ttl = ["--like", like, "--ttl", "Until", "--endpoint", endpoint];
      expect(await restored(lake, "Expiring", ...ttl)).toMatchObject({ code: 0, written: 60 });
      expect(calls.lastIndexOf("Scan")).toBeLessThan(calls.indexOf("DescribeTimeToLive"));
      expect(await restored(lake, "Expiring", ...ttl)).toMatchObject({ code: 0, kept: 60 });
      expect(calls.filter((operation) => operation === "UpdateTimeToLive")).toHaveLength(1);
    });
  });
});

test("a table is compared with the items of a moment, and nothing is written to it", async () => {
  await withFolder(async (folder) => {
    const lake = await lakeOf(folder, items);
    expectRefused(await restore(lake, "Compared", "--verify"), {
      code: "TABLE_NOT_FOUND",
      names: ["Compared"],
    });
    await restored(lake, "Compared", "--like", await likeFile(folder));
    const same = await restored(lake, "Compared", "--verify");
    expect(same).toMatchObject({ code: 0, result: "identical", items: 60, lacking: 0, others: 0 });
    const table = SourceTable.known(emulator.connection, "Compared");
    const newer: SourceItem = { User: { S: "user 1" }, Book: { S: "book 1" }, Price: { N: "7" } };
    await table.put(newer, { User: { S: "ann" }, Book: { S: "Mort" } });
    const before = await table.items();
    const { code, stdout } = await restore(lake, "Compared", "--verify");
    expect(code).toBe(4);
    expect(stdout).toMatch(/^others {6}1 item of the table are not the lake's$/m);
    expect(stdout).toMatch(/^result {6}DIFFERENT: the table lacks 0 items, and has 1 item otherwise$/m);
    expect(await table.items()).toEqual(before);
    expect(await readdir(join(lake, "_restores", "books"))).toEqual([]);
  });
});
