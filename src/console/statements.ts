/** Statements of the console: bounded in rows, size, time and cost, each answer as lines while it comes. */
import { defined } from "../core/defined.ts";
import { DynalakeError } from "../core/error.ts";
import type { Cell } from "../core/ports/query-result.ts";
import type { StartedStatement } from "../library/statement-processes.ts";
import type { PastStatement, StatementLine, StatementPrice } from "./api.ts";
import { apiError } from "./api-error.ts";
import { shownValue } from "./shown-value.ts";

export interface StatementLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly secondsMax: number;
  readonly atOnceMax: number;
}

export const STATEMENT_LIMITS: StatementLimits = {
  rowsMax: 100_000,
  bytesMax: 64 * 1024 * 1024,
  secondsMax: 600,
  atOnceMax: 3,
};

const PAST_MAX = 100;

export interface AskedStatement {
  readonly sql: string;
  readonly asOfSeconds: number | undefined;
}

/** What runs the statements of a console. */
export interface StatementEngine {
  /** Rejects with SQL_FAILED and other failures of a query. The signal stops the statement, and so do more bytes than it may read. */
  start(asked: AskedStatement, signal: AbortSignal, bytesMax?: number): Promise<EngineAnswer>;
  /** Where statements cost something. */
  readonly pricing?: Pricing;
}

export interface Pricing {
  /** What a statement may read without a word. */
  readonly freeBytes: number;
  of(asked: AskedStatement): Promise<StatementPrice>;
}

export interface EngineAnswer extends StartedStatement {
  /** What was paid for. */
  readonly scannedBytes?: number;
  /** By which the same answer can be read once more. */
  readonly execution?: string;
}

export class Statements {
  readonly #engine: StatementEngine;
  readonly #limits: StatementLimits;
  readonly #nowMs: () => number;
  #running = 0;
  #past: readonly PastStatement[] = [];
  /** By statement and time. */
  readonly #executions: Map<string, string> = new Map();

  constructor(engine: StatementEngine, limits: StatementLimits, nowMs: () => number) {
    this.#engine = engine;
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** Those of this console, newest first. */
  get past(): readonly PastStatement[] {
    return this.#past;
  }

  /** Of the last time that the statement ran to its end, where its answer can be read again. */
  executionOf(asked: AskedStatement): string | undefined {
    return this.#executions.get(nameOf(asked));
  }

  /**
   * The lines of the answer, as bytes. A reader that leaves stops the statement. `agreedBytes`: what the asker agreed to pay for.
   * Throws USAGE if too many run.
   */
  answer(asked: AskedStatement, agreedBytes = 0): ReadableStream<Uint8Array> {
    if (this.#running >= this.#limits.atOnceMax)
      throw new DynalakeError("USAGE", `${this.#running} statements are running`, {
        next: "Stop one of them, or wait for its end.",
      });
    this.#running++;
    const stopping = new AbortController();
    const lines = this.#lines(asked, agreedBytes, stopping.signal);
    const encoder = new TextEncoder();
    return new ReadableStream({
      pull: async (stream) => {
        const { done, value } = await lines.next();
        if (done === true) stream.close();
        else stream.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
      },
      cancel: async () => {
        stopping.abort(new DynalakeError("INCOMPLETE", "the statement was stopped"));
        await lines.return(undefined);
      },
    });
  }

  async *#lines(
    asked: AskedStatement,
    agreedBytes: number,
    stopped: AbortSignal,
  ): AsyncGenerator<StatementLine> {
    const begunMs = this.#nowMs();
    const { secondsMax } = this.#limits;
    const late = AbortSignal.timeout(secondsMax * 1000); // breakage: console-statements-have-a-limit
    let rows: number | undefined;
    let isAsked = false;
    try {
      const { pricing } = this.#engine;
      const price = await pricing?.of(asked);
      const bytesMax = pricing && Math.max(agreedBytes, pricing.freeBytes);
      // breakage: console-asks-before-it-pays
      if (price !== undefined && bytesMax !== undefined && price.bytesAtMost > bytesMax) {
        isAsked = true;
        yield { price };
        return;
      }
      const started = await this.#engine.start(asked, AbortSignal.any([stopped, late]), bytesMax);
      const { columns, batches, scannedBytes, execution } = started;
      if (execution !== undefined) this.#keepExecution(asked, execution);
      yield { columns };
      const sent = new Sent(this.#limits);
      for await (const batch of batches) {
        yield { rows: sent.take(batch) };
        if (sent.isFull) break;
      }
      rows = sent.rows;
      const milliseconds = this.#nowMs() - begunMs;
      yield { end: { rows, isCut: sent.isCut, milliseconds, ...defined({ scannedBytes }) } };
    } catch (error) {
      yield { error: apiError(late.aborted && !stopped.aborted ? tookTooLong(secondsMax) : error) };
    } finally {
      this.#running--;
      const { sql } = asked;
      const milliseconds = this.#nowMs() - begunMs;
      const past = { sql, atSeconds: Math.floor(begunMs / 1000), rows, milliseconds };
      if (!isAsked)
        this.#past = [past, ...this.#past.filter((other) => other.sql !== sql)].slice(0, PAST_MAX);
    }
  }

  #keepExecution(asked: AskedStatement, execution: string): void {
    const name = nameOf(asked);
    this.#executions.delete(name);
    this.#executions.set(name, execution);
    const [oldest] = this.#executions.keys();
    if (this.#executions.size > PAST_MAX && oldest !== undefined) this.#executions.delete(oldest);
  }
}

function nameOf({ sql, asOfSeconds }: AskedStatement): string {
  return JSON.stringify([sql, asOfSeconds ?? null]);
}

/** What was sent of a result, up to its limits. */
class Sent {
  readonly #limits: StatementLimits;
  #bytes = 0;
  rows = 0;
  /** Whether rows were left out. */
  isCut = false;

  constructor(limits: StatementLimits) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    return this.isCut || this.#bytes > this.#limits.bytesMax;
  }

  take(batch: readonly (readonly Cell[])[]): StatementRows {
    const room = this.#limits.rowsMax - this.rows;
    const taken = batch.slice(0, room).map((row) => row.map(shownValue));
    this.rows += taken.length;
    this.#bytes += JSON.stringify(taken).length;
    // breakage: console-rows-are-bounded
    if (batch.length > room || this.#bytes > this.#limits.bytesMax) this.isCut = true;
    return taken;
  }
}

type StatementRows = Extract<StatementLine, { readonly rows: unknown }>["rows"];

function tookTooLong(secondsMax: number): DynalakeError {
  return new DynalakeError("INCOMPLETE", `the statement took longer than ${secondsMax / 60} minutes`, {
    next: "Ask for less at once, or run it in a terminal with `dynalake query`, which has no limit.",
  });
}
