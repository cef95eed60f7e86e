import { readdir } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import {
  type DuckdbSession,
  openDuckdb,
  type StreamedRows,
} from "../../../src/embedded/duckdb/duckdb-session.ts";
import { withFolder } from "../../support/folders.ts";

/** Some minutes of work for the engine. */
const ENDLESS = "SELECT sum(a.range * b.range) AS n FROM range(100000000) a, range(1000000) b";
const ROWS = 1_000_000;

function withSession(
  use: (session: DuckdbSession, temporaryFolder: string) => Promise<void>,
  signal?: AbortSignal,
  threads = 2,
): Promise<void> {
  return withFolder(async (temporaryFolder) => {
    const limits = { threads, memoryMegabytes: 200, temporaryFolder };
    const session = await openDuckdb(limits, signal);
    try {
      await use(session, temporaryFolder);
    } finally {
      await session.close();
    }
  });
}

async function count(rows: StreamedRows): Promise<number> {
  let counted = 0;
  for (let chunk = await rows.next(); chunk !== undefined; chunk = await rows.next())
    counted += chunk.rowCount;
  return counted;
}

test("a stream gives every row, and columns where there are none", async () => {
  await withSession(async (session) => {
    const all = await session.stream(`SELECT range AS a, 'x' AS b, 'y' AS b FROM range(${ROWS})`);
    expect(all.columns.map(({ name, type }) => [name, String(type)])).toEqual([
      ["a", "BIGINT"],
      ["b", "VARCHAR"],
      ["b:1", "VARCHAR"],
    ]);
    expect(await count(all)).toBe(ROWS);
    const none = await session.stream("SELECT 1 AS a WHERE false");
    expect(none.columns).toHaveLength(1);
    expect(await none.next()).toBeUndefined();
  });
});

test.each([
  [
    "a value that cannot be cast",
    `SELECT CAST(CASE WHEN range < 900000 THEN '1' ELSE 'x' END AS INTEGER) AS a FROM range(10000000); -- a comment`,
    { code: "SQL_FAILED", message: "Conversion Error: Could not convert string 'x' to INT32" },
  ],
  [
    "an error of its own",
    "SELECT CASE WHEN range < 900000 THEN range ELSE error('boom') END AS a FROM range(10000000);;",
    { code: "SQL_FAILED", message: "Invalid Input Error: boom" },
  ],
])("a statement that fails after its first rows never looks complete: %s", async (_, sql, failure) => {
  await withSession(async (session) => {
    const rows = await session.stream(sql);
    expect((await rows.next())?.rowCount).toBeGreaterThan(0);
    await expect(count(rows)).rejects.toMatchObject(failure);
  });
});

test("a statement whose rows another one has ended never looks complete", async () => {
  await withSession(async (session) => {
    const rows = await session.stream(`SELECT range FROM range(${10 * ROWS})`);
    await rows.next();
    await session.run("SELECT 1");
    await expect(count(rows)).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  });
});

test.each([
  ["while it runs", 200],
  // The engine forgets an interrupt that comes before the statement has begun.
  ["before the engine has begun", 0],
])("an aborted signal ends a statement %s, with the signal's reason", async (_, afterMs) => {
  const stop = new AbortController();
  const reason = new Error("no longer needed");
  await withSession(async (session) => {
    const running = session.rows(ENDLESS);
    if (afterMs === 0) stop.abort(reason);
    else setTimeout(() => stop.abort(reason), afterMs);
    await expect(running).rejects.toBe(reason);
    await expect(session.run("SELECT 1")).rejects.toBe(reason);
  }, stop.signal);
  await expect(withSession(async () => undefined, stop.signal)).rejects.toBe(reason);
});

test("an aborted signal ends half-read rows with its reason, however many are ready", async () => {
  const stop = new AbortController();
  const reason = new Error("no longer needed");
  await withSession(async (session) => {
    const rows = await session.stream(`SELECT range FROM range(${10 * ROWS})`);
    await rows.next();
    stop.abort(reason);
    await expect(rows.next()).rejects.toBe(reason);
    await expect(count(rows)).rejects.toBe(reason);
  }, stop.signal);
});

test("lanes run side by side, as many as there are threads, in UTC and on one thread each", async () => {
  await withSession(async (session) => {
    const threads = "SELECT current_setting('threads') AS threads, current_setting('TimeZone') AS zone";
    let running = 0;
    let atOnce = 0;
    const found: unknown[] = [];
    await session.inLanes(async (lane) => {
      atOnce = Math.max(atOnce, ++running);
      found.push(...(await lane.rows(threads)));
      running--;
    });
    expect(atOnce).toBe(2);
    expect(found).toEqual(Array.from({ length: 2 }, () => ({ threads: 1n, zone: "UTC" })));
    expect(await session.rows(threads)).toEqual([{ threads: 2n, zone: "UTC" }]);
  });
});

test("of many threads a few are lanes, and these share the others", async () => {
  await withSession(
    async (session) => {
      const found: unknown[] = [];
      await session.inLanes(async (lane) => {
        found.push(...(await lane.rows("SELECT current_setting('threads') AS threads")));
      });
      expect(found).toEqual(Array.from({ length: 3 }, () => ({ threads: 6n })));
    },
    undefined,
    8,
  );
});

test("a failure of one lane is told when the others have ended, and the session goes on", async () => {
  await withSession(async (session) => {
    const ended: string[] = [];
    let lanes = 0;
    const failing = session.inLanes(async (lane) => {
      const isFirst = lanes++ === 0;
      await lane.rows(isFirst ? "SELECT error('boom')" : `SELECT sum(hash(range)) FROM range(${ROWS})`);
      ended.push("the other lane");
    });
    await expect(failing).rejects.toMatchObject({ message: "Invalid Input Error: boom" });
    expect(ended).toEqual(["the other lane"]);
    expect(await session.rows("SELECT current_setting('threads') AS threads")).toEqual([{ threads: 2n }]);
  });
});

test.each(["an aborted signal", "closing"])("%s ends all lanes", async (end) => {
  const stop = new AbortController();
  const reason = new Error("no longer needed");
  await withSession(async (session) => {
    const endings: Promise<unknown>[] = [];
    const running = session.inLanes(async (lane) => {
      const ending = lane.rows(ENDLESS);
      endings.push(ending);
      await ending;
    });
    setTimeout(() => (end === "closing" ? void session.close() : stop.abort(reason)), 200);
    const failure = end === "closing" ? { message: "the engine's session is closed" } : reason;
    await expect(running).rejects.toMatchObject(failure);
    for (const ending of endings) await expect(ending).rejects.toMatchObject(failure);
  }, stop.signal);
});

test("closing ends what runs and what is half-read, and leaves no file", async () => {
  await withSession(async (session, temporaryFolder) => {
    const sorted = `SELECT range, repeat('x', 300) AS x FROM range(${ROWS}) ORDER BY hash(range)`;
    const rows = await session.stream(sorted);
    await rows.next();
    expect(await readdir(temporaryFolder)).not.toEqual([]);
    await session.close();
    await expect(rows.next()).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await readdir(temporaryFolder)).toEqual([]);
  });
  await withSession(async (session) => {
    const running = session.rows(ENDLESS);
    const refused = expect(running).rejects.toMatchObject({ code: "INTERNAL" });
    await session.close();
    await refused;
  });
});
