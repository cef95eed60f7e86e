/** An answer of the server, kept while other pages are looked at, and asked again now and then while the page is visible. */
import { useEffect, useState } from "preact/hooks";
import { ask, Failure } from "./session.ts";

export interface Answer<T> {
  readonly data: T | undefined;
  readonly error: Failure | undefined;
  readonly again: () => void;
}

const known = new Map<string, unknown>();

export function useAnswer<T>(path: string, everyMs?: number): Answer<T> {
  const [state, set] = useState<{ data?: T; error?: Failure }>({});
  const [asked, askAgain] = useState(0);
  useEffect(() => {
    const abortion = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          const data = await ask<T>(path, abortion.signal);
          known.set(path, data);
          set({ data });
        } catch (error) {
          if (abortion.signal.aborted) return;
          set({
            error:
              error instanceof Failure ? error : new Failure({ code: "INTERNAL", message: String(error) }),
          });
        }
      }
      if (everyMs !== undefined && !abortion.signal.aborted) timer = setTimeout(() => void read(), everyMs);
    };
    set({ data: known.get(path) as T });
    void read();
    return () => {
      abortion.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, asked]);
  return {
    data: state.data ?? (state.error ? undefined : (known.get(path) as T)),
    error: state.error,
    again: () => askAgain(asked + 1),
  };
}
