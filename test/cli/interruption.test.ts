/** A command that dies at any moment loses nothing: the next run mends what it left. */
import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { SourceConnection } from "../../src/embedded/dynamodb/clients.ts";
import { type Emulator, startEmulator } from "../../src/embedded/emulator.ts";
import { done, dynalake, expectRefused, lakeItems, type Running, startDynalake } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { type Random, randomOf } from "../support/random.ts";
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

/** Rounds of kills; more of them search longer. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 2);

/** Puts, updates and deletes a few items again and again, until it is paused. */
class Writer {
  readonly #table: SourceTable;
  readonly #random: Random;
  #writes = 0;
  #paused = true;
  #writing: Promise<void> = Promise.resolve();

  constructor(table: SourceTable, random: Random) {
    this.#table = table;
    this.#random = random;
  }

  get writes(): number {
    return this.#writes;
  }

  resume(): void {
    this.#paused = false;
    this.#writing = this.#write();
  }

  async pause(): Promise<void> {
    this.#paused = true;
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (!this.#paused) {
      const user = `u${this.#random.integer(0, 4)}`;
      const book = `b${this.#random.integer(0, 9)}`;
      const dice = this.#random.next();
      const N = String(this.#writes++);
      if (dice < 0.5) await this.#table.put({ User: { S: user }, Book: { S: book }, Write: { N } });
      else if (dice < 0.75) await this.#table.update(user, book, "Changed", { N });
      else await this.#table.remove(user, book);
    }
  }
}

/** Calls `onEvent` for whatever happens in a folder and the folders within it, also in those that are made meanwhile. */
function watchTree(folder: string, onEvent: () => void): () => void {
  const watchers: FSWatcher[] = [];
  const add = (path: string): void => {
    try {
      watchers.push(
        watch(path, (_, name) => {
          onEvent();
          const inner = join(path, name ?? "");
          if (statSync(inner, { throwIfNoEntry: false })?.isDirectory()) add(inner);
        }),
      );
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.isDirectory()) add(join(path, entry.name));
      }
    } catch (error) {
      // It is gone again.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  };
  add(folder);
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}

/** Kills commands, and remembers how, so that a failure tells what came before it. */
class Killer {
  readonly history: string[];
  readonly #lake: string;

  constructor(lake: string, ...history: readonly string[]) {
    this.#lake = lake;
    this.history = [...history];
  }

  async afterMs(milliseconds: number, args: readonly string[]): Promise<void> {
    const running = startDynalake(args);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    running.signal("SIGKILL");
    await this.#remember(running, `${args[0]} after ${milliseconds} ms`);
  }

  /** Kills it at one of the events that it causes in the lake's folder, or late; it may end before. */
  async atEvent(number: number, args: readonly string[]): Promise<void> {
    let events = 0;
    const running = startDynalake(args);
    const close = watchTree(this.#lake, () => {
      if (++events === number) running.signal("SIGKILL");
    });
    const patience = setTimeout(() => running.signal("SIGKILL"), 4_000);
    await this.#remember(running, `${args[0]} at event ${number}`);
    clearTimeout(patience);
    close();
  }

  async #remember(running: Running, how: string): Promise<void> {
    const { code, signal, stderr } = await running.ended;
    this.history.push(`${how}: ${signal ?? code} ${stderr.slice(-200)}`);
  }
}

test("`run`, `compact` and `snapshot` killed at random moments, while writes go on, lose nothing", async () => {
  await withFolder(async (lake) => {
    const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000);
    const random = randomOf(seed);
    const table = await SourceTable.create(connection, `Killed-${seed}`);
    const writer = new Writer(table, random);
    const of = ["--lake", lake, "--table", table.name, "--endpoint", emulator.endpoint];
    const [run, snapshot] = [
      ["run", ...of, "--compact-every", "0.2"],
      ["snapshot", ...of],
    ] as const;
    const compact = ["compact", "--lake", lake, "--all"];
    const killer = new Killer(lake, `seed ${seed}`);
    const { history } = killer;
    for (let round = 0; round < ROUNDS; round++) {
      writer.resume();
      // The first ones meet a lake that does not exist, or of which there is a part.
      await Promise.all([
        killer.afterMs(random.integer(300, 2500), run),
        killer.afterMs(random.integer(300, 1200), snapshot),
        killer.afterMs(random.integer(200, 900), compact),
      ]);
      await killer.atEvent(random.integer(1, 40), run);
      await killer.atEvent(random.integer(1, 20), snapshot);
      await killer.atEvent(random.integer(1, 8), compact);
      await writer.pause();

      const mended = await dynalake(["run", ...of, "--once"]);
      expect({ history, ...mended }).toMatchObject({ history, code: 0 });
      const items = await lakeItems(lake).catch((cause: unknown) => {
        throw new Error(history.join("\n"), { cause });
      });
      expect({ history, items }).toEqual({ history, items: await table.items() });
    }
    expect(writer.writes).toBeGreaterThan(0);

    await done(["compact", "--lake", lake, "--all"]);
    await done(["vacuum", "--lake", lake, "--retention-hours", "0", "--grace-hours", "0"]);
    expect(await lakeItems(lake)).toEqual(await table.items());
    const left = (await readdir(lake, { recursive: true })).filter((name) => /\.tmp|staging\/./.test(name));
    expect(left).toEqual([]);
  });
}, 240_000);

test("a first snapshot that died before its commit is taken again, though the stream is younger than the items", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(connection, "Older", "no stream");
    await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    await table.enableStream();
    await table.put({ User: { S: "bob" }, Book: { S: "Mort" } });
    const of = ["--table", table.name, "--endpoint", emulator.endpoint];
    const whole = join(folder, "whole");
    await done(["snapshot", ...of, "--lake", whole]);
    const lake = join(folder, "lake");
    await mkdir(join(lake, "older"), { recursive: true });
    await cp(join(whole, "older", "schema.json"), join(lake, "older", "schema.json"));

    const untold = await dynalake(["run", "--once", "--lake", lake]);
    expectRefused(untold, { code: "INCOMPLETE", names: ['"older"'], next: "--table" });
    const run = ["run", "--once", ...of, "--lake", lake];
    expect((await dynalake(run)).stderr).toContain("taking its first snapshot");
    expect(await lakeItems(lake)).toEqual(await table.items());
  });
});

test("a second interrupt ends a command at once, and a command without a clean end at the first one", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(connection, "Interrupted");
    await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    const lake = join(folder, "lake");
    const tmp = join(folder, "tmp");
    const env = { TMPDIR: tmp };
    const of = ["--lake", lake, "--table", table.name, "--endpoint", emulator.endpoint];
    await done(["snapshot", ...of], { env });

    const slow = startDynalake(
      ["query", "SELECT count(*) FROM range(1000000000) a, range(1000000000) b, interrupted", "--lake", lake],
      { env },
    );
    for (;;) {
      // It has got as far as its session's folder.
      if ((await readdir(tmp)).length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    slow.signal("SIGINT");
    const ended = await slow.ended;
    expect({ ...ended, left: await readdir(tmp) }).toMatchObject({ code: 130, stdout: "", left: [] });
    expect(await lakeItems(lake)).toEqual(await table.items());
  });
});
