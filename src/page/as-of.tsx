/** The time whose tables a statement reads. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

const HOUR_SECONDS = 3_600;
const AGES: readonly (readonly [string, number])[] = [
  ["1 hour ago", HOUR_SECONDS],
  ["24 hours ago", 24 * HOUR_SECONDS],
  ["7 days ago", 7 * 24 * HOUR_SECONDS],
];

interface AsOfProps {
  /** Undefined: now. */
  readonly seconds: number | undefined;
  readonly set: (seconds: number | undefined) => void;
  readonly nowSeconds: number;
}

export function AsOf({ seconds, set, nowSeconds }: AsOfProps): JSX.Element {
  const [choice, choose] = useState(seconds === undefined ? "now" : "time");
  const take = (word: string): void => {
    const age = AGES.find(([name]) => name === word)?.[1];
    choose(word === "now" ? "now" : "time");
    set(word === "now" ? undefined : nowSeconds - (age ?? 0));
  };
  return (
    <>
      <label class="select">
        as of
        <select value={choice} onChange={(event) => take(event.currentTarget.value)}>
          <option value="now">now</option>
          {AGES.map(([name]) => (
            <option key={name}>{name}</option>
          ))}
          <option value="time">a time (UTC)</option>
        </select>
      </label>
      {choice === "time" && (
        <label class="select">
          <span class="unseen">Time in UTC</span>
          <input
            type="datetime-local"
            step="1"
            value={new Date((seconds ?? nowSeconds) * 1000).toISOString().slice(0, 19)}
            onInput={(event) => {
              const ms = Date.parse(`${event.currentTarget.value}Z`);
              if (Number.isFinite(ms)) set(ms / 1000);
            }}
          />
        </label>
      )}
    </>
  );
}
