/** The small parts that views share. */
import type { ComponentChildren, JSX, TargetedKeyboardEvent } from "preact";
import { useRef, useState } from "preact/hooks";
import type { LakeFinding, LakeOverview, TableSummary } from "../console/api.ts";
import { classes, since } from "./format.ts";
import { tableLink } from "./route.ts";
import type { Failure } from "./session.ts";

const PATHS = {
  overview: "M2.5 4h11M2.5 8h11M2.5 12h7",
  sql: "M3 4.5 6.5 8 3 11.5M8.5 12h4.5",
  tray: "M2.5 9.5h3l1 2h3l1-2h3M2.5 9.5l2-6h7l2 6v3h-11z",
  table: "M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  check: "M3 8.5 6.5 12 13 4.5",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14",
  link: "M6.5 9.5l3-3M7 4.5l1.5-1.5a2.8 2.8 0 0 1 4 4L11 8.5M9 11.5 7.5 13a2.8 2.8 0 0 1-4-4L5 7.5",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6",
  chart: "M2.5 13.5h11M4.5 11V7.5M8 11V3.5M11.5 11V6",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  play: "M5 3.2v9.6L12.5 8z",
  close: "M4 4l8 8M12 4l-8 8",
  sun: "M8 10.6A2.6 2.6 0 1 0 8 5.4a2.6 2.6 0 0 0 0 5.2zM8 1.8v1.3M8 12.9v1.3M1.8 8h1.3M12.9 8h1.3M3.6 3.6l.9.9M11.5 11.5l.9.9M3.6 12.4l.9-.9M11.5 4.5l.9-.9",
  moon: "M13 9.6A5.5 5.5 0 0 1 6.4 3 5.5 5.5 0 1 0 13 9.6z",
} as const;
export type IconName = keyof typeof PATHS;

export const Icon = ({ name, size = 16 }: { name: IconName; size?: number }): JSX.Element => (
  <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);

export const Mark = (): JSX.Element => (
  <svg class="mark" width="20" height="20" viewBox="0 0 16 16" aria-hidden="true">
    <path d="M2 4.2c2-1.4 4-1.4 6 0s4 1.4 6 0M2 8.6h12M4.5 12.6h7" />
  </svg>
);

export type SignKind = "ok" | "warn" | "bad" | "note";
const SHAPES: Readonly<Record<SignKind, JSX.Element>> = {
  ok: <circle cx="6" cy="6" r="3" />,
  warn: <path d="M6 1.6 11 10.4H1z" />,
  bad: <path d="M6 .8 11.2 6 6 11.2.8 6z" />,
  note: <circle cx="6" cy="6" r="2.6" />,
};
export const Sign = ({ kind }: { kind: SignKind }): JSX.Element => (
  <svg class={`sign ${kind}`} width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
    {SHAPES[kind]}
  </svg>
);

/** Health has a shape and a word; color only repeats them. */
export const HEALTH: Readonly<Record<TableSummary["health"], readonly [SignKind, string]>> = {
  healthy: ["ok", "healthy"],
  drift: ["warn", "values not in SQL"],
  quarantine: ["warn", "quarantine"],
  gap: ["bad", "gap"],
  unread: ["bad", "stream not read"],
  undelivered: ["bad", "changes put aside"],
  unfollowed: ["bad", "not followed"],
  empty: ["note", "empty"],
};
export const HealthMark = ({ of }: { of: TableSummary["health"] }): JSX.Element => {
  const [kind, word] = HEALTH[of];
  return (
    <span class={`health ${kind}`}>
      <Sign kind={kind} />
      {word}
    </span>
  );
};

interface CopyProps {
  readonly text: string;
  readonly label: string;
  readonly icon?: IconName;
  /** Without words the button is an icon. */
  readonly children?: ComponentChildren;
}

export function CopyButton({ text, label, icon = "copy", children }: CopyProps): JSX.Element {
  const [done, set] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const copy = async (): Promise<void> => {
    set(
      await navigator.clipboard.writeText(text).then(
        () => true,
        () => false,
      ),
    );
    clearTimeout(timer.current);
    timer.current = setTimeout(() => set(false), 1_600);
  };
  return (
    <button
      type="button"
      class={children === undefined ? "icon-button" : "button quiet"}
      onClick={() => void copy()}
      aria-label={label}
      title={label}
    >
      <Icon name={done ? "check" : icon} />
      {children !== undefined && <span>{done ? "Copied" : children}</span>}
      <span class="unseen" role="status">
        {done ? "Copied" : ""}
      </span>
    </button>
  );
}

export const Command = ({ text }: { text: string }): JSX.Element => (
  <div class="command">
    <code tabIndex={0}>
      <span class="prompt" aria-hidden="true">
        ${" "}
      </span>
      {text}
    </code>
    <CopyButton text={text} label="Copy the command" />
  </div>
);

export function FindingRow({
  finding,
  lake,
  hideTable,
}: {
  finding: LakeFinding;
  lake: LakeOverview;
  hideTable?: boolean;
}): JSX.Element {
  const { table, severity, title, detail, sinceSeconds, command } = finding;
  return (
    <li class="finding">
      <Sign kind={severity} />
      <div>
        <h3>
          {hideTable !== true && (
            <>
              <a href={tableLink(table)}>{table}</a>
              <span class="dim"> · </span>
            </>
          )}
          {title}
        </h3>
        <p>
          {detail}{" "}
          {sinceSeconds !== undefined && (
            <span class="dim nowrap">Since {since(sinceSeconds, lake.nowSeconds)}.</span>
          )}
        </p>
      </div>
      {command !== undefined && <Command text={command} />}
    </li>
  );
}

export function Failed({ error, again }: { error: Failure; again?: () => void }): JSX.Element {
  const title = error.code === "REFUSED" ? "This page has no session" : error.message;
  return (
    <div class="state" role="alert">
      <h1>
        <Sign kind="bad" />
        {title.charAt(0).toUpperCase() + title.slice(1)}
      </h1>
      <p>{error.next ?? "Read the terminal in which dynalake ui runs."}</p>
      <p class="dim">
        Code <code>{error.code}</code>
      </p>
      {again !== undefined && (
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

export const Empty = ({
  title,
  children,
  command,
}: {
  title: string;
  children: ComponentChildren;
  command?: string;
}): JSX.Element => (
  <div class="state">
    <h1>{title}</h1>
    <p>{children}</p>
    {command !== undefined && <Command text={command} />}
  </div>
);

export const Loading = (): JSX.Element => (
  <div class="loading" aria-busy="true">
    <p class="unseen" role="status">
      Reading the lake
    </p>
    <i class="bone wide" />
    <i class="bone half" />
    <div class="bones">
      {[0, 1, 2, 0, 1, 2].map((kind, i) => (
        <i key={i} class={`bone row r${kind}`} />
      ))}
    </div>
  </div>
);

/** Left and right move within a list of tabs, which is one stop of the Tab key. */
export function moveTab(event: TargetedKeyboardEvent<HTMLElement>): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]:not(:disabled)")];
  const at = tabs.indexOf(document.activeElement as HTMLElement);
  event.preventDefault();
  const next = tabs[(at + step + tabs.length) % tabs.length];
  next?.focus();
  next?.click();
}

export const Page = ({ children, wide }: { children: ComponentChildren; wide?: boolean }): JSX.Element => (
  <main class={classes("page", wide && "wide")}>{children}</main>
);
