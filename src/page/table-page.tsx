/** One table: how it moves, what it is made of, what its columns show, which snapshots are kept. */
import type { JSX } from "preact";
import type { ColumnDetails, LakeOverview, TableDetails, TableSummary } from "../console/api.ts";
import { changesOf, DayFigures } from "./day-figures.tsx";
import { day, hhmm, momentText, num, short, since, sizeText, span, sum } from "./format.ts";
import { KeyForm } from "./key-form.tsx";
import { CopyButton, Failed, FindingRow, HealthMark, Icon, Loading, Page, Sign } from "./parts.tsx";
import { sqlLink } from "./route.ts";
import { SnapshotList } from "./snapshot-list.tsx";
import { CommitList, MadeOf, Strata } from "./strata.tsx";
import { behindText, rowsText } from "./tables.tsx";
import { useAnswer } from "./use-answer.ts";

const EVERY_MS = 10_000;

export function TablePage({ name, lake }: { name: string; lake: LakeOverview }): JSX.Element {
  const {
    data: table,
    error,
    again,
  } = useAnswer<TableDetails>(`/api/tables/${encodeURIComponent(name)}`, EVERY_MS);
  const summary = lake.tables.find((one) => one.name === name);
  if (error !== undefined)
    return (
      <Page>
        <Failed error={error} again={again} />
      </Page>
    );
  if (table === undefined || summary === undefined)
    return (
      <Page>
        <Loading />
      </Page>
    );
  const findings = lake.findings.filter((finding) => finding.table === name);
  return (
    <Page>
      <Head table={table} summary={summary} />
      <Facts table={table} summary={summary} lake={lake} />
      {findings.length > 0 && (
        <section aria-labelledby="findings">
          <h2 id="findings" class="unseen">
            Findings
          </h2>
          <ul class="findings tight">
            {findings.map((finding) => (
              <FindingRow key={finding.title} finding={finding} lake={lake} hideTable />
            ))}
          </ul>
        </section>
      )}
      {summary.series !== undefined && <DayFigures name={name} series={summary.series} />}
      <section aria-labelledby="files">
        <h2 id="files">Segments and compactions</h2>
        <Strata table={table} nowSeconds={lake.nowSeconds} />
        <MadeOf table={table} />
        <details class="more">
          <summary>Last commits</summary>
          <CommitList table={table} nowSeconds={lake.nowSeconds} />
        </details>
      </section>
      <Columns table={table} />
      <Gaps table={table} />
      <SnapshotList table={table} keys={summary.key} />
    </Page>
  );
}

function Head({ table, summary }: { table: TableDetails; summary: TableSummary }): JSX.Element {
  return (
    <header class="head split">
      <div>
        <h1>{table.name}</h1>
        <p class="lead">
          <HealthMark of={summary.health} />
          <span class="sep" />
          source <code>{table.source}</code>, key <code>{summary.key.join(", ")}</code>
        </p>
      </div>
      <div class="actions">
        <KeyForm table={table.name} keys={summary.key} />
        <a class="button primary" href={sqlLink(`SELECT * FROM ${table.name}\nLIMIT 1000`)}>
          <Icon name="sql" />
          <span>Query</span>
        </a>
      </div>
    </header>
  );
}

function Facts({
  table,
  summary,
  lake,
}: {
  table: TableDetails;
  summary: TableSummary;
  lake: LakeOverview;
}): JSX.Element {
  const { newest, series, waitingRecords } = summary;
  const changes = series?.changes;
  const removed = sum(changes?.remove ?? []);
  const expired = sum(changes?.expired ?? []);
  const waiting =
    typeof waitingRecords === "number" && waitingRecords > 0 ? `${num(waitingRecords)} waiting` : undefined;
  return (
    <dl class="facts">
      <Fact
        name="Rows"
        value={rowsText(summary)}
        more={summary.areRowsCounted ? undefined : "those of the base; counting takes a statement"}
      />
      <Fact
        name="Behind its source"
        value={behindText(summary)}
        more={waiting ?? (newest && `newest change ${since(newest.changedAtSeconds, lake.nowSeconds)}`)}
      />
      {newest !== undefined && (
        <Fact
          name="Write to SQL"
          value={`${span(Math.max(1, newest.afterSeconds))} or less`}
          more="the newest change"
        />
      )}
      {series !== undefined && <Fact name="Changes, 24 h" value={short(changesOf(series))} />}
      {changes !== undefined && changes.ofAnyKind === undefined && (
        <Fact
          name="Removed, 24 h"
          value={num(removed)}
          more={expired > 0 ? `${num(expired)} expired` : undefined}
        />
      )}
      <Fact name="Size" value={sizeText(summary.bytes)} more={`${num(summary.segments)} segments`} />
      {table.asOfFromSeconds !== undefined && (
        <Fact
          name="As-of reaches back to"
          value={table.asOfFromSeconds === 0 ? "the beginning" : day(table.asOfFromSeconds)}
          more={table.asOfFromSeconds === 0 ? undefined : hhmm(table.asOfFromSeconds)}
        />
      )}
    </dl>
  );
}

