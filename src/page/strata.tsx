/** Files as layers over the day: a delta stays from its commit until a rewrite of the base takes it in. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Layer, TableDetails } from "../console/api.ts";
import { classes, hhmm, num, plural, sizeText, span, sum } from "./format.ts";
import { lanesOf, type PlacedLayer } from "./lanes.ts";

const DAY_SECONDS = 86_400;
const WIDTH = 1_000;
const TOP = 6;
const DELTAS_HEIGHT = 84;
const LANE_HEIGHT_MAX = 7;
const HOURS = [0, 4, 8, 12, 16, 20];

export function Strata({ table, nowSeconds }: { table: TableDetails; nowSeconds: number }): JSX.Element {
  const [over, setOver] = useState<Layer>();
  const deltas = lanesOf(table.layers.filter(({ kind }) => kind === "delta"));
  const bases = lanesOf(table.layers.filter(({ kind }) => kind === "base"));
  const majors = table.commits.filter(
    ({ kind, atSeconds }) => kind === "major" && atSeconds > nowSeconds - DAY_SECONDS,
  );
  const fromSeconds = nowSeconds - DAY_SECONDS;
  return (
    <figure class="strata">
      <figcaption class="dim">
        {over === undefined ? summary(deltas.length, majors.length) : layerText(over)}
      </figcaption>
      <div class="strata-body">
        <Drawing deltas={deltas} bases={bases} nowSeconds={nowSeconds} over={over} onOver={setOver} />
        <div class="ticks" aria-hidden="true">
          {HOURS.map((hour) => (
            <span key={hour}>{hhmm(fromSeconds + hour * 3600)}</span>
          ))}
          <span>now</span>
        </div>
      </div>
    </figure>
  );
}

function summary(deltas: number, majors: number): string {
  return `${plural(deltas, "delta")} and ${plural(majors, "major compaction")} in 24 hours. A delta stays until a major compaction takes it in.`;
}

function layerText({ kind, commit, rows, bytes: size, segments, fromSeconds, untilSeconds }: Layer): string {
  const until = untilSeconds === undefined ? "now" : hhmm(untilSeconds);
  return `${kind === "base" ? "Base" : "Delta"} of commit ${num(commit)}: ${plural(rows, "row")}, ${sizeText(size)} in ${plural(segments, "segment")}, ${hhmm(fromSeconds)} to ${until}`;
}

interface DrawingProps {
  readonly deltas: readonly PlacedLayer[];
  readonly bases: readonly PlacedLayer[];
  readonly nowSeconds: number;
  readonly over: Layer | undefined;
  readonly onOver: (layer: Layer | undefined) => void;
}

function Drawing({ deltas, bases, nowSeconds, over, onOver }: DrawingProps): JSX.Element {
  const lanes = Math.max(1, ...deltas.map(({ lane }) => lane + 1));
  const step = Math.min(LANE_HEIGHT_MAX, DELTAS_HEIGHT / lanes);
  const baseLanes = Math.max(1, ...bases.map(({ lane }) => lane + 1));
  const baseStep = Math.min(16, 32 / baseLanes);
  const baseY = TOP + lanes * step + 8;
  const height = baseY + baseLanes * baseStep + 6;
  const x = (seconds: number): number =>
    Math.max(0, ((seconds - (nowSeconds - DAY_SECONDS)) / DAY_SECONDS) * WIDTH);
  const rect = ({ layer }: PlacedLayer, y: number, tall: number): JSX.Element => (
    <rect
      key={`${layer.kind} ${layer.commit} ${layer.untilSeconds ?? ""}`}
      class={classes(layer.kind, layer.untilSeconds === undefined && "live", over === layer && "over")}
      x={x(layer.fromSeconds) + 0.6}
      width={Math.max(2, x(layer.untilSeconds ?? nowSeconds) - x(layer.fromSeconds) - 1.2)}
      y={y}
      height={tall}
      onPointerEnter={() => onOver(layer)}
      onPointerLeave={() => onOver(undefined)}
    />
  );
  return (
    <>
      <div class="lane-names" aria-hidden="true">
        <span>Deltas</span>
        <span>Base</span>
      </div>
      <svg
        viewBox={`0 0 ${WIDTH} ${height}`}
        preserveAspectRatio="none"
        height={height}
        role="img"
        aria-label={`${deltas.length} deltas and ${bases.length} bases over the last 24 hours; the table below has those of now`}
      >
        {deltas.map((placed) => rect(placed, baseY - 8 - (placed.lane + 1) * step, step - 1.5))}
        {bases.map((placed) => rect(placed, baseY + placed.lane * baseStep, baseStep - 1.5))}
      </svg>
    </>
  );
}

/** The numbers of the figure: what the table is made of now. */
export function MadeOf({ table }: { table: TableDetails }): JSX.Element {
  const live = table.layers.filter(({ untilSeconds }) => untilSeconds === undefined);
  const kinds = (["base", "delta"] as const).map(
    (kind) => [kind, live.filter((layer) => layer.kind === kind)] as const,
  );
  return (
    <table class="list compact">
      <thead>
        <tr>
          <th>Made of</th>
          <th class="r">Files</th>
          <th class="r">Rows</th>
          <th class="r">Size</th>
          <th class="r">Newest commit</th>
        </tr>
      </thead>
      <tbody>
        {kinds.map(([kind, layers]) => (
          <tr key={kind}>
            <th scope="row">{kind === "base" ? "Base" : "Deltas"}</th>
            <td class="r" data-label="files">
              {num(sum(layers.map(({ segments }) => segments)))}
            </td>
            <td class="r" data-label="rows">
              {num(sum(layers.map(({ rows }) => rows)))}
            </td>
            <td class="r" data-label="">
              {sizeText(sum(layers.map((layer) => layer.bytes)))}
            </td>
            <td class="r dim" data-label="">
              {layers.length === 0 ? "–" : hhmm(Math.max(...layers.map(({ fromSeconds }) => fromSeconds)))}
            </td>
          </tr>
        ))}
        <tr>
          <th scope="row">Change log</th>
          <td class="r" data-label="files">
            {num(table.log.objects)}
          </td>
          <td class="r dim" title="read from the horizon on">
            –
          </td>
          <td class="r" data-label="">
            {sizeText(table.log.bytes)}
          </td>
          <td class="r dim" data-label="">
            –
          </td>
        </tr>
      </tbody>
    </table>
  );
}

