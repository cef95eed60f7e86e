/** `openLake` on a lake made of an export: what it answers, and that nothing which was cut short looks complete. */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DynamoItem, type Lake, openLake, type Query } from "../../src/index.ts";
import { writeExport } from "../cli/export-fixture.ts";
import { deepTest } from "../support/deep-test.ts";
import { allEffort } from "../support/effort.ts";
import { withFolder } from "../support/folders.ts";

const ITEMS = 40;
/** More rows than DuckDB hands over at once, and than it computes ahead. */
const MANY = allEffort ? 500_000 : 150_000;
const many = (table = "t"): string =>
  `SELECT range AS i FROM range(${MANY}) WHERE (SELECT count(*) FROM ${table}) > 0`;

let release: () => void = () => undefined;
let folder = "";
let ended: Promise<void> | undefined;

beforeAll(async () => {
  await new Promise<void>((ready) => {
    ended = withFolder(async (made) => {
      folder = made;
      ready();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    });
  });
  await writeExport(
    join(folder, "export"),
    Array.from({ length: ITEMS }, (_, i) => ({
      Id: { S: `item-${i}` },
      Price: { N: i === 0 ? "12345678901234567890.123456789" : `${i}.5` },
      Count: { N: String(i) },
    })),
  );
});

afterAll(async () => {
  release();
  await ended;
});

let lakes = 0;

/** A lake of its own, with the table "t". An engine that is left open keeps a listener for the end of the process. */
async function withLake(use: (lake: Lake) => Promise<void>): Promise<void> {
  const listeners = process.listenerCount("exit");
  const lake = await openLake(join(folder, `lake-${++lakes}`));
  try {
    await lake.snapshot({ export: join(folder, "export") }, { name: "t", key: { hash: "Id" } });
    await use(lake);
  } finally {
    await lake.close();
  }
  expect(process.listenerCount("exit")).toBe(listeners);
}

async function firstOf(query: Query<{ i: number }>): Promise<AsyncIterator<{ i: number }>> {
  const rows = query[Symbol.asyncIterator]();
  expect(await rows.next()).toEqual({ done: false, value: expect.objectContaining({ i: 0 }) });
  return rows;
}

async function restOf(rows: AsyncIterator<unknown>): Promise<number> {
  let count = 0;
  for (let next = await rows.next(); next.done !== true; next = await rows.next()) count++;
  return count;
}

deepTest("two queries that are half-read give all their rows, while the table is compacted", async () => {
  await withLake(async (lake) => {
    const [one, other] = [await firstOf(lake.query(many())), await firstOf(lake.query(many()))];
    await lake.replay([{ name: "a change", content: recordedChange() }]);
    expect((await lake.table("t").compact({ all: true })).runs.length).toBeGreaterThan(0);
    expect(await restOf(one)).toBe(MANY - 1);
    expect(await restOf(other)).toBe(MANY - 1);
    expect(await lake.query("SELECT count(*) AS n FROM t").all()).toEqual([
      expect.objectContaining({ n: ITEMS + 1 }),
    ]);
  });
});

describe("a query that is cut short never ends as if it were complete", () => {
  test("when the lake is closed between two rows", async () => {
    await withLake(async (lake) => {
      const rows = await firstOf(lake.query(many()));
      await lake.close();
      await expect(restOf(rows)).rejects.toMatchObject({ code: "LAKE_CLOSED" });
    });
  });

  test("when the lake is closed while the engine computes", async () => {
    await withLake(async (lake) => {
      // After its first rows it finds no more for minutes.
      const endless = many().replace(`range(${MANY})`, "range(20000000000)");
      const rows = await firstOf(lake.query(`${endless} AND (range < ${MANY} OR hash(range) = 1)`));
      let read = 1;
      const rest = (async () => {
        while ((await rows.next()).done !== true) read++;
      })();
      for (let before = 0; before < read; await setTimeout(200)) before = read;
      const closed = lake.close();
      await expect(rest).rejects.toMatchObject({ code: "LAKE_CLOSED" });
      await closed;
    });
  });

  test("when it is closed itself, between two rows or while the engine computes the first of them", async () => {
    await withLake(async (lake) => {
      const read = lake.query(many());
      const rows = await firstOf(read as Query<{ i: number }>);
      await read.close();
      await expect(rows.next()).rejects.toMatchObject({ code: "USAGE" });
      const endless = lake.query("SELECT sum(hash(range)) AS s FROM range(200000000000), t");
      const all = endless.all();
      await setTimeout(100);
      await endless.close();
      await expect(all).rejects.toMatchObject({ code: "USAGE" });
    });
  });

  test("when it cannot begin: whatever is asked for fails for the same reason", async () => {
    await withLake(async (lake) => {
      const wrong = lake.query("SELECT nothing FROM t");
      await expect(wrong.columns()).rejects.toMatchObject({ code: "SQL_FAILED" });
      await expect(wrong.all()).rejects.toMatchObject({ code: "SQL_FAILED" });
      await expect(wrong.columns()).rejects.toMatchObject({ code: "SQL_FAILED" });
    });
  });

  test("when its signal is aborted between two rows: it rejects with the signal's reason", async () => {
    await withLake(async (lake) => {
      const stop = new AbortController();
      const rows = await firstOf(lake.query(many(), { signal: stop.signal }));
      stop.abort(new Error("enough"));
      await expect(restOf(rows)).rejects.toThrow("enough");
    });
  });

  test("when its signal was aborted before it began", async () => {
    await withLake(async (lake) => {
      await expect(lake.query(many(), { signal: AbortSignal.abort(new Error("no")) }).all()).rejects.toThrow(
        "no",
      );
    });
  });

  test("when the engine fails after the first rows", async () => {
    await withLake(async (lake) => {
      const failing = many().replace(
        "range AS i",
        `CASE WHEN range = ${MANY - 1} THEN error('late') ELSE range END AS i`,
      );
      await expect(restOf(await firstOf(lake.query(failing)))).rejects.toMatchObject({ code: "SQL_FAILED" });
    });
  });

  test("and so do items", async () => {
    await withLake(async (lake) => {
      const stop = new AbortController();
      const items = lake.table("t").items({ signal: stop.signal })[Symbol.asyncIterator]();
      expect((await items.next()).done).toBe(false);
      stop.abort(new Error("enough"));
      await expect(restOf(items)).rejects.toThrow("enough");
    });
  });
});

