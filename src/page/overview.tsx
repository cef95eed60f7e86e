/** Is the lake right, how fresh is it, and what is to be done: in that order. */
import type { JSX } from "preact";
import type { LakeOverview } from "../console/api.ts";
import { day, hhmm, since, span } from "./format.ts";
import { Command, Empty, FindingRow, Page, Sign } from "./parts.tsx";
import { Tables } from "./tables.tsx";

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

export function Overview({ lake }: { lake: LakeOverview }): JSX.Element {
  if (lake.tables.length === 0)
    return (
      <Page>
        <Empty
          title="This lake has no tables yet"
          command={
            lake.place.kind === "stack"
              ? `npx dynalake snapshot ${lake.place.option}`
              : `npx dynalake run --source Orders ${lake.place.option}`
          }
        >
          {lake.place.kind === "stack"
            ? "A table comes with its first snapshot, which begins by itself within a day. This command takes it now."
            : "A table comes with its first snapshot. This command takes it, and then follows the table's stream."}
        </Empty>
      </Page>
    );
  return (
    <Page>
      <Answer lake={lake} />
      <Findings lake={lake} />
      <Tables lake={lake} />
      <p class="foot">
        The same in a terminal:{" "}
        <code>
          npx dynalake status {lake.place.kind === "stack" ? "" : "--watch "}
          {lake.place.option}
        </code>
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
  const behind = lake.tables.flatMap(({ behindSeconds }) => behindSeconds ?? []);
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
        {behind.length === 0
          ? "How far the tables are behind is not known while nothing is read from their streams."
          : `Each table is at most ${span(Math.max(...behind, 1))} behind its source.`}
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
