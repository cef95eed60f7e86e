/** `dynalake demo`: a DynamoDB table becomes a lake that follows every write, before your eyes. */
import { rm } from "node:fs/promises";
import { DynalakeError } from "../../core/error.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { lakeTables, requireSchema } from "../../core/table/lake-table.ts";
import { readReadingState } from "../../core/table/reading-state.ts";
import { compareWithScan } from "../../demo/compare.ts";
import { type Lag, measureLag } from "../../demo/lag.ts";
import { type Review, ratedBy, reviews } from "../../demo/reviews.ts";
import {
  changeAuthor,
  createReviewsTable,
  deleteReview,
  loadReviews,
  putReview,
  REVIEWS_TABLE,
} from "../../demo/reviews-table.ts";
import { type LakeFolder, openLakeFolder } from "../../embedded/folder/lake-folder.ts";
import { followLake } from "../../embedded/following/follow-lake.ts";
import { startEmulator } from "../../emulator/emulator.ts";
import { folderStore } from "../../files/folder-store.ts";
import { connectSource, type SourceConnection } from "../../source/source-connection.ts";
import { streamSource } from "../../source/stream-source.ts";
import { type CommandContext, EXIT, type ExitCode, type GivenFile, givenFile } from "../command.ts";
import { resultWriter } from "../result-format.ts";
import { runQuery } from "../run-query.ts";
import { compactTable } from "./compact.ts";
import { snapshotCommand } from "./snapshot.ts";

export interface DemoOptions {
  readonly lake: string;
  readonly endpoint?: string;
}

const REVIEWS = 3_000;
const AUTHOR = "J.K. Rowling";
const QUESTION = `SELECT author, count(*) AS reviews, round(avg(rating), 2) AS rating\nFROM reviews WHERE author = '${AUTHOR}' GROUP BY author`;
const WRITES_PER_SECOND = 500;
const WRITE_SECONDS = 4;
const PROBE_USER = "demo-probe";

export async function demoCommand(context: CommandContext, options: DemoOptions): Promise<ExitCode> {
  const folder = givenFile(context, options.lake);
  await removeOldDemo(folder);
  const emulator =
    options.endpoint === undefined
      ? await startEmulator({ searchPath: context.settings.environment.PATH ?? "" })
      : undefined;
  const endpoint = emulator?.endpoint ?? (options.endpoint as string);
  const connection = connectSource({ endpoint, environment: context.settings.environment });
  try {
    await new Demo(context, folder, endpoint, connection).play(emulator?.kind ?? endpoint);
    return EXIT.done;
  } finally {
    connection.close();
    await emulator?.stop();
  }
}

/** The demo makes its lake anew, but never removes a folder that is not an earlier demo's. */
async function removeOldDemo({ name, path }: GivenFile): Promise<void> {
  const store = folderStore(path);
  const folders = await store.folders("");
  if (folders.length === 0) return;
  const tables = await lakeTables(store);
  const isDemo = tables.length === 1 ? tables[0] === "reviews" : await isUnfinishedDemo(store);
  if (isDemo && folders.length === 1) {
    await rm(path, { recursive: true, force: true });
    return;
  }
  throw new DynalakeError("USAGE", `${name} is not empty and no earlier demo's lake`, {
    next: "Give another folder with --lake.",
  });
}

