/** The frame: where one is, what there is, how fresh it is, and the keys. */
import { type JSX, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LakeOverview } from "../console/api.ts";
import { GoTo, Keys } from "./dialogs.tsx";
import { classes, day, hhmm, hhmmss, num } from "./format.ts";
import { ItemPage } from "./item-page.tsx";
import { isFollowed, Overview } from "./overview.tsx";
import { Failed, HEALTH, Icon, type IconName, Loading, Mark, Page, Sign } from "./parts.tsx";
import { QuarantinePage } from "./quarantine-page.tsx";
import { go, type Route, tableLink, useRoute } from "./route.ts";
import { openSession } from "./session.ts";
import { TablePage } from "./table-page.tsx";
import { behindText } from "./tables.tsx";
import { useTheme } from "./theme.ts";
import { useAnswer } from "./use-answer.ts";

const EVERY_MS = 5_000;
const NAV: readonly (readonly [string, string, string, IconName])[] = [
  ["overview", "#/", "Overview", "overview"],
  ["sql", "#/sql", "SQL", "sql"],
  ["quarantine", "#/quarantine", "Quarantine", "tray"],
];

function App({ nonce }: { nonce: string }): JSX.Element {
  const route = useRoute();
  const { data: lake, error, again } = useAnswer<LakeOverview>("/api/lake", EVERY_MS);
  const [dialog, setDialog] = useState<"go-to" | "keys">();
  useKeys(setDialog);
  const [where = "overview", table] = route.parts;
  useEffect(() => {
    document.title = `${titleOf(route)} · dynalake`;
    document.querySelector(".content")?.scrollTo(0, 0);
  }, [route.text]);
  const failure =
    error !== undefined && lake === undefined ? <Failed error={error} again={again} /> : undefined;
  return (
    <div class={classes("frame", where === "sql" && "full")}>
      <SkipLink />
      <Sidebar where={where} table={where === "t" ? table : undefined} lake={lake} open={setDialog} />
      <div class="content" id="main">
        {lake === undefined ? (
          <Page>{failure ?? <Loading />}</Page>
        ) : (
          <View route={route} lake={lake} nonce={nonce} open={setDialog} />
        )}
      </div>
      {dialog === "go-to" && lake !== undefined && <GoTo lake={lake} close={() => setDialog(undefined)} />}
      {dialog === "keys" && <Keys close={() => setDialog(undefined)} />}
    </div>
  );
}

type Open = (dialog: "go-to" | "keys") => void;

function View({
  route,
  lake,
  nonce,
  open,
}: {
  route: Route;
  lake: LakeOverview;
  nonce: string;
  open: Open;
}): JSX.Element {
  const [where = "overview", table = "", what] = route.parts;
  if (where === "sql") return <SqlPage lake={lake} query={route.query} nonce={nonce} />;
  if (where === "quarantine") return <QuarantinePage />;
  if (where === "tables")
    return (
      <Page>
        <h1>Tables</h1>
        <TableLinks lake={lake} />
        <Foot lake={lake} open={open} />
      </Page>
    );
  if (where !== "t") return <Overview lake={lake} />;
  if (what === "item") return <ItemPage key={route.text} table={table} query={route.query} lake={lake} />;
  return <TablePage key={table} name={table} lake={lake} />;
}

/** The console's editor is most of the page's script: it is loaded with the first look at it. */
function SqlPage(props: { lake: LakeOverview; query: URLSearchParams; nonce: string }): JSX.Element {
  const [module, set] = useState<typeof import("./sql-page.tsx")>();
  useEffect(() => void import("./sql-page.tsx").then(set), []);
  return module === undefined ? (
    <Page>
      <Loading />
    </Page>
  ) : (
    <module.SqlConsole {...props} />
  );
}

function titleOf({ parts: [where = "overview", table, what] }: Route): string {
  if (where === "t") return [table, what].filter((word) => word !== undefined).join(" ");
  return (
    { overview: "Overview", sql: "SQL", quarantine: "Quarantine", tables: "Tables" }[where] ?? "Overview"
  );
}

