/** Kills commands while a table is written to. */
import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { type RunningProcess, startDynalakeProcess } from "../support/cli-process.ts";
import type { Random } from "../support/random.ts";
import type { SourceTable } from "./source-table.ts";

/** Keeps putting, updating and deleting a few items until it is paused. */
export class Writer {
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
    while (!this.#paused) await this.once();
  }

  async once(): Promise<void> {
    const user = `u${this.#random.integer(0, 4)}`;
    const book = `b${this.#random.integer(0, 9)}`;
    const dice = this.#random.next();
    const N = String(this.#writes++);
    if (dice < 0.5) await this.#table.put({ User: { S: user }, Book: { S: book }, Write: { N } });
    else if (dice < 0.75) await this.#table.update(user, book, "Changed", { N });
    else await this.#table.remove(user, book);
  }
}

/** Calls `onEvent` for every event in a folder and its subfolders, including new ones. */
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
      // It has been removed again.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  };
  add(folder);
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}

const PATIENCE_MS = 4_000;

/** Kills commands and remembers how, so that a failure shows what came before it. */
export class Killer {
  readonly history: string[];
  readonly #lake: string;
  #kills = 0;

  constructor(lake: string, ...history: readonly string[]) {
    this.#lake = lake;
    this.history = [...history];
  }

  /** The number of commands killed; others ended first. */
  get kills(): number {
    return this.#kills;
  }

  async afterMs(milliseconds: number, args: readonly string[]): Promise<void> {
    const running = startDynalakeProcess(args);
    const timer = setTimeout(() => running.signal("SIGKILL"), milliseconds);
    await this.#remember(running, `${args[0]} after ${milliseconds} ms`);
    clearTimeout(timer);
  }

  /** Kills the command a while after it has printed `text`; it may end first. */
  async afterTold(text: string, milliseconds: number, args: readonly string[]): Promise<void> {
    const running = startDynalakeProcess(args);
    let timer: NodeJS.Timeout | undefined;
    const kill = (): void => {
      timer = setTimeout(() => running.signal("SIGKILL"), milliseconds);
    };
    await running.told(text).then(kill, () => undefined);
    await this.#remember(running, `${args[0]} ${milliseconds} ms after "${text}"`);
    clearTimeout(timer);
  }

  /** Kills the command at its n-th event in the lake's folder, or late; it may end first. */
  async atEvent(number: number, args: readonly string[]): Promise<"killed" | "ended"> {
    let events = 0;
    const running = startDynalakeProcess(args);
    const close = watchTree(this.#lake, () => {
      if (++events === number) running.signal("SIGKILL");
    });
    const patience = setTimeout(() => running.signal("SIGKILL"), PATIENCE_MS);
    const how = await this.#remember(running, `${args[0]} at event ${number}`);
    clearTimeout(patience);
    close();
    return how;
  }

  async #remember(running: RunningProcess, how: string): Promise<"killed" | "ended"> {
    const { code, signal, stderr } = await running.ended;
    this.history.push(`${how}: ${signal ?? code} ${stderr.slice(-200)}`);
    if (signal === null) return "ended";
    this.#kills++;
    return "killed";
  }
}