/** An interrupted first snapshot leaves what it was making, and no schema. */
async function isUnfinishedDemo(store: ObjectStore): Promise<boolean> {
  const objects = await store.list("");
  return objects.every(({ path }) => /^reviews\/(staging|segments)\//.test(path));
}

class Demo {
  readonly #context: CommandContext;
  /** The lake's folder, as messages name it. */
  readonly #name: string;
  readonly #folder: string;
  readonly #endpoint: string;
  readonly #connection: SourceConnection;
  readonly #startMs = performance.now();
  #step = 0;

  constructor(context: CommandContext, folder: GivenFile, endpoint: string, connection: SourceConnection) {
    this.#context = context;
    this.#name = folder.name;
    this.#folder = folder.path;
    this.#endpoint = endpoint;
    this.#connection = connection;
  }

  async play(emulator: string): Promise<void> {
    const { client } = this.#connection;
    const loaded = reviews(REVIEWS);
    await this.#title(`A DynamoDB table, ${REVIEWS_TABLE}, on ${emulator}`);
    await createReviewsTable(client);
    await loadReviews(client, loaded);
    await this.#say(
      `${REVIEWS.toLocaleString("en-US")} reviews loaded: User and Book are the key, everything else is free.`,
    );

    await this.#title("A full snapshot seeds the lake");
    await this.#say(
      `$ npx dynalake snapshot --table ${REVIEWS_TABLE} --endpoint ${this.#endpoint} --lake ${this.#name}`,
    );
    await snapshotCommand(this.#context, {
      lake: this.#name,
      table: REVIEWS_TABLE,
      endpoint: this.#endpoint,
      threads: 2,
    });
    await this.#ask(ratedBy(loaded, AUTHOR));
    const schema = await requireSchema(folderStore(this.#folder), "reviews");
    await this.#follow(schema, loaded);
    await this.#compact(schema);
    await this.#prove(schema);
    await this.#farewell();
  }

  async #follow(schema: Schema, loaded: readonly Review[]): Promise<void> {
    await this.#title("`dynalake run` follows every write");
    const stop = new AbortController();
    const following = followLake({
      folder: this.#folder,
      tables: [{ schema, source: streamSource(this.#connection, REVIEWS_TABLE) }],
      maskKey: undefined,
      compactEverySeconds: undefined,
      once: false,
      signal: stop.signal,
      onEvent: () => undefined,
    });
    try {
      await Promise.race([this.#write(loaded), following]);
      await this.#untilCaughtUp(Math.ceil(Date.now() / 1000));
    } finally {
      stop.abort();
      await following;
    }
  }

  async #write(loaded: readonly Review[]): Promise<void> {
    const { client } = this.#connection;
    const own = loaded.filter((review) => review.Author === AUTHOR);
    const other = loaded.filter((review) => review.Author === "Jane Austen");
    const expected = ratedBy(loaded, AUTHOR) + 2 - 1;
    await putReview(client, { User: "you", Book: "The Tales of Beedle the Bard", Rating: 5, Author: AUTHOR });
    await changeAuthor(client, other[0] as Review, AUTHOR);
    await deleteReview(client, own[0] as Review);
    const writtenMs = performance.now();
    await this.#say(
      `One review more, one whose author changes to ${AUTHOR}, one deleted. The same question again:`,
    );
    const seconds = await this.#until(expected, writtenMs);
    await this.#ask(expected);
    await this.#say(`The answer was right ${seconds} s after the last write.`);
    await this.#say(
      `\nNow ${WRITES_PER_SECOND} writes a second for ${WRITE_SECONDS} seconds, and a query again and again:`,
    );
    await this.#say(lagText(await this.#lag()));
  }

  /** Lets the reader see the end of the stream, so that the lake's status tells it. */
  async #untilCaughtUp(sinceSeconds: number): Promise<void> {
    const store = folderStore(this.#folder);
    for (const deadlineMs = Date.now() + 10_000; Date.now() < deadlineMs; ) {
      const state = await readReadingState(store, "reviews");
      if ((state?.caughtUpAtSeconds ?? 0) >= sinceSeconds) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Asks until the count is as expected; the seconds that it took since the write. */
  async #until(expected: number, writtenMs: number): Promise<string> {
    const patienceMs = 30_000;
    while (performance.now() - writtenMs < patienceMs) {
      const [[count] = []] = await this.#rows(`SELECT count(*) FROM reviews WHERE author = '${AUTHOR}'`);
      if (Number(count) === expected) return ((performance.now() - writtenMs) / 1000).toFixed(1);
    }
    throw new DynalakeError("INTERNAL", "the lake did not follow the demo's writes within 30 seconds");
  }

  #lag(): Promise<Lag> {
    return measureLag({
      client: this.#connection.client,
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

  async #compact(schema: Schema): Promise<void> {
    await this.#title("A compaction makes query-ready files; the answer does not change");
    const question = "SELECT count(*), sum(rating) FROM reviews";
    const before = await this.#rows(question);
    await this.#say(`$ npx dynalake compact --lake ${this.#name}`);
    const lake = await openLakeFolder(this.#folder);
    try {
      for (const { kind, rows } of await compactTable(lake, schema, "grown")) {
        await this.#say(
          `${kind === "minor" ? "Folded the change log into a delta" : "Rewrote the base"}: ${rows.toLocaleString("en-US")} rows`,
        );
      }
    } finally {
      await lake.close();
    }
    const after = await this.#rows(question);
    if (JSON.stringify(before) !== JSON.stringify(after)) {
      throw new DynalakeError("INTERNAL", "a compaction changed the answer");
    }
    const [[count, sum] = []] = after;
    await this.#say(
      `Before and after: ${Number(count).toLocaleString("en-US")} reviews, ${sum} stars in all.`,
    );
  }

  async #prove(schema: Schema): Promise<void> {
    await this.#title("The proof: every item of the lake against a scan of the table");
    const lake: LakeFolder = await openLakeFolder(this.#folder);
    try {
      const { items, missing, extra } = await compareWithScan(this.#connection, lake, schema);
      if (missing + extra > 0) {
        throw new DynalakeError(
          "INTERNAL",
          `the lake differs from the table: ${missing} missing, ${extra} extra`,
        );
      }
      await this.#say(
        `${items.toLocaleString("en-US")} items compared, attribute by attribute: no difference.`,
      );
    } finally {
      await lake.close();
    }
  }

  async #farewell(): Promise<void> {
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(0);
    await this.#title(`Done in ${seconds} s. The lake stays in ${this.#name}; try`);
    const lake = `--lake ${this.#name}`;
    await this.#say(
      [
        `npx dynalake query "SELECT author, count(*) AS n FROM reviews GROUP BY author ORDER BY n DESC" ${lake}`,
        `npx dynalake query "SELECT _op, count(*) AS changes FROM reviews_history GROUP BY _op" ${lake}`,
        `npx dynalake status ${lake}`,
        `npx dynalake items ${lake} | head -3`,
      ]
        .map((command) => `  ${command}`)
        .join("\n"),
    );
  }

  async #ask(expected: number): Promise<void> {
    await this.#say(`\n${QUESTION.replace(/^/gm, "  ")}`);
    const writer = resultWriter("table");
    const { terminal } = this.#context;
    const rows: (readonly unknown[])[] = [];
    await runQuery(this.#folder, await this.#request(QUESTION), {
      begin: (columns) => terminal.print(writer.begin(columns)),
      rows: async (more) => {
        rows.push(...more);
        await terminal.print(writer.rows(more));
      },
    });
    await terminal.print(writer.end());
    if (Number(rows[0]?.[1]) !== expected) {
      throw new DynalakeError("INTERNAL", `the answer should have been ${expected}`);
    }
  }

  async #rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    const all: (readonly unknown[])[] = [];
    await runQuery(this.#folder, await this.#request(sql), {
      begin: async () => undefined,
      rows: async (rows) => {
        all.push(...rows);
      },
    });
    return all;
  }

  async #request(sql: string): Promise<{ readonly schemas: readonly Schema[]; readonly sql: string }> {
    return { schemas: [await requireSchema(folderStore(this.#folder), "reviews")], sql };
  }

  async #title(text: string): Promise<void> {
    this.#step++;
    const { terminal } = this.#context;
    const title = `${this.#step}. ${text}`;
    await terminal.print(`\n${terminal.colors ? `\u001b[1m${title}\u001b[0m` : title}\n`);
  }

  async #say(text: string): Promise<void> {
    await this.#context.terminal.print(`${text}\n`);
  }
}

function lagText(lag: Lag): string {
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
  const missing = lag.missing === 0 ? "none missing" : `${lag.missing} MISSING`;
  return `${lag.writes.toLocaleString("en-US")} writes at ${lag.writesPerSecond.toFixed(0)}/s, from the write to the row in SQL: half within ${seconds(lag.p50Ms)}, 99% within ${seconds(lag.p99Ms)}, ${missing}.`;
}
