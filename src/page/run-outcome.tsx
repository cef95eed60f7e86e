/** In a line: what became of a statement, or what it may cost and who has to agree to that. */
import type { JSX } from "preact";
import type { StatementPrice } from "../console/api.ts";
import { num, plural, sizeText } from "./format.ts";
import { Icon, Sign } from "./parts.tsx";
import { durationText } from "./past-statements.tsx";
import type { RunState, StatementRun } from "./use-statement.ts";

export function RunOutcome({ run }: { run: RunState }): JSX.Element {
  return (
    <span class={run.kind === "failed" ? "outcome bad" : "outcome"} role="status">
      {run.kind === "failed" && <Sign kind="bad" />}
      {outcomeText(run)}
    </span>
  );
}

function outcomeText(run: RunState): string {
  if (run.kind === "running") return run.rows === 0 ? "Running …" : `${num(run.rows)} rows …`;
  if (run.kind === "failed") return run.error.code;
  if (run.kind === "asks") return priceText(run.price);
  if (run.kind !== "done") return "";
  const { result, isCut, milliseconds, scannedBytes } = run.answer;
  const read = scannedBytes === undefined ? "" : `, ${sizeText(scannedBytes)} read`;
  return `${isCut ? "the first " : ""}${plural(result.rows, "row")} in ${durationText(milliseconds)}${read}`;
}

function priceText({ bytesAtMost, dollarsAtMost }: StatementPrice): string {
  return `It may read up to ${sizeText(bytesAtMost)}, for ${dollarsText(dollarsAtMost)}; it has not run.`;
}

const CENT = 0.01;

function dollarsText(dollars: number): string {
  return dollars < CENT ? "less than $0.01" : `up to $${(Math.ceil(dollars / CENT) * CENT).toFixed(2)}`;
}

/** Athena is paid by the bytes that it reads: a large statement waits for a word. */
export function Agreement({ run, start }: Pick<StatementRun, "run" | "start">): JSX.Element | null {
  if (run.kind !== "asks") return null;
  const { price, statement } = run;
  return (
    <button
      type="button"
      class="button"
      onClick={() => start(statement.sql, statement.asOfSeconds, price.bytesAtMost)}
    >
      <Icon name="play" />
      <span>Run it for {dollarsText(price.dollarsAtMost)}</span>
    </button>
  );
}
