/**
 * Runs each statement of somebody else in a process of its own. The engine cannot be relied on to stop (an interrupt may take
 * many seconds) or to survive any statement; a process can be ended. One process waits, so that a statement starts at once.
 */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DynalakeError } from "../core/error.ts";
import type { Cell, ResultColumn } from "../core/ports/query-result.ts";
import type { FromStatement, StatementRequest, ToStatement } from "./statement-message.ts";

/** A process that is asked to end gets this long for it. */
const STOP_MS = 500;

export interface StartedStatement {
  readonly columns: readonly ResultColumn[];
  /** To be read once. Leaving it early ends the statement. */
  readonly batches: AsyncIterable<readonly (readonly Cell[])[]>;
}

export class StatementProcesses {
  readonly #script: string;
  readonly #running: Set<StatementProcess> = new Set();
  #waiting: StatementProcess | undefined;
  #isClosed = false;

  /** `script`: the built worker; by default the one beside the built command line. Throws INTERNAL where there is none. */
  constructor(script: string = builtWorker()) {
    this.#script = script;
    this.#keepOneWaiting();
  }

  /**
   * Rejects as a query does, with the signal's reason once it is aborted, and with ENGINE_FAILED if the process dies. After an
   * abort nothing of the statement runs for longer than half a second.
   */
  async start(request: StatementRequest, signal: AbortSignal): Promise<StartedStatement> {
    signal.throwIfAborted();
    const statement = this.#waiting ?? new StatementProcess(this.#script);
    this.#waiting = undefined;
    this.#running.add(statement);
    const onAbort = (): void => statement.stop();
    signal.addEventListener("abort", onAbort, { once: true });
    const end = (): void => {
      signal.removeEventListener("abort", onAbort);
      statement.stop();
      this.#running.delete(statement);
      this.#keepOneWaiting();
    };
    const asked = async (message: ToStatement): Promise<FromStatement> => {
      const answer = await statement.ask(message);
      signal.throwIfAborted();
      if (answer.kind === "failure") throw failureOf(answer);
      return answer;
    };
    try {
      const first = await asked({ kind: "run", request });
      return { columns: first.kind === "columns" ? first.columns : [], batches: batchesOf(asked, end) };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Ends whatever runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#running, ...(this.#waiting === undefined ? [] : [this.#waiting])];
    for (const statement of all) statement.stop();
    await Promise.all(all.map(({ ended }) => ended));
  }

  #keepOneWaiting(): void {
    if (!this.#isClosed) this.#waiting ??= new StatementProcess(this.#script);
  }
}

async function* batchesOf(
  asked: (message: ToStatement) => Promise<FromStatement>,
  end: () => void,
): AsyncGenerator<readonly (readonly Cell[])[]> {
  try {
    for (let next = await asked({ kind: "more" }); next.kind === "rows"; next = await asked({ kind: "more" }))
      yield next.rows;
  } finally {
    end();
  }
}

class StatementProcess {
  readonly #child: ChildProcess;
  readonly ended: Promise<void>;
  #hasEnded = false;
  #isStopping = false;
  #hasStatement = false;

  constructor(script: string) {
    this.#child = fork(script, [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.ended = new Promise((resolve) => {
      const onEnd = (): void => {
        this.#hasEnded = true;
        resolve();
      };
      this.#child.once("exit", onEnd).once("error", onEnd);
    });
  }

  /** The next message, or the failure that the process died. */
  ask(message: ToStatement): Promise<FromStatement> {
    this.#hasStatement = true;
    return new Promise((resolve) => {
      const settle = (answer: FromStatement): void => {
        this.#child.off("message", settle).off("exit", onExit);
        resolve(answer);
      };
      const onExit = (): void => settle(DIED);
      if (this.#hasEnded) return settle(DIED);
      this.#child.on("message", settle).on("exit", onExit);
      this.#child.send(message, (error) => {
        if (error !== null) onExit();
      });
    });
  }

  /** It cleans up and dies, and is killed if it does not. One without a statement has nothing to clean up. */
  stop(): void {
    if (this.#hasEnded || this.#isStopping) return;
    this.#isStopping = true;
    const kill = (): void => void this.#child.kill("SIGKILL");
    if (!this.#hasStatement) {
      kill();
      return;
    }
    const timer = setTimeout(kill, STOP_MS);
    void this.ended.then(() => clearTimeout(timer));
    if (this.#child.connected) this.#child.disconnect();
  }
}

const DIED: FromStatement = {
  kind: "failure",
  code: "ENGINE_FAILED",
  message: "the process of the statement ended before the statement did",
  next: "Give the statement less to do at once, such as fewer rows or columns, and run it again.",
};

function failureOf({ code, message, next }: Extract<FromStatement, { kind: "failure" }>): Error {
  return code === undefined
    ? new Error(message)
    : new DynalakeError(code, message, next === undefined ? {} : { next });
}

function builtWorker(): string {
  const places = ["../statement-worker.js", "./statement-worker.js", "../../dist/statement-worker.js"];
  const script = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (script !== undefined) return script;
  throw new DynalakeError("INTERNAL", "the worker of statements is missing from this installation", {
    next: "In a clone run `npm run build`; otherwise install dynalake again.",
  });
}
