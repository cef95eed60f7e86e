/** `dynalake ui` as people start it: its server, the page that the build left, and statements in processes of their own. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { done } from "../support/cli.ts";
import { dynalakeProcess, type RunningProcess, startDynalakeProcess } from "../support/cli-process.ts";
import { answerLines, type ConsoleSession, consoleSession } from "../support/console-session.ts";
import { deepTest } from "../support/deep-test.ts";
import { firstOf } from "../support/effort.ts";
import { writeExport } from "./export-fixture.ts";

/** Far longer than the tests let it run. */
const ENDLESS =
  "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE hash(a.range, b.range) = 0";

let folder: string;
let lake: string;
let ui: RunningProcess;
let link: URL;
let session: ConsoleSession;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  lake = join(folder, "lake");
  const items = Array.from({ length: 3_000 }, (_, i) => ({ Id: { S: `id-${i}` } }));
  const whole = await writeExport(join(folder, "export"), items);
  await done(["snapshot", "--from-export", whole, "--key", "Id", "--name", "t", "--lake", lake]);
  ui = startDynalakeProcess(["ui", "--lake", lake, "--port", "0"], { secondsMax: 300 });
  link = new URL((await ui.printed("\n")).trim());
  session = await consoleSession(link);
});

afterAll(async () => {
  ui.signal("SIGINT");
  await ui.ended;
  await rm(folder, { recursive: true, force: true });
});

test("the page is there, whole and small enough, and nothing of it comes from elsewhere", async () => {
  const index = await (await session.ask("/")).text();
  const named = [...index.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name as string);
  expect(named.sort()).toEqual(["icon.svg", "main.js", "style.css"]);
  for (const name of named) expect((await session.ask(`/${name}`)).status).toBe(200);
});

test("the overview shows the lake", async () => {
  expect(await (await session.ask("/api/lake")).json()).toMatchObject({
    place: { kind: "folder", name: lake },
    tables: [{ name: "t", rows: 3_000 }],
  });
});

test("a statement runs in a process of its own, and its rows come whole", async () => {
  const lines = await answerLines(await session.post("/api/statements", { sql: "SELECT id FROM t" }));
  const rows = lines.flatMap((line) => (line.rows ?? []) as readonly unknown[]);
  expect(lines[0]).toMatchObject({ columns: [{ name: "id", type: "VARCHAR" }] });
  expect(rows).toHaveLength(3_000);
  expect(lines.at(-1)).toMatchObject({ end: { rows: 3_000, isCut: false } });
});

test.each(firstOf(1, ["csv", "json", "parquet"]))(
  "a result is saved as %s, byte for byte as query writes it",
  async (format) => {
    const sql = "SELECT id, length(id) AS n FROM t ORDER BY id";
    const answer = await session.post("/api/files", { sql, format });
    expect(answer.status).toBe(200);
    const out = join(folder, `result.${format}`);
    await done(["query", sql, "--lake", lake, "--out", out]);
    expect(Buffer.from(await answer.arrayBuffer()).equals(await readFile(out))).toBe(true);
  },
);

deepTest("a statement that fails is no file", async () => {
  const answer = await session.post("/api/files", { sql: "SELECT nothing FROM t", format: "csv" });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    error: {
      code: "SQL_FAILED",
      message: expect.stringContaining("nothing"),
      next: expect.stringContaining("Correct"),
    },
  });
});

const REFUSED = [
  ["reads a file", "SELECT * FROM read_text('/etc/hostname')"],
  ["writes a file", "COPY t TO '/tmp/x.csv'"],
  ["makes the engine write", "SELECT * FROM enable_profiling(format='json', save_location='/tmp/x')"],
  ["is two", "SELECT 1; SELECT 2"],
];

test.each(firstOf(1, REFUSED))("a statement that %s is refused", async (_, sql) => {
  const lines = await answerLines(await session.post("/api/statements", { sql }));
  expect(lines).toMatchObject([{ error: { code: "SQL_FAILED" } }]);
});

deepTest("a statement whose reader leaves ends, and makes room for another", async () => {
  const leaving = new AbortController();
  const atOnce = 3;
  const answers = Array.from({ length: atOnce }, () =>
    session.post("/api/statements", { sql: ENDLESS }, leaving.signal).then(
      (answer) => answer.text(),
      () => undefined,
    ),
  );
  const next = (): Promise<Response> => session.post("/api/statements", { sql: "SELECT 42 AS answer" });
  let other = await next();
  while (other.status !== 400) {
    await other.text();
    other = await next();
  }
  expect(await other.json()).toMatchObject({ error: { message: `${atOnce} statements are running` } });
  leaving.abort();
  await Promise.allSettled(answers);
  while (other.status === 400) other = await next();
  expect(await answerLines(other)).toMatchObject([{}, { rows: [[42]] }, { end: { rows: 1 } }]);
});

test("another host name is refused over the socket, too", async () => {
  const status = await new Promise((resolve, reject) => {
    const { hostname, port } = link;
    request(
      { hostname, port, path: "/api/lake", headers: { ...session.headers, host: "evil.example" } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    )
      .on("error", reject)
      .end();
  });
  expect(status).toBe(403);
});

test("a page whose session is not this console's makes the terminal show a new link", async () => {
  await fetch(new URL("/api/lake", link));
  await ui.told("A page asked without a session. To open it: http://127.0.0.1:");
});

deepTest("a port that is taken, and a folder without a lake, are said at once", async () => {
  const taken = await dynalakeProcess(["ui", "--lake", lake, "--port", link.port]);
  expect(taken).toMatchObject({ code: 2, stdout: "" });
  expect(taken.stderr).toContain(
    `error USAGE: port ${link.port} is in use\n  -> Choose another one with --port`,
  );
  const none = await dynalakeProcess(["ui", "--lake", join(folder, "none"), "--port", "0"]);
  expect(none).toMatchObject({ code: 1, stdout: "" });
  expect(none.stderr).toContain("error LAKE_NOT_FOUND");
});

test("an interrupt ends it, and everything that it started", async () => {
  const one = startDynalakeProcess(["ui", "--lake", lake, "--port", "0"]);
  await one.told("works once");
  one.signal("SIGINT");
  expect(await one.ended).toMatchObject({ code: 0 });
});
