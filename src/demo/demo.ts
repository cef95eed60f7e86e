/** The demo: a DynamoDB table becomes a lake that follows every write. */
import { counted, grouped } from "../core/counted.ts";
import { DynalakeError } from "../core/error.ts";
import type { Cell, ResultColumn } from "../core/ports/query-result.ts";
import type { Lake } from "../library/lake.ts";
import type { SnapshotReport } from "../library/reports.ts";
import type { SourceConnection } from "../source/source-connection.ts";
import { compareWithScan } from "./compare.ts";
import { type Lag, measureLag } from "./lag.ts";
import { type Review, ratedBy, reviews } from "./reviews.ts";
import {
  changeAuthor,
  createReviewsTable,
  deleteReview,
  loadReviews,
  putReview,
  REVIEWS_TABLE,
} from "./reviews-table.ts";

/** Where the demo shows what it does. */
export interface DemoStage {
  readonly title: (text: string) => Promise<void>;
  readonly say: (text: string) => Promise<void>;
  readonly rows: (columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[]) => Promise<void>;
  readonly snapshot: (report: SnapshotReport) => Promise<void>;
}

export interface DemoSetting {
  readonly lake: Lake;
  /** The lake's folder, as messages name it. */
  readonly lakeName: string;
  readonly connection: SourceConnection;
  readonly endpoint: string;
  /** What answers at the endpoint. */
  readonly emulator: string;
}

const REVIEWS = 3_000;
const AUTHOR = "J.K. Rowling";
const QUESTION = `SELECT author, count(*) AS reviews, round(avg(rating), 2) AS rating\nFROM reviews WHERE author = '${AUTHOR}' GROUP BY author`;
const WRITES_PER_SECOND = 500;
const WRITE_SECONDS = 4;
const PROBE_USER = "demo-probe";
const PATIENCE_MS = 30_000;
const CAUGHT_UP_MS_MAX = 10_000;

export async function playDemo(setting: DemoSetting, stage: DemoStage): Promise<void> {
  await new Demo(setting, stage).play();
}

class Demo {
  readonly #setting: DemoSetting;
  readonly #stage: DemoStage;
  readonly #startMs = performance.now();

  constructor(setting: DemoSetting, stage: DemoStage) {
    this.#setting = setting;
    this.#stage = stage;
  }

  async play(): Promise<void> {
    const { connection, emulator, endpoint, lake, lakeName } = this.#setting;
    const { title, say } = this.#stage;
    const loaded = reviews(REVIEWS);
    await title(`A DynamoDB table, ${REVIEWS_TABLE}, on ${emulator}`);
    await createReviewsTable(connection);
    await loadReviews(connection, loaded);
    await say(`${counted(REVIEWS, "review")} loaded. User and Book are the key.`);

    await title("A full snapshot seeds the lake");
    await say(`$ npx dynalake snapshot --source ${REVIEWS_TABLE} --endpoint ${endpoint} --lake ${lakeName}`);
    await this.#stage.snapshot(await lake.snapshot({ source: REVIEWS_TABLE }));
    await this.#ask(ratedBy(loaded, AUTHOR));
    await this.#follow(loaded);
    await this.#compact();
    await this.#prove();
    await this.#farewell();
  }

