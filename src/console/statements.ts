/** Statements of the console: each in a process of its own, bounded in rows, size and time, its answer as lines while it comes. */
import { DynalakeError } from "../core/error.ts";
import type { Cell } from "../core/ports/query-result.ts";
import type { StatementProcesses } from "../library/statement-processes.ts";
import type { PastStatement, StatementLine } from "./api.ts";
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

export class Statements {
  readonly #processes: StatementProcesses;
  readonly #folder: string;
  readonly #limits: StatementLimits;
  readonly #nowMs: () => number;
  #running = 0;
  #past: readonly PastStatement[] = [];

  constructor(processes: StatementProcesses, folder: string, limits: StatementLimits, nowMs: () => number) {
    this.#processes = processes;
    this.#folder = folder;
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** Those of this console, newest first. */
  get past(): readonly PastStatement[] {
    return this.#past;
  }

  /** The lines of the answer, as bytes. A reader that leaves stops the statement. Throws USAGE if too many run. */
  answer(asked: AskedStatement): ReadableStream<Uint8Array> {
    if (this.#running >= this.#limits.atOnceMax)
      throw new DynalakeError("USAGE", `${this.#running} statements are running`, {
        next: "Stop one of them, or wait for its end.",
      });
    this.#running++;
    const stopping = new AbortController();
    const lines = this.#lines(asked, stopping.signal);
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

  async *#lines({ sql, asOfSeconds }: AskedStatement, stopped: AbortSignal): AsyncGenerator<StatementLine> {
    const begunMs = this.#nowMs();
    const { secondsMax } = this.#limits;
    const late = AbortSignal.timeout(secondsMax * 1000); // breakage: console-statements-have-a-limit
    let rows: number | undefined;
    try {
      const request = { folder: this.#folder, sql, asOfSeconds, numbers: "safe" } as const;
      const { columns, batches } = await this.#processes.start(request, AbortSignal.any([stopped, late]));
      yield { columns };
      const sent = new Sent(this.#limits);
      for await (const batch of batches) {
        yield { rows: sent.take(batch) };
        if (sent.isFull) break;
      }
      rows = sent.rows;
      yield { end: { rows, isCut: sent.isCut, milliseconds: this.#nowMs() - begunMs } };
    } catch (error) {
      yield { error: apiError(late.aborted && !stopped.aborted ? tookTooLong(secondsMax) : error) };
    } finally {
      this.#running--;
      const past = {
        sql,
        atSeconds: Math.floor(begunMs / 1000),
        rows,
        milliseconds: this.#nowMs() - begunMs,
      };
      this.#past = [past, ...this.#past.filter((other) => other.sql !== sql)].slice(0, PAST_MAX);
    }
  }
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
