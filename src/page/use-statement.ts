/** The statement of the console and what became of it. Both stay while one looks at another page. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { StatementPrice } from "../console/api.ts";
import type { RanStatement } from "./saved-file.ts";
import { Failure } from "./session.ts";
import { runStatement, type StatementAnswer } from "./statement-run.ts";

export type RunState =
  | { readonly kind: "new" | "stopped" }
  | { readonly kind: "running"; readonly rows: number }
  | { readonly kind: "asks"; readonly price: StatementPrice; readonly statement: RanStatement }
  | { readonly kind: "failed"; readonly error: Failure; readonly sql: string }
  | { readonly kind: "done"; readonly answer: StatementAnswer; readonly statement: RanStatement };

export interface StatementRun {
  readonly run: RunState;
  /** Starts it, in place of one that still runs. `agreedBytes`: what it may cost. */
  start(sql: string, asOfSeconds: number | undefined, agreedBytes?: number): void;
  stop(): void;
  /** Another statement is shown, which did not run yet. */
  forget(): void;
}

let latest: RunState = { kind: "new" };

export function useStatement(
  isKept: boolean,
  onFailure: (sql: string, error: Failure) => void,
): StatementRun {
  const [run, setRun] = useState<RunState>(isKept ? latest : { kind: "new" });
  const stopping = useRef<AbortController>(undefined);
  const show = (next: RunState): void => {
    latest = next;
    setRun(next);
  };
  // A statement whose page is left has no reader.
  useEffect(
    () => () => {
      if (latest.kind === "running") latest = { kind: "stopped" };
      stopping.current?.abort();
    },
    [],
  );
  return {
    run,
    start: (sql, asOfSeconds, agreedBytes) => {
      stopping.current?.abort();
      const abortion = new AbortController();
      stopping.current = abortion;
      show({ kind: "running", rows: 0 });
      const request = {
        sql,
        ...(asOfSeconds === undefined ? {} : { asOfSeconds }),
        ...(agreedBytes === undefined ? {} : { agreedBytes }),
      };
      const onRows = (rows: number): void => {
        if (!abortion.signal.aborted) show({ kind: "running", rows });
      };
      runStatement(request, abortion.signal, onRows).then(
        (answer) => {
          const statement = { sql, asOfSeconds };
          show(
            "bytesAtMost" in answer
              ? { kind: "asks", price: answer, statement }
              : { kind: "done", answer, statement },
          );
        },
        (error: unknown) => {
          if (abortion.signal.aborted) return;
          const failure =
            error instanceof Failure ? error : new Failure({ code: "INTERNAL", message: String(error) });
          onFailure(sql, failure);
          show({ kind: "failed", error: failure, sql });
        },
      );
    },
    stop: () => {
      stopping.current?.abort();
      show({ kind: "stopped" });
    },
    forget: () => {
      stopping.current?.abort();
      show({ kind: "new" });
    },
  };
}