const Fact = ({
  name,
  value,
  more,
}: {
  name: string;
  value: string;
  more?: string | undefined;
}): JSX.Element => (
  <div>
    <dt>{name}</dt>
    <dd>
      {value}
      {more !== undefined && <small>{more}</small>}
    </dd>
  </div>
);

function Columns({ table }: { table: TableDetails }): JSX.Element {
  const drift = new Map(table.drift.map((one) => [one.attribute, one]));
  const withoutColumn = table.drift.filter(({ column }) => column === undefined);
  const notes = [
    table.where === undefined ? "" : `where ${table.where}`,
    table.partitionBy ?? "",
    `evolve: ${table.evolve}`,
  ];
  return (
    <section aria-labelledby="schema">
      <h2 id="schema">
        Columns <span class="count">{table.columns.length}</span>
        <span class="h-note">{notes.filter((note) => note !== "").join(" · ")}</span>
      </h2>
      <table class="list compact schema">
        <thead>
          <tr>
            <th>Column</th>
            <th>Type</th>
            <th>Attribute</th>
            <th>Remark</th>
          </tr>
        </thead>
        <tbody>
          {table.columns.map((column) => (
            <tr key={column.name}>
              <th scope="row">
                <code>{column.name}</code>
              </th>
              <td class="dim">
                <code>{column.type}</code>
              </td>
              <td class="dim">{column.attribute}</td>
              <td>
                {drift.has(column.attribute) ? (
                  <Hidden of={drift.get(column.attribute)} />
                ) : (
                  <span class="dim">{remark(column)}</span>
                )}
              </td>
            </tr>
          ))}
          {withoutColumn.map((found) => (
            <tr key={found.attribute}>
              <th scope="row" class="dim">
                no column
              </th>
              <td class="dim">
                {found.line !== undefined && (
                  <>
                    <code>{found.line}</code>{" "}
                    <CopyButton text={found.line} label={`Copy the line for ${found.attribute}`} />
                  </>
                )}
              </td>
              <td>{found.attribute}</td>
              <td>
                <Hidden of={found} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const remark = ({ key, masked }: ColumnDetails): string =>
  key === undefined ? (masked ? "masked" : "") : key === "hash" ? "partition key" : "sort key";

const Hidden = ({ of }: { of: TableDetails["drift"][number] | undefined }): JSX.Element | null =>
  of === undefined ? null : (
    <span class={`health ${of.column === undefined ? "note" : "warn"}`} title={of.sentence}>
      <Sign kind={of.column === undefined ? "note" : "warn"} />
      {num(of.hidden)} of {num(of.values)}{" "}
      {of.column?.text === undefined ? "not in SQL" : `in ${of.column.text}`}
    </span>
  );

function Gaps({ table }: { table: TableDetails }): JSX.Element | null {
  const gaps = [
    ...table.openGaps.map((gap) => ({ gap, isOpen: true })),
    ...table.repairedGaps.map((gap) => ({ gap, isOpen: false })),
  ];
  if (gaps.length === 0) return null;
  return (
    <section aria-labelledby="gaps">
      <h2 id="gaps">
        Gaps <span class="count">{gaps.length}</span>
      </h2>
      <table class="list compact">
        <thead>
          <tr>
            <th>Found</th>
            <th>What is missing</th>
            <th>State</th>
          </tr>
        </thead>
        <tbody>
          {gaps.map(({ gap, isOpen }) => (
            <tr key={`${gap.foundAtSeconds} ${gap.detail}`}>
              <th scope="row">{momentText(gap.foundAtSeconds)}</th>
              <td class="wrap">{gap.detail}</td>
              <td>{isOpen ? <HealthMark of="gap" /> : <span class="dim">repaired by a snapshot</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
