/** Statements that ran before, to take one again. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { PastStatement } from "../console/api.ts";
import { momentText, plural } from "./format.ts";
import { useAnswer } from "./use-answer.ts";

interface PastProps {
  readonly take: (sql: string) => void;
  readonly close: () => void;
}

export function PastStatements({ take, close }: PastProps): JSX.Element {
  const { data } = useAnswer<readonly PastStatement[]>("/api/statements");
  const box = useRef<HTMLDivElement>(null);
  const count = data?.length ?? 0;
  useEffect(() => box.current?.querySelector("button")?.focus(), [count]);
  useEffect(() => {
    const onPointer = (event: Event): void => {
      if (box.current?.parentElement?.contains(event.target as Node) !== true) close();
    };
    addEventListener("pointerdown", onPointer);
    return () => removeEventListener("pointerdown", onPointer);
  }, []);
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = [...(box.current?.querySelectorAll("button") ?? [])];
    if (step === undefined || all.length === 0) return;
    event.preventDefault();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    all[(at + step + all.length) % all.length]?.focus();
  };
  return (
    <div class="pop past" ref={box} onKeyDown={onKey} role="dialog" aria-label="Statements that ran before">
      {count === 0 && <p class="dim">No statement has run since this console was started.</p>}
      <ul>
        {(data ?? []).map(({ sql, atSeconds, rows, milliseconds }) => (
          <li key={`${atSeconds} ${sql}`}>
            <button type="button" onClick={() => take(sql)}>
              <code>{sql}</code>
              <span class="dim">
                {momentText(atSeconds)} ·{" "}
                {rows === undefined ? "no result" : `${plural(rows, "row")} in ${durationText(milliseconds)}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

export const durationText = (milliseconds: number): string =>
  milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
