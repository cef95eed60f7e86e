/** All tables of the lake: how each is, how fresh, and its day. */
import type { JSX } from "preact";
import type { LakeOverview, TableSummary } from "../console/api.ts";
import { num, short, since, sizeText, span, sum } from "./format.ts";
import { HEALTH, HealthMark } from "./parts.tsx";
import { tableLink } from "./route.ts";
import { Spark } from "./spark.tsx";

const ORDER = { bad: 0, warn: 1, note: 2, ok: 3 } as const;

export function Tables({ lake }: { lake: LakeOverview }): JSX.Element {
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
  const { name, health, newest, waitingRecords, segments, series } = table;
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
        {rowsText(table)}
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

/** Counting the rows of a deployment takes a statement: those of its base are about as many. */
export function rowsText({ rows, areRowsCounted }: Pick<TableSummary, "rows" | "areRowsCounted">): string {
  return areRowsCounted ? num(rows) : `≈ ${num(rows)}`;
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
  const { insert, modify, remove, ofAnyKind } = series.changes;
  const hours = ofAnyKind ?? insert.map((count, i) => count + (modify[i] ?? 0) + (remove[i] ?? 0));
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
