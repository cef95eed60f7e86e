/**
 * Everything that works on the lake at the same time. Each actor runs until it calls a port, and waits there until the
 * simulation lets it through. One runs at a time, so that a history is exactly the order in which they are let through.
 */
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import type { QueryEngine } from "../../src/core/ports/query-engine.ts";

/**
 * How a call ends: normally; with an error before, after or in the middle of its work; or with the death of the process, none
 * of which ever runs again.
 */
export type Fate =
  | "done"
  | "fails-before"
  | "fails-after"
  | "fails-amid"
  | "dies-before"
  | "dies-after"
  | "dies-amid";

export const FATES: readonly Exclude<Fate, "done">[] = [
  "fails-before",
  "fails-after",
  "fails-amid",
  "dies-before",
  "dies-after",
  "dies-amid",
];

/** The error of a call that fails. */
export class InjectedFailure extends Error {}

interface Gate {
  readonly call: string;
  readonly open: (fate: Fate) => void;
}

export interface Outcome {
  readonly error: unknown;
}

interface Sleep {
  readonly wakesAtMs: number;
  readonly end: () => void;
}

export class Actor {
  readonly name: string;
  /** Several where an actor reads while it writes. */
  #gates: readonly Gate[] = [];
  /** Which of them is let through next. */
  #next = 0;
  #calls = 0;
  /** The calls that were let through, and that a real engine may take its time for. */
  readonly #running: Set<Promise<unknown>> = new Set();
  /** Waits for nothing but time. */
  #sleeps: readonly Sleep[] = [];
  #outcome: Outcome | undefined;
  #dead = false;
  /** Called when the actor has reached a gate, ended or died. */
  #stopped: () => void = () => undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** The call that is let through next; undefined if it has ended or died. */
  get waitsFor(): string | undefined {
    return this.#gates[this.#next]?.call;
  }

  /** When the first of its sleeps is over; undefined if there is none. */
  get wakesAtMs(): number | undefined {
    return this.#sleeps.length === 0
      ? undefined
      : Math.min(...this.#sleeps.map(({ wakesAtMs }) => wakesAtMs));
  }

  /** Whether it waits for this call, and for nothing else. */
  waitsOnlyFor(call: string): boolean {
    return this.#gates.length === 1 && this.waitsFor === call;
  }

  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Runs `work` to its first gate. */
  async start(work: () => Promise<unknown>): Promise<void> {
    const stopped = this.#nextStop();
    void (async () => {
      let outcome: Outcome = { error: undefined };
      try {
        await work();
      } catch (error) {
        outcome = { error: error ?? new Error("nothing was thrown") };
      }
      if (this.#dead) return;
      this.#outcome = outcome;
      this.#stopped();
    })();
    await settled();
    if (!this.#waits) await stopped;
    await settled();
  }

  /** Ends the sleep that is over first. */
  async wake(): Promise<void> {
    const { wakesAtMs } = this;
    this.#sleeps.find((sleep) => sleep.wakesAtMs === wakesAtMs)?.end();
    await settled();
  }

  /** Resolves when it is woken, or at the signal. */
  sleep(wakesAtMs: number, signal: AbortSignal): Promise<void> {
    if (this.#dead) return new Promise(() => undefined);
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        this.#sleeps = this.#sleeps.filter((other) => other !== sleep);
        signal.removeEventListener("abort", end);
        if (!this.#dead) resolve();
      };
      const sleep = { wakesAtMs, end };
      this.#sleeps = [...this.#sleeps, sleep];
      signal.addEventListener("abort", end);
    });
  }

  /** Lets it through, and waits until it has reached its next gate, ended or died. */
  async go(fate: Fate): Promise<void> {
    const gate = this.#gates[this.#next];
    if (gate === undefined) return;
    this.#gates = this.#gates.filter((other) => other !== gate);
    const stopped = this.#nextStop();
    gate.open(fate);
    // What it lets through may have to wait for another call of the actor, which is at its gate.
    await settled();
    if (!this.#waits) await stopped;
    await settled();
    while (this.#running.size > 0) {
      await Promise.allSettled(this.#running);
      await settled();
    }
    this.#next = this.#gates.length === 0 ? 0 : (this.#calls * 7919) % this.#gates.length;
  }

  kill(): void {
    this.#dead = true;
    this.#gates = [];
    this.#sleeps = [];
    this.#stopped();
  }

  /** A call of a port. `amid` does part of it. */
  async call<T>(call: string, run: () => Promise<T>, amid?: () => Promise<unknown>): Promise<T> {
    // A dead process does not reach another gate.
    if (this.#dead) return new Promise(() => undefined);
    const fate = await new Promise<Fate>((open) => {
      this.#calls++;
      this.#gates = [...this.#gates, { call, open }];
      this.#stopped();
    });
    if (fate === "done") return this.#done(run);
    if (fate.endsWith("after")) await this.#done(run);
    if (fate.endsWith("amid") && amid !== undefined) await this.#done(amid);
    if (fate.startsWith("fails")) throw new InjectedFailure(`${fate}: ${call}`);
    this.kill();
    return new Promise(() => undefined);
  }

  /** What was let through is done before anything else is. */
  async #done<T>(run: () => Promise<T>): Promise<T> {
    const running = run();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Whether it has come to something that it waits for, or to its end. */
  get #waits(): boolean {
    return this.#gates.length + this.#sleeps.length > 0 || this.#dead || this.#outcome !== undefined;
  }

  #nextStop(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopped = resolve;
    });
  }
}

/** Resolves when nothing can go on but a real engine: all else waits for nothing but gates. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The store of an actor. In the middle of a removal, every second path is gone. */
export function gatedStore(store: ObjectStore, actor: Actor): ObjectStore {
  return {
    read: (path) => actor.call(`read ${path}`, () => store.read(path)),
    list: (prefix) => actor.call(`list ${prefix}`, () => store.list(prefix)),
    names: (prefix, after) => actor.call(`names ${prefix}`, () => store.names(prefix, after)),
    folders: (prefix) => actor.call(`folders ${prefix}`, () => store.folders(prefix)),
    create: (path, content) => actor.call(`create ${path}`, () => store.create(path, content)),
    replace: (path, content) => actor.call(`replace ${path}`, () => store.replace(path, content)),
    remove: async (paths) => {
      if (paths.length === 0) return;
      const half = paths.filter((_, i) => i % 2 === 1);
      await actor.call(
        `remove ${paths.length} from ${paths[0]}`,
        () => store.remove(paths),
        () => store.remove(half),
      );
    },
  };
}

/** The engine of an actor. In the middle of staging, the first half of the parts is written. */
export function gatedEngine(engine: QueryEngine, actor: Actor): QueryEngine {
  return {
    dialect: engine.dialect,
    keysAtOnceMax: engine.keysAtOnceMax,
    partsAtOnceMax: engine.partsAtOnceMax,
    rowsPerFileMax: engine.rowsPerFileMax,
    changes: (schema, selection) => engine.changes(schema, selection),
    changeLog: (schema, objects) => engine.changeLog(schema, objects),
    segments: (schema, segments) => engine.segments(schema, segments),
    snapshots: (schema, kept) => engine.snapshots(schema, kept),
    rows: (sql) => actor.call("rows", () => engine.rows(sql)),
    stage: (request) => {
      const { parts } = request.cut;
      const first = parts.slice(0, Math.ceil(parts.length / 2));
      return actor.call(
        `stage ${request.run}: ${parts.map(({ part }) => part).join(" ")}`,
        () => engine.stage(request),
        () => engine.stage({ ...request, cut: { ...request.cut, parts: first } }),
      );
    },
  };
}
