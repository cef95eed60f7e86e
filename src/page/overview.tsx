/** Is the lake right, how fresh is it, and what is to be done: in that order. */
import type { JSX } from "preact";
import type { LakeOverview, TableSummary } from "../console/api.ts";
import { day, hhmm, num, short, since, sizeText, span, sum } from "./format.ts";
import { Command, Empty, FindingRow, HEALTH, HealthMark, Page, Sign } from "./parts.tsx";
import { tableLink } from "./route.ts";
import { Spark } from "./spark.tsx";

/** Streams keep changes for this long. */
const KEPT_SECONDS = 86_400;
/** More findings than these are folded away, so that the tables stay in sight. */
const FINDINGS_SHOWN = matchMedia("(max-width: 920px)").matches ? 2 : 5;
const WORDS = [
  "No table needs",
  "One table needs",
  "Two tables need",
  "Three tables need",
  "Four tables need",
];
const ORDER = { bad: 0, warn: 1, note: 2, ok: 3 } as const;

export function Overview({ lake }: { lake: LakeOverview }): JSX.Element {
  if (lake.tables.length === 0)
    return (
      <Page>
        <Empty
          title="This lake has no tables yet"
          command={`npx dynalake run --source Orders ${lake.place.option}`}
        >
          A table comes with its first snapshot. This command takes it, and then follows the table's stream.
        </Empty>
      </Page>
    );
  return (
    <Page>
      <Answer lake={lake} />
      <Findings lake={lake} />
      <Tables lake={lake} />
      <p class="foot">
        The same in a terminal: <code>npx dynalake status --watch {lake.place.option}</code>
      </p>
    </Page>
  );
}

export function isFollowed(lake: LakeOverview): boolean {
  return lake.place.kind === "stack" || lake.run?.state === "running";
}

function Answer({ lake }: { lake: LakeOverview }): JSX.Element {
  if (!isFollowed(lake))
    return lake.run === undefined ? (
      <NeverFollowed lake={lake} />
    ) : (
      <NotFollowed lake={lake} run={lake.run} />
    );
  const sick = new Set(lake.findings.filter(({ severity }) => severity !== "note").map(({ table }) => table))
    .size;
  const behind = lake.tables.map(({ behindSeconds }) => behindSeconds ?? 0);
  return (
    <header class="head">
      <h1>
        {sick === 0
          ? "Every table is complete and up to date"
          : `${WORDS[sick] ?? `${sick} tables need`} attention`}
      </h1>
      <p class="lead">
        {lake.run !== undefined && (
          <>
            <code>run</code>, process {lake.run.process}, has followed since{" "}
            {since(lake.run.startedAtSeconds, lake.nowSeconds)}.{" "}
          </>
        )}
        Each table is at most {span(Math.max(...behind, 1))} behind its source.
      </p>
    </header>
  );
}

function NotFollowed({
  lake,
  run,
}: {
  lake: LakeOverview;
  run: NonNullable<LakeOverview["run"]>;
}): JSX.Element {
  const untilSeconds = run.seenAtSeconds + KEPT_SECONDS;
  const isLate = untilSeconds < lake.nowSeconds;
  const ago = span(lake.nowSeconds - run.seenAtSeconds);
  return (
    <>
      <header class="head">
        <h1>
          <Sign kind="bad" />
          No process follows this lake
        </h1>
        <p class="lead">
          The last <code>run</code>, process {run.process},{" "}
          {run.state === "ended" ? "ended" : "was last seen"} at {since(run.seenAtSeconds, lake.nowSeconds)},{" "}
          {ago} ago. {isLate ? "" : "Nothing is lost yet: streams keep changes for 24 hours."}
        </p>
      </header>
      <section class="callout" aria-label="What to do">
        <div>
          <h2>
            {isLate ? "Follow again" : `Follow again before ${day(untilSeconds)}, ${hhmm(untilSeconds)}`}
          </h2>
          <p>
            {isLate
              ? "Changes may have left the streams unread: run reports gaps, and a snapshot repairs them."
              : "After that, changes leave the streams unread, and only a new snapshot repairs the tables."}
          </p>
        </div>
        <Command text={`npx dynalake run ${lake.place.option}`} />
      </section>
    </>
  );
}

function NeverFollowed({ lake }: { lake: LakeOverview }): JSX.Element {
  const times = lake.tables.length === 1 ? "its table" : `its ${lake.tables.length} tables`;
  return (
    <>
      <header class="head">
        <h1>This lake is a snapshot</h1>
        <p class="lead">No process has followed {times} yet: the rows are those of the last snapshot.</p>
      </header>
      <section class="callout calm" aria-label="What to do">
        <div>
          <h2>Follow every change</h2>
          <p>This command reads the stream of each table, and delivers within seconds.</p>
        </div>
        <Command text={`npx dynalake run ${lake.place.option}`} />
      </section>
    </>
  );
}