/** Ctrl K, /, ? and "g" with a letter. */
function useKeys(open: Open): void {
  useEffect(() => {
    let gAtMs = 0;
    const onKey = (event: KeyboardEvent): void => {
      const { key, target } = event;
      const hasModifier = event.metaKey || event.ctrlKey;
      if (hasModifier && key.toLowerCase() === "k") {
        event.preventDefault();
        open("go-to");
      }
      const isTyping =
        target instanceof Element && target.closest("input, select, textarea, .cm-editor") !== null;
      if (isTyping || hasModifier || event.altKey) return;
      const place = { o: "/", s: "/sql", q: "/quarantine" }[key];
      if (key === "?") open("keys");
      else if (key === "/") {
        event.preventDefault();
        open("go-to");
      } else if (place !== undefined && event.timeStamp - gAtMs < 900) go(place);
      gAtMs = key === "g" ? event.timeStamp : 0;
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

const SkipLink = (): JSX.Element => (
  <button type="button" class="skip" onClick={focusMain}>
    Skip to the content
  </button>
);

function focusMain(): void {
  const main = document.querySelector("main");
  if (main === null) return;
  main.tabIndex = -1;
  main.focus();
}

interface SidebarProps {
  readonly where: string;
  readonly table: string | undefined;
  readonly lake: LakeOverview | undefined;
  readonly open: Open;
}

function Sidebar({ where, table, lake, open }: SidebarProps): JSX.Element {
  const held = lake?.tables.reduce((records, { quarantinedRecords }) => records + quarantinedRecords, 0) ?? 0;
  return (
    <nav class="sidebar" aria-label="Main">
      <a class="brand" href="#/">
        <Mark />
        <span>dynalake</span>
        <code title={lake?.place.name}>{lake?.place.name}</code>
      </a>
      <button type="button" class="goto" onClick={() => open("go-to")}>
        <Icon name="search" />
        <span>Go to …</span>
        <kbd>ctrl k</kbd>
      </button>
      <ul class="nav">
        {NAV.map(([name, href, word, icon]) => (
          <li key={name}>
            <a href={href} aria-current={where === name ? "page" : undefined}>
              <Icon name={icon} />
              <span>{word}</span>
              {name === "quarantine" && held > 0 && (
                <b class="badge" title="records in quarantine">
                  {num(held)}
                </b>
              )}
            </a>
          </li>
        ))}
        <li class="narrow-only">
          <a href="#/tables" aria-current={where === "tables" || table !== undefined ? "page" : undefined}>
            <Icon name="table" />
            <span>Tables</span>
          </a>
        </li>
      </ul>
      {lake !== undefined && lake.tables.length > 0 && (
        <div class="side-tables">
          <h2>Tables</h2>
          <TableLinks lake={lake} current={table} />
        </div>
      )}
      <Foot lake={lake} open={open} />
    </nav>
  );
}

const TableLinks = ({ lake, current }: { lake: LakeOverview; current?: string | undefined }): JSX.Element => (
  <ul class="table-nav">
    {lake.tables.map((table) => (
      <li key={table.name}>
        <a href={tableLink(table.name)} aria-current={current === table.name ? "page" : undefined}>
          <Sign kind={HEALTH[table.health][0]} />
          <span>{table.name}</span>
          <span class="unseen">{HEALTH[table.health][1]}</span>
          <span class="dim">{behindText(table)}</span>
        </a>
      </li>
    ))}
  </ul>
);

function Foot({ lake, open }: { lake: LakeOverview | undefined; open: Open }): JSX.Element {
  const { isDark, flip } = useTheme();
  return (
    <div class="side-foot">
      {lake !== undefined && <Alive lake={lake} />}
      <div class="toggles">
        <span class="dim clock" title="the moment that the page shows">
          {lake !== undefined && `${hhmmss(lake.nowSeconds)} UTC`}
        </span>
        <button
          type="button"
          class="icon-button"
          onClick={flip}
          aria-label={isDark ? "Light theme" : "Dark theme"}
        >
          <Icon name={isDark ? "sun" : "moon"} />
        </button>
        <button type="button" class="icon-button" onClick={() => open("keys")} aria-label="Keys">
          <b>?</b>
        </button>
      </div>
    </div>
  );
}

function Alive({ lake }: { lake: LakeOverview }): JSX.Element {
  const { run, place } = lake;
  if (place.kind === "stack") return <p class="alive">on AWS</p>;
  const sinceSeconds = (isFollowed(lake) ? run?.startedAtSeconds : run?.seenAtSeconds) ?? 0;
  const isToday = day(sinceSeconds) === day(lake.nowSeconds);
  const sinceText = isToday ? hhmm(sinceSeconds) : day(sinceSeconds);
  return (
    <p class="alive">
      <Sign kind={isFollowed(lake) ? "ok" : run === undefined ? "note" : "bad"} />
      {isFollowed(lake) ? "followed" : "not followed"}
      {run !== undefined && <span class="dim">since {sinceText}</span>}
    </p>
  );
}

/** The nonce leaves the document, so that no script finds it there later. */
function takeNonce(): string {
  const meta = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]");
  const nonce = meta?.content ?? "";
  meta?.remove();
  return nonce;
}

const nonce = takeNonce();
// A link that is used up leads to the page that says so.
await openSession().catch(() => undefined);
const root = document.getElementById("app");
if (root !== null) render(<App nonce={nonce} />, root);
