/** The answer of a statement: its rows as a grid, a chart of them, its columns, and what went wrong. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ConsolePlace } from "../console/api.ts";
import { Chart } from "./chart.tsx";
import { classes, num } from "./format.ts";
import { Grid, type GridCell } from "./grid.ts";
import { gridColumn } from "./grid-column.ts";
import { NoResult } from "./no-result.tsx";
import { Icon, type IconName, moveTab } from "./parts.tsx";
import { orderBy, type Result, type Sort } from "./result.ts";
import { ResultColumns } from "./result-columns.tsx";
import { Saving } from "./saving.tsx";
import type { RunState } from "./use-statement.ts";

export type AnswerTab = "rows" | "chart" | "columns";

interface AnswerPaneProps {
  readonly run: RunState;
  readonly tab: AnswerTab;
  readonly setTab: (tab: AnswerTab) => void;
  readonly isLinked: boolean;
  readonly replace: (sql: string) => void;
  readonly place: ConsolePlace["kind"];
}

const TABS: readonly (readonly [AnswerTab, string, IconName])[] = [
  ["rows", "Rows", "table"],
  ["chart", "Chart", "chart"],
  ["columns", "Columns", "columns"],
];

export function AnswerPane({ run, tab, setTab, isLinked, replace, place }: AnswerPaneProps): JSX.Element {
  const [hasSide, showSide] = useState(true);
  const [sort, setSort] = useState<Sort>();
  const result = run.kind === "done" ? run.answer.result : undefined;
  useEffect(() => setSort(undefined), [result]);
  const order = useMemo(
    () => (result !== undefined && sort !== undefined ? orderBy(result, sort) : undefined),
    [result, sort],
  );
  const isBeside = hasSide && result !== undefined && tab !== "columns";
  return (
    <div class={classes("answer", isBeside && "with-side")}>
      <div class="tabs">
        <div role="tablist" aria-label="Result" onKeyDown={moveTab}>
          {TABS.map(([key, word, icon], i) => (
            <button
              key={key}
              type="button"
              role="tab"
              aria-selected={tab === key}
              tabIndex={tab === key ? 0 : -1}
              title={`Alt ${i + 1}`}
              disabled={result === undefined}
              onClick={() => setTab(key)}
            >
              <Icon name={icon} />
              <span>{word}</span>
            </button>
          ))}
        </div>
        <span class="grow" />
        {run.kind === "done" && (
          <Saving answer={run.answer} statement={run.statement} order={order} place={place} />
        )}
        {result !== undefined && (
          <button
            type="button"
            class="button quiet small wide-only"
            aria-pressed={hasSide}
            onClick={() => showSide(!hasSide)}
          >
            <Icon name="columns" />
            <span>Statistics</span>
          </button>
        )}
      </div>
      {result === undefined ? (
        <NoResult run={run} isLinked={isLinked} replace={replace} />
      ) : (
        <ResultView result={result} tab={tab} order={order} sort={sort} setSort={setSort} />
      )}
      {isBeside && result !== undefined && (
        <aside class="side" tabIndex={0} aria-label="Columns of the result">
          <ResultColumns result={result} />
        </aside>
      )}
    </div>
  );
}

interface ResultViewProps {
  readonly result: Result;
  readonly tab: AnswerTab;
  readonly order: Uint32Array | undefined;
  readonly sort: Sort | undefined;
  readonly setSort: (sort: Sort | undefined) => void;
}

function ResultView({ result, tab, order, sort, setSort }: ResultViewProps): JSX.Element {
  if (tab === "chart") return <Chart key={result.columns.map(({ name }) => name).join()} result={result} />;
  if (tab === "columns")
    return (
      <section class="side whole" tabIndex={0} aria-label="Columns of the result">
        <ResultColumns result={result} />
      </section>
    );
  return <Rows result={result} order={order} sort={sort} setSort={setSort} />;
}

function Rows({ result, order, sort, setSort }: Omit<ResultViewProps, "tab">): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const grid = useRef<Grid>(undefined);
  const [cell, setCell] = useState<GridCell>();
  const [isOpen, open] = useState(false);
  const columns = useMemo(() => result.columns.map(gridColumn), [result]);
  const sorted = useRef(sort);
  sorted.current = sort;
  useEffect(() => {
    if (box.current === null) return;
    const mounted = new Grid(box.current, {
      onCell: setCell,
      onOpen: () => open((was) => !was),
      onSort: (column) => setSort(nextSort(sorted.current, column)),
    });
    grid.current = mounted;
    mounted.show({ columns, rows: result.rows, order, sort });
    return () => mounted.destroy();
  }, [columns]);
  useEffect(() => grid.current?.arrange({ columns, rows: result.rows, order, sort }), [order]);
  return (
    <>
      <div class="grid" ref={box} />
      <div class={classes("status-line", isOpen && cell !== undefined && "open")}>
        {cell === undefined ? (
          <>
            <span class="wide-only">
              Arrow keys move, Shift selects, Ctrl C copies, Space shows the whole cell, Enter sorts
            </span>
            <span class="grow" />
            <span>{num(result.rows)} rows</span>
          </>
        ) : (
          <>
            <b>{cell.column}</b>
            <code>{cell.text ?? "NULL"}</code>
            <span class="grow" />
            <span>
              row {num(cell.row + 1)} of {num(result.rows)}
            </span>
          </>
        )}
      </div>
    </>
  );
}

/** Up, down, and as the statement gave them. */
function nextSort(sort: Sort | undefined, column: number): Sort | undefined {
  if (sort?.column !== column) return { column, isDown: false };
  return sort.isDown ? undefined : { column, isDown: true };
}