function Findings({ lake }: { lake: LakeOverview }): JSX.Element | null {
  const { findings } = lake;
  if (findings.length === 0) return null;
  const rows = findings.map((finding) => (
    <FindingRow key={`${finding.table} ${finding.title}`} finding={finding} lake={lake} />
  ));
  const left = rows.length - FINDINGS_SHOWN;
  return (
    <section aria-labelledby="findings">
      <h2 id="findings">
        Findings <span class="count">{findings.length}</span>
      </h2>
      <ul class="findings">{rows.slice(0, FINDINGS_SHOWN)}</ul>
      {left > 0 && (
        <details class="more">
          <summary>{left} more</summary>
          <ul class="findings">{rows.slice(FINDINGS_SHOWN)}</ul>
        </details>
      )}
    </section>
  );
}

function Tables({ lake }: { lake: LakeOverview }): JSX.Element {
  const tables = lake.tables.toSorted((a, b) => ORDER[HEALTH[a.health][0]] - ORDER[HEALTH[b.health][0]]);
  const hasSeries = tables.some(({ series }) => series !== undefined);
  return (
    <section aria-labelledby="tables">
      <h2 id="tables">
        Tables <span class="count">{tables.length}</span>
      </h2>
      <table class="list tables">
        <thead>
          <tr>
            <th>Table</th>
            <th>Health</th>
            <th class="r">Rows</th>
            <th class="r" title="how far the table is behind its source">
              Behind
            </th>
            <th class="r newest">Newest change</th>
            {hasSeries && (
              <>
                <th class="fig">Write to SQL, 24 h</th>
                <th class="r slowest" title="the slowest delivery of the last 24 hours">
                  Slowest
                </th>
                <th class="fig">Changes an hour</th>
                <th class="r day">Changes, 24 h</th>
              </>
            )}
            <th class="r disk">Segments</th>
            <th class="r">Size</th>
          </tr>
        </thead>
        <tbody>
          {tables.map((table) => (
            <TableRow key={table.name} table={table} lake={lake} hasSeries={hasSeries} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function TableRow({
  table,
  lake,
  hasSeries,
}: {
  table: TableSummary;
  lake: LakeOverview;
  hasSeries: boolean;
}): JSX.Element {
  const { name, health, rows, newest, waitingRecords, segments, series } = table;
  return (
    <tr>
      <th scope="row">
        <a class="row-link" href={tableLink(name)}>
          {name}
        </a>
      </th>
      <td>
        <HealthMark of={health} />
      </td>
      <td class="r" data-label="rows">
        {num(rows)}
      </td>
      <td class="r" data-label="behind">
        {behindText(table)}
        {typeof waitingRecords === "number" && waitingRecords > 0 && (
          <small>{num(waitingRecords)} waiting</small>
        )}
      </td>
      <td class="r dim newest" data-label="newest change">
        {newest === undefined ? "–" : since(newest.changedAtSeconds, lake.nowSeconds)}
      </td>
      {hasSeries && <SeriesCells name={name} series={series} />}
      <td class="r dim disk" data-label="segments">
        {num(segments)}
      </td>
      <td class="r dim" data-label="size">
        {sizeText(table.bytes)}
      </td>
    </tr>
  );
}

/** Unknown says so: without a run the age of what is in the table grows, and how much is missing is not known. */
export function behindText({
  behindSeconds,
  following,
}: Pick<TableSummary, "behindSeconds" | "following">): string {
  if (following !== undefined && following !== "running") return "unknown";
  return behindSeconds === undefined ? "–" : span(behindSeconds);
}

/** Quiet tables share a smallest scale, in seconds, so that their noise does not look like an incident. */
const LAG_SCALE_SECONDS = 5;

function SeriesCells({ name, series }: Pick<TableSummary, "name" | "series">): JSX.Element {
  if (series === undefined)
    return (
      <>
        <td class="fig dim">–</td>
        <td class="r dim slowest">–</td>
        <td class="fig dim">–</td>
        <td class="r dim day">–</td>
      </>
    );
  const { worst } = series.lag;
  const slowest = Math.max(...worst.map((value) => value ?? 0), 0);
  const { insert, modify, remove } = series.changes;
  const hours = insert.map((count, i) => count + (modify[i] ?? 0) + (remove[i] ?? 0));
  return (
    <>
      <td class="fig" data-fig="write to SQL, 24 h">
        <Spark
          values={worst}
          atLeast={LAG_SCALE_SECONDS}
          label={`write to SQL of ${name} over 24 hours, slowest ${span(slowest)}`}
        />
      </td>
      <td class="r dim slowest" data-label="slowest">
        {worst.some((value) => value !== null) ? span(slowest) : "–"}
      </td>
      <td class="fig" data-fig="changes an hour">
        <Spark
          kind="bars"
          values={hours}
          label={`changes an hour of ${name}, ${num(sum(hours))} in 24 hours`}
        />
      </td>
      <td class="r day" data-label="changes, 24 h">
        {short(sum(hours))}
      </td>
    </>
  );
}