const KINDS: Readonly<Record<TableDetails["commits"][number]["kind"], string>> = {
  snapshot: "snapshot",
  minor: "minor compaction",
  major: "major compaction",
  schema: "new columns",
  initial: "begin",
};
const COMMITS_SHOWN = 8;

export function CommitList({ table, nowSeconds }: { table: TableDetails; nowSeconds: number }): JSX.Element {
  return (
    <table class="list compact">
      <thead>
        <tr>
          <th>Commit</th>
          <th>What it did</th>
          <th class="r">Segments after it</th>
          <th class="r">Rows in them</th>
          <th class="r">Size</th>
          <th class="r">Age</th>
        </tr>
      </thead>
      <tbody>
        {table.commits
          .slice(0, COMMITS_SHOWN)
          .map(({ number, kind, atSeconds, rows, segments, bytes: size }) => (
            <tr key={number}>
              <th scope="row">{num(number)}</th>
              <td>{KINDS[kind]}</td>
              <td class="r" data-label="segments">
                {num(segments)}
              </td>
              <td class="r" data-label="rows">
                {num(rows)}
              </td>
              <td class="r" data-label="">
                {sizeText(size)}
              </td>
              <td class="r dim" data-label="ago">
                {span(Math.max(0, nowSeconds - atSeconds))}
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
