/** The console: statement above, answer below, what the columns hold beside it. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LakeOverview } from "../console/api.ts";
import { AnswerPane, type AnswerTab } from "./answer-pane.tsx";
import { AsOf } from "./as-of.tsx";
import { CopyButton, Icon } from "./parts.tsx";
import { PastStatements } from "./past-statements.tsx";
import { sqlLink } from "./route.ts";
import { Agreement, RunOutcome } from "./run-outcome.tsx";
import type { Failure } from "./session.ts";
import { useEditor } from "./use-editor.ts";
import { type RunState, useStatement } from "./use-statement.ts";

/** Stays while one looks at another page. */
let latestText: string | undefined;

interface SqlConsoleProps {
  readonly lake: LakeOverview;
  readonly query: URLSearchParams;
  readonly nonce: string;
}

export function SqlConsole({ lake, query, nonce }: SqlConsoleProps): JSX.Element {
  const linked = query.get("q") ?? undefined;
  const [text, setText] = useState(() => linked ?? latestText ?? firstStatement(lake));
  const [asOfSeconds, setAsOf] = useState<number>();
  const [tab, setTab] = useState<AnswerTab>("rows");
  const [isPastOpen, openPast] = useState(false);
  const start = (): void => {
    editor.current?.fault(undefined);
    statement.start(editor.current?.text() ?? text, asOfSeconds);
  };
  const { box, editor } = useEditor(text, nonce, {
    onRun: start,
    onChange: (next) => {
      latestText = next;
      setText(next);
    },
  });
  const statement = useStatement(linked === undefined || linked === latestText, (sql, error) =>
    editor.current?.fault(faultIn(sql, error)),
  );
  const replace = (sql: string): void => {
    editor.current?.set(sql);
    editor.current?.focus();
  };
  // A link shows its statement and does not run it: it may come from anybody.
  useEffect(() => {
    if (linked === undefined || linked === editor.current?.text()) return;
    editor.current?.set(linked);
    statement.forget();
  }, [linked]);
  const { run } = statement;
  useConsoleKeys({ run, stop: statement.stop, setTab, flipPast: () => openPast((isOpen) => !isOpen) });
  const command = commandOf(text, asOfSeconds, lake);
  return (
    <main class="console">
      <h1 class="unseen">SQL</h1>
      <div class="editor" ref={box} />
      <div class="runbar">
        <RunButton run={run} start={start} stop={statement.stop} />
        <AsOf seconds={asOfSeconds} set={setAsOf} nowSeconds={lake.nowSeconds} />
        <RunOutcome run={run} />
        <Agreement run={run} start={statement.start} />
        <span class="grow" />
        <History isOpen={isPastOpen} open={openPast} take={replace} />
        <span class="wide-only">
          <CopyButton icon="sql" text={command} label="Copy the command for a terminal">
            Command
          </CopyButton>
        </span>
        <CopyButton
          icon="link"
          text={`${location.origin}/${sqlLink(text)}`}
          label="Copy a link to this statement"
        >
          Link
        </CopyButton>
      </div>
      <AnswerPane
        run={run}
        tab={tab}
        setTab={setTab}
        isLinked={linked !== undefined}
        replace={replace}
        place={lake.place.kind}
      />
    </main>
  );
}

function firstStatement({ tables }: LakeOverview): string {
  const [table] = tables.toSorted((a, b) => b.rows - a.rows);
  if (table === undefined) return "";
  return `-- A statement reads; it cannot write.\nSELECT *\nFROM ${table.name}\nLIMIT 1000`;
}

interface RunButtonProps {
  readonly run: RunState;
  readonly start: () => void;
  readonly stop: () => void;
}

function RunButton({ run, start, stop }: RunButtonProps): JSX.Element {
  if (run.kind === "running")
    return (
      <button type="button" class="button" onClick={stop}>
        <Icon name="close" />
        <span>Stop</span>
        <kbd>esc</kbd>
      </button>
    );
  return (
    <button type="button" class="button primary" onClick={start}>
      <Icon name="play" />
      <span>Run</span>
      <kbd>ctrl ↵</kbd>
    </button>
  );
}

interface HistoryProps {
  readonly isOpen: boolean;
  readonly open: (isOpen: boolean) => void;
  readonly take: (sql: string) => void;
}

function History({ isOpen, open, take }: HistoryProps): JSX.Element {
  return (
    <div class="pop-host">
      <button
        type="button"
        class="button quiet"
        aria-expanded={isOpen}
        onClick={() => open(!isOpen)}
        title="Alt H"
      >
        <Icon name="clock" />
        <span>History</span>
      </button>
      {isOpen && (
        <PastStatements
          close={() => open(false)}
          take={(sql) => {
            open(false);
            take(sql);
          }}
        />
      )}
    </div>
  );
}

const TABS: Readonly<Record<string, AnswerTab>> = { Digit1: "rows", Digit2: "chart", Digit3: "columns" };

interface ConsoleKeys {
  readonly run: RunState;
  readonly stop: () => void;
  readonly setTab: (tab: AnswerTab) => void;
  readonly flipPast: () => void;
}

function useConsoleKeys(keys: ConsoleKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { run, stop, setTab, flipPast } = latest.current;
      if (event.key === "Escape" && run.kind === "running") stop();
      const tab = TABS[event.code];
      if (!event.altKey) return;
      if (tab !== undefined) setTab(tab);
      else if (event.code === "KeyH") flipPast();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

const shellQuoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

function commandOf(sql: string, asOfSeconds: number | undefined, { place }: LakeOverview): string {
  const time =
    asOfSeconds === undefined ? "" : ` --as-of ${new Date(asOfSeconds * 1000).toISOString().slice(0, 19)}Z`;
  return `npx dynalake query ${shellQuoted(sql)}${time} ${place.option}`;
}

/** The place of the name that the message says is not there. */
function faultIn(sql: string, { message }: Failure): readonly [number, number] | undefined {
  const name = /(?:column|table|function|name|near) "?([A-Za-z_]\w*)"?/i.exec(message)?.[1];
  const from = name === undefined ? -1 : sql.indexOf(name);
  return name === undefined || from === -1 ? undefined : [from, from + name.length];
}