test("a loop that is left early frees its engine, and rows can be read once", async () => {
  await withLake(async (lake) => {
    const listeners = process.listenerCount("exit");
    const query = lake.query<{ i: number }>(many());
    for await (const { i } of query) if (i === 10) break;
    expect(process.listenerCount("exit")).toBe(listeners);
    await expect(query.all()).rejects.toMatchObject({ code: "USAGE" });
  });
});

test("numbers are exact, in the form that is asked for", async () => {
  await withLake(async (lake) => {
    const sql = "SELECT count, price, 9007199254740993::bigint AS big FROM t WHERE count = 0";
    const [row] = await lake.query(sql).all();
    expect(row).toMatchObject({
      big: 9007199254740993n,
      price: expect.stringMatching(/^12345678901234567890\.1234567890*$/),
    });
    expect(Number(row?.count)).toBe(0);
    expect(await lake.query(sql, { numbers: "string" }).all()).toMatchObject([{ big: "9007199254740993" }]);
  });
});

test("a result without rows has columns", async () => {
  await withLake(async (lake) => {
    const query = lake.query("SELECT id FROM t WHERE false");
    expect(await query.columns()).toEqual([{ name: "id", type: "VARCHAR" }]);
    expect(await query.all()).toEqual([]);
  });
});

test("a table's items, status, verification and vacuum", async () => {
  await withLake(async (lake) => {
    expect((await lake.tables()).map(({ name }) => name)).toEqual(["t"]);
    const table = lake.table("T");
    const items: DynamoItem[] = [];
    for await (const item of table.items()) items.push(item);
    expect(items.length).toBe(ITEMS);
    expect(await table.status()).toMatchObject({ table: "t", rows: ITEMS, health: "healthy" });
    expect(await table.verify({ export: join(folder, "export") })).toMatchObject({ result: "identical" });
    expect(await table.vacuum()).toMatchObject({ files: 0 });
  });
});

test("what plain JavaScript gets wrong is refused with USAGE", async () => {
  await withLake(async (lake) => {
    const t = lake.table("t");
    const wrong: readonly (() => Promise<unknown>)[] = [
      () => openLake(undefined as unknown as string),
      () => lake.query(undefined as unknown as string).all(),
      () => lake.query("SELECT 1", { numbers: "float" as "string" }).all(),
      () => lake.query("SELECT 1", { asOf: "yesterday" as unknown as Date }).all(),
      () =>
        t
          .items({ asOf: "yesterday" as unknown as Date })
          [Symbol.asyncIterator]()
          .next(),
      () => lake.snapshot({ export: join(folder, "export") }, { key: "Id" as unknown as { hash: string } }),
      () => lake.replay("changes.json"),
    ];
    for (const call of wrong) await expect(call()).rejects.toMatchObject({ code: "USAGE" });
  });
});

test("a folder without a lake is refused, until a snapshot creates one", async () => {
  const lake = await openLake(join(folder, "nothing"));
  await expect(lake.tables()).rejects.toMatchObject({ code: "LAKE_NOT_FOUND" });
  await expect(lake.query("SELECT 1").all()).rejects.toMatchObject({ code: "LAKE_NOT_FOUND" });
  await lake.close();
});

test("a closed lake refuses everything, and can be closed again", async () => {
  let left: Lake | undefined;
  {
    await using lake = await openLake(join(folder, "closed"));
    left = lake;
  }
  await expect(left.tables()).rejects.toMatchObject({ code: "LAKE_CLOSED" });
  await expect(left.query("SELECT 1").all()).rejects.toMatchObject({ code: "LAKE_CLOSED" });
  await left.close();
});

/** One more item, as Lambda would receive it. */
function recordedChange(): string {
  const Keys = { Id: { S: "another" } };
  const dynamodb = {
    Keys,
    NewImage: { ...Keys, Price: { N: "1" } },
    SequenceNumber: "1",
    ApproximateCreationDateTime: Math.floor(Date.now() / 1000) - 60,
  };
  return JSON.stringify({ Records: [{ eventName: "INSERT", dynamodb }] });
}