  async #follow(loaded: readonly Review[]): Promise<void> {
    await this.#stage.title("`dynalake run` follows every write");
    const stop = new AbortController();
    const following = this.#setting.lake.follow({ compactEverySeconds: false, signal: stop.signal });
    try {
      await Promise.race([this.#write(loaded), following]);
      await this.#untilCaughtUp(Math.ceil(Date.now() / 1000));
    } finally {
      stop.abort();
      await following;
    }
  }

  async #write(loaded: readonly Review[]): Promise<void> {
    const { connection } = this.#setting;
    const { say } = this.#stage;
    const own = loaded.filter((review) => review.Author === AUTHOR);
    const other = loaded.filter((review) => review.Author === "Jane Austen");
    const expected = ratedBy(loaded, AUTHOR) + 2 - 1;
    await putReview(connection, {
      User: "you",
      Book: "The Tales of Beedle the Bard",
      Rating: 5,
      Author: AUTHOR,
    });
    await changeAuthor(connection, other[0] as Review, AUTHOR);
    await deleteReview(connection, own[0] as Review);
    const writtenMs = performance.now();
    await say(
      `One review added, one whose author changes to ${AUTHOR}, one deleted. The same question again:`,
    );
    const seconds = await this.#until(expected, writtenMs);
    await this.#ask(expected);
    await say(`The answer was right ${seconds} s after the last write.`);
    await say(
      `\nNow ${WRITES_PER_SECOND} writes a second for ${WRITE_SECONDS} seconds, and a query again and again:`,
    );
    await say(lagText(await this.#lag()));
  }

  /** Lets the reader see the end of the stream, so that the lake's status shows it. */
  async #untilCaughtUp(sinceSeconds: number): Promise<void> {
    const table = this.#setting.lake.table("reviews");
    for (const deadlineMs = Date.now() + CAUGHT_UP_MS_MAX; Date.now() < deadlineMs; ) {
      const { stream } = await table.status();
      const behindSeconds = stream?.behindSeconds ?? Number.POSITIVE_INFINITY;
      if (Math.floor(Date.now() / 1000) - behindSeconds >= sinceSeconds) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Asks until the count is as expected; the seconds that it took since the write. */
  async #until(expected: number, writtenMs: number): Promise<string> {
    while (performance.now() - writtenMs < PATIENCE_MS) {
      const [[count] = []] = await this.#rows(`SELECT count(*) FROM reviews WHERE author = '${AUTHOR}'`);
      if (Number(count) === expected) return ((performance.now() - writtenMs) / 1000).toFixed(1);
    }
    throw new DynalakeError("INTERNAL", "the lake did not follow the demo's writes within 30 seconds");
  }

  #lag(): Promise<Lag> {
    return measureLag({
      source: this.#setting.connection,
      writesPerSecond: WRITES_PER_SECOND,
      seconds: WRITE_SECONDS,
      user: PROBE_USER,
      patienceSeconds: 20,
      visibleBooks: async (user, sinceSeconds) => {
        const since = `_changed_at >= make_timestamp(${sinceSeconds} * 1000000::BIGINT)`;
        const rows = await this.#rows(`SELECT book FROM reviews WHERE "user" = '${user}' AND ${since}`);
        return rows.map(([book]) => String(book));
      },
    });
  }

  async #compact(): Promise<void> {
    const { say, title } = this.#stage;
    const { lake, lakeName } = this.#setting;
    await title("A compaction makes query-ready files; the answer does not change");
    const question = "SELECT count(*), sum(rating) FROM reviews";
    const before = await this.#rows(question);
    await say(`$ npx dynalake compact --lake ${lakeName}`);
    const { runs } = await lake.table("reviews").compact();
    for (const { kind, rows } of runs) {
      const done = kind === "minor" ? "Folded the change log into a delta" : "Rewrote the base";
      await say(`${done}: ${counted(rows, "row")}`);
    }
    const after = await this.#rows(question);
    if (JSON.stringify(before) !== JSON.stringify(after)) {
      throw new DynalakeError("INTERNAL", "a compaction changed the answer");
    }
    const [[count, sum] = []] = after;
    await say(
      `Before and after: ${counted(Number(count), "review")}, ${grouped(Number(sum))} stars in total.`,
    );
  }

  async #prove(): Promise<void> {
    const { say, title } = this.#stage;
    const { connection, lake } = this.#setting;
    await title("The proof: every item of the lake against a scan of the table");
    const compared = await compareWithScan(connection, REVIEWS_TABLE, lake.table("reviews").items());
    const { items, missing, extra } = compared;
    if (missing + extra > 0) {
      const message = `the lake differs from the table: ${missing} missing, ${extra} extra`;
      throw new DynalakeError("INTERNAL", message);
    }
    await say(`${counted(items, "item")} compared, attribute by attribute: no difference.`);
  }

  async #farewell(): Promise<void> {
    const { lakeName } = this.#setting;
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(0);
    await this.#stage.title(`Done in ${seconds} s. The lake stays in ${lakeName}; try`);
    const lake = `--lake ${lakeName}`;
    const commands = [
      `npx dynalake query "SELECT author, count(*) AS n FROM reviews GROUP BY author ORDER BY n DESC" ${lake}`,
      `npx dynalake query "SELECT _op, count(*) AS changes FROM reviews_history GROUP BY _op" ${lake}`,
      `npx dynalake status ${lake}`,
      `npx dynalake items ${lake} | head -3`,
    ];
    await this.#stage.say(commands.map((command) => `  ${command}`).join("\n"));
  }

  async #ask(expected: number): Promise<void> {
    await this.#stage.say(`\n${QUESTION.replace(/^/gm, "  ")}`);
    const query = this.#setting.lake.query(QUESTION, { numbers: "string" });
    const columns = await query.columns();
    const rows: (readonly Cell[])[] = [];
    for await (const row of query.arrays()) rows.push(row);
    await this.#stage.rows(columns, rows);
    if (Number(rows[0]?.[1]) !== expected)
      throw new DynalakeError("INTERNAL", `the answer should have been ${expected}`);
  }

  async #rows(sql: string): Promise<readonly (readonly Cell[])[]> {
    const all: (readonly Cell[])[] = [];
    for await (const row of this.#setting.lake.query(sql, { numbers: "string" }).arrays()) all.push(row);
    return all;
  }
}

function lagText({ writes, writesPerSecond, p50Ms, p99Ms, missing }: Lag): string {
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
  const lost = missing === 0 ? "none missing" : `${missing} MISSING`;
  return `${counted(writes, "write")} at ${writesPerSecond.toFixed(0)}/s; write-to-query latency: median ${seconds(p50Ms)}, 99% within ${seconds(p99Ms)}, ${lost}.`;
}
