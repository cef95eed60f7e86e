/**
 * Ports that count their calls and fail one of them as a test requests: before the work, after it, with the answer lost, or in
 * the middle. The call fails with an error, or never answers, in which case its process counts as dead.
 */
import { type ChangeSink, UndeliveredRows } from "../../src/core/ports/change-sink.ts";
import type { ChangeSource } from "../../src/core/ports/change-source.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import type { QueryEngine } from "../../src/core/ports/query-engine.ts";

/** "midway": the first half of the work is done or, for a single object, a torn piece is left. */
export type Moment = "before" | "midway" | "after";

export interface CrashPoint {
  readonly call: number;
  readonly moment: Moment;
  readonly ending: "error" | "death";
}

/** The error of a call that failed for an external reason. */
export class NoAnswer extends Error {
  /** Like that of a broken connection. */
  readonly code = "ECONNRESET";
}

export interface Call {
  readonly name: string;
  readonly moments: readonly Moment[];
}

export class Faults {
  readonly calls: Call[] = [];
  /** Runs before each call, with its number. */
  beforeCall: (call: number) => Promise<void> = async () => undefined;
  readonly #points: readonly CrashPoint[];
  readonly #death: Promise<"died">;
  #die: () => void = () => undefined;
  #dead = false;

  constructor(...points: readonly CrashPoint[]) {
    this.#points = points;
    this.#death = new Promise((resolve) => {
      this.#die = () => resolve("died");
    });
  }

  /** Runs until the work ends in any way, or the process dies. */
  async run(work: () => Promise<unknown>): Promise<Ending> {
    const ended = work().then(
      (): Ending => ({ kind: "done" }),
      (error: unknown): Ending => ({ kind: "failed", error }),
    );
    const first = await Promise.race([ended, this.#death]);
    return first === "died" ? { kind: "died" } : first;
  }

  async call<T>(name: string, act: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> {
    if (this.#dead) return forever();
    const call = this.calls.length;
    const changes = !/^(read|list|names|folders|rows|open|next) /.test(name);
    const moments: Moment[] = changes ? ["before", "after"] : ["before"];
    if (half !== undefined) moments.push("midway");
    this.calls.push({ name, moments });
    await this.beforeCall(call);
    const point = this.#points.find((own) => own.call === call);
    if (point?.moment === "before") return this.#fail(name, point);
    if (point?.moment === "midway") {
      await half?.();
      return this.#fail(name, point);
    }
    const answer = await act();
    if (point?.moment === "after") return this.#fail(name, point);
    return answer;
  }

  #fail(name: string, { ending }: CrashPoint): Promise<never> {
    if (ending === "error") throw new NoAnswer(`no answer to ${name}`);
    this.#dead = true;
    this.#die();
    return forever();
  }
}

export type Ending =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "died" };

function forever(): Promise<never> {
  return new Promise(() => undefined);
}

/** Every point at which these calls can fail, from `firstCall` on. */
export function crashPoints(calls: readonly Call[], firstCall = 0): readonly CrashPoint[] {
  return calls.flatMap(({ moments }, call) =>
    call < firstCall
      ? []
      : moments.flatMap((moment) => [
          { call, moment, ending: "error" as const },
          { call, moment, ending: "death" as const },
        ]),
  );
}

export function faultyStore(store: ObjectStore, faults: Faults): ObjectStore {
  return {
    read: (path) => faults.call(`read ${path}`, () => store.read(path)),
    list: (prefix) => faults.call(`list ${prefix}`, () => store.list(prefix)),
    names: (prefix, after) => faults.call(`names ${prefix}`, () => store.names(prefix, after)),
    folders: (prefix) => faults.call(`folders ${prefix}`, () => store.folders(prefix)),
    create: (path, content) => faults.call(`create ${path}`, () => store.create(path, content)),
    replace: (path, content) => faults.call(`replace ${path}`, () => store.replace(path, content)),
    remove: (paths) => {
      const half = paths.slice(0, Math.floor(paths.length / 2));
      return faults.call(
        `remove ${paths.length} objects`,
        () => store.remove(paths),
        half.length === 0 ? undefined : () => store.remove(half),
      );
    },
  };
}

/** `tear`: leaves a torn piece of a segment. */
export function faultyEngine(
  engine: QueryEngine,
  faults: Faults,
  tear: (request: Parameters<QueryEngine["stage"]>[0], part: string) => Promise<void>,
): QueryEngine {
  return {
    ...engine,
    rows: (sql) => faults.call(`rows ${sql.slice(0, 60)}`, () => engine.rows(sql)),
    stage: (request) => {
      const { parts } = request.cut;
      const written = parts.slice(0, Math.floor(parts.length / 2));
      const torn = parts[written.length]?.part;
      const half = async (): Promise<void> => {
        if (written.length > 0) await engine.stage({ ...request, cut: { ...request.cut, parts: written } });
        if (torn !== undefined) await tear(request, torn);
      };
      return faults.call(
        `stage ${request.kind} of ${parts.map(({ part }) => part)}`,
        () => engine.stage(request),
        half,
      );
    },
  };
}

/** If `tells` is set, a partial delivery reports where it failed. */
export function faultySink(sink: ChangeSink, faults: Faults, tells: boolean): ChangeSink {
  return {
    deliver: (rows, arrivedAtSeconds) => {
      const below = Math.floor(rows.length / 2);
      const half = async (): Promise<void> => {
        if (below > 0) await sink.deliver(rows.slice(0, below), arrivedAtSeconds);
      };
      return faults
        .call(`deliver ${rows.length} rows`, () => sink.deliver(rows, arrivedAtSeconds), half)
        .catch((error: unknown) => {
          throw tells && error instanceof NoAnswer ? new UndeliveredRows(0, error.message, error) : error;
        });
    },
  };
}

export function faultySource(source: ChangeSource, faults: Faults): ChangeSource {
  return {
    open: async (from) => {
      const reader = await faults.call("open the stream", () => source.open(from));
      return {
        stream: reader.stream,
        next: (request) => faults.call("next records", () => reader.next(request)),
        close: () => reader.close(),
      };
    },
  };
}
