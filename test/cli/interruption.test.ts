/** A command that dies at any moment loses nothing: the next run mends what it left. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { SourceConnection } from "../../src/embedded/dynamodb/clients.ts";
import { type Emulator, startEmulator } from "../../src/embedded/emulator.ts";
import { done, dynalake, lakeItems, startDynalake } from "../support/cli.ts";
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

test(`\`run\`, \`compact\` and \`snapshot\` killed at random moments, while writes go on, lose nothing`, async () => {
  await withFolder(async (folder) => {
    const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000);
    const random = randomOf(seed);
    const table = await SourceTable.create(connection, `Killed-${seed}`);
    const writer = new Writer(table, random);
    const lake = join(folder, "lake");
    const of = ["--lake", lake, "--table", table.name, "--endpoint", emulator.endpoint];
    const history: string[] = [`seed ${seed}`];
    const killAfter = async (milliseconds: number, ...args: readonly string[]): Promise<void> => {
      const running = startDynalake(args);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      running.signal("SIGKILL");
      const { code, signal, stderr } = await running.ended;
      history.push(`${args[0]} for ${milliseconds} ms: ${signal ?? code} ${stderr.slice(-200)}`);
    };
    // The first two meet a lake that does not exist, or of which there is a part.
    for (let round = 0; round < ROUNDS; round++) {
      writer.resume();
      await Promise.all([
        killAfter(random.integer(300, 2500), "run", ...of, "--compact-every", "0.2"),
        killAfter(random.integer(300, 1200), "snapshot", ...of),
        killAfter(random.integer(200, 900), "compact", "--lake", lake, "--all"),
      ]);
      await killAfter(random.integer(200, 1500), "run", ...of, "--compact-every", "0.1");
      await writer.pause();

      const mended = await dynalake(["run", ...of, "--once"]);
      expect({ history, ...mended }).toMatchObject({ history, code: 0 });
      const items = await lakeItems(lake);
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
