/** What an open lake is doing: each operation can be cut short by its signal or by the lake's close. */
import { DynalakeError } from "../core/error.ts";

/** One operation, from its begin to its end. */
export interface Operation {
  /** Aborted when the operation's own signal is, and when the lake is closed. Its reason is what the operation rejects with. */
  readonly signal: AbortSignal;
  /** Cuts it short: it rejects with the reason. */
  abort(reason: unknown): void;
  /** Must be called once nothing of the operation is left: the lake's close waits for it. */
  end(): void;
}

export class Lifetime {
  readonly #operations: Set<RunningOperation> = new Set();
  #closed: Promise<void> | undefined;

  /** Throws LAKE_CLOSED after the close, and the signal's reason if it is aborted already. */
  begin(signal?: AbortSignal): Operation {
    if (this.#closed !== undefined) throw lakeClosed();
    signal?.throwIfAborted();
    const operation = new RunningOperation(signal, () => this.#operations.delete(operation));
    this.#operations.add(operation);
    return operation;
  }

  /** Runs an operation. Once its signal is aborted, a failure has the signal's reason, whatever failed because of that. */
  async run<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const operation = this.begin(signal);
    try {
      return await work(operation.signal);
    } catch (error) {
      throw operation.signal.aborted ? operation.signal.reason : error;
    } finally {
      operation.end();
    }
  }

  /** Cuts every operation short and waits for its end. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const running = [...this.#operations];
    for (const operation of running) operation.abort(lakeClosed());
    await Promise.all(running.map(({ ended }) => ended));
  }
}

class RunningOperation implements Operation {
  readonly ended: Promise<void>;
  readonly #abortion = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #onOuterAbort = (): void => this.abort(this.#outer?.reason);
  readonly #onEnd: () => void;
  #resolveEnded: () => void = () => undefined;

  constructor(outer: AbortSignal | undefined, onEnd: () => void) {
    this.#outer = outer;
    this.#onEnd = onEnd;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    // AbortSignal.any would keep every operation in memory for as long as its signal.
    outer?.addEventListener("abort", this.#onOuterAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abortion.signal;
  }

  abort(reason: unknown): void {
    this.#abortion.abort(reason);
  }

  end(): void {
    this.#outer?.removeEventListener("abort", this.#onOuterAbort);
    this.#onEnd();
    this.#resolveEnded();
  }
}

function lakeClosed(): DynalakeError {
  return new DynalakeError("LAKE_CLOSED", "the lake is closed");
}
