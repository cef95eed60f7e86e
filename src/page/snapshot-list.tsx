/** The snapshots that the table keeps: each can be queried, and two can be compared. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { KeptSnapshot, TableDetails } from "../console/api.ts";
import { day, hhmm, num, sizeText } from "./format.ts";
import { go, sqlLink } from "./route.ts";

export function SnapshotList({
  table,
  keys,
}: {
  table: TableDetails;
  keys: readonly string[];
}): JSX.Element | null {
  const { snapshots } = table;
  const [picked, pick] = useState<readonly number[]>([1, 0]);
  if (snapshots.length === 0) return null;
  const flip = (i: number): void =>
    pick(picked.includes(i) ? picked.filter((one) => one !== i) : [...picked.slice(-1), i]);
  const [older, newer] = picked.toSorted((a, b) => b - a).flatMap((i) => snapshots[i] ?? []);
  return (
    <section aria-labelledby="kept">
      <h2 id="kept">
        Kept snapshots <span class="count">{snapshots.length}</span>
      </h2>
      <table class="list compact kept">
        <thead>
          <tr>
            {snapshots.length > 1 && (
              <th class="tick">
                <span class="unseen">Compare</span>
              </th>
            )}
            <th>Items of</th>
            <th class="r">Items</th>
            <th class="r">Than the one before</th>
            <th class="r">Size</th>
            <th class="r">
              <span class="unseen">Open</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {snapshots.map((snapshot, i) => (
            <SnapshotRow
              key={`${snapshot.exportTimeSeconds} ${i}`}
              table={table.name}
              snapshot={snapshot}
              before={snapshots[i + 1]}
              pick={snapshots.length > 1 ? { isPicked: picked.includes(i), flip: () => flip(i) } : undefined}
            />
          ))}
        </tbody>
      </table>
      {snapshots.length > 1 && (
        <div class="bar">
          <button
            type="button"
            class="button"
            disabled={older === undefined || newer === undefined}
            onClick={() => older && newer && go(sqlLink(comparison(table.name, keys, older, newer)))}
          >
            {older === undefined || newer === undefined
              ? "Tick two to compare them"
              : `What changed from ${day(older.exportTimeSeconds)} to ${day(newer.exportTimeSeconds)}`}
          </button>
        </div>
      )}
    </section>
  );
}

interface SnapshotRowProps {
  readonly table: string;
  readonly snapshot: KeptSnapshot;
  readonly before: KeptSnapshot | undefined;
  readonly pick: { readonly isPicked: boolean; readonly flip: () => void } | undefined;
}

function SnapshotRow({ table, snapshot, before, pick }: SnapshotRowProps): JSX.Element {
  const { exportTimeSeconds, items } = snapshot;
  const more = before && items - before.items;
  return (
    <tr>
      {pick !== undefined && (
        <td class="tick">
          <input
            type="checkbox"
            aria-label={`compare the snapshot of ${day(exportTimeSeconds)}, ${hhmm(exportTimeSeconds)}`}
            checked={pick.isPicked}
            onChange={pick.flip}
          />
        </td>
      )}
      <th scope="row">
        {exportTimeSeconds === 0
          ? "an unknown time"
          : `${day(exportTimeSeconds)}, ${hhmm(exportTimeSeconds)}`}
      </th>
      <td class="r" data-label="items">
        {num(items)}
      </td>
      <td class="r dim">{more === undefined ? "–" : `${more < 0 ? "−" : "+"}${num(Math.abs(more))}`}</td>
      <td class="r dim">{sizeText(snapshot.bytes)}</td>
      <td class="r">
        <a
          href={sqlLink(
            `SELECT * FROM ${table}_snapshots\nWHERE ddb_export_timestamp = ${stamp(snapshot)}\nLIMIT 1000`,
          )}
        >
          Query
        </a>
      </td>
    </tr>
  );
}

const stamp = ({ exportTimeSeconds }: KeptSnapshot): string =>
  `'${new Date(exportTimeSeconds * 1000).toISOString().slice(0, 19).replace("T", " ")}'`;

/** A statement for the console, which the reader starts. */
function comparison(
  table: string,
  keys: readonly string[],
  older: KeptSnapshot,
  newer: KeptSnapshot,
): string {
  const [key = "", ...others] = keys;
  const using = [key, ...others].map((name) => `"${name}"`).join(", ");
  const of = (snapshot: KeptSnapshot): string =>
    `(FROM ${table}_snapshots WHERE ddb_export_timestamp = ${stamp(snapshot)})`;
  return [
    `SELECT ${using}, CASE WHEN a."${key}" IS NULL THEN 'new' WHEN b."${key}" IS NULL THEN 'gone' ELSE 'changed' END AS what`,
    `FROM ${of(older)} a`,
    `FULL JOIN ${of(newer)} b USING (${using})`,
    "WHERE a IS DISTINCT FROM b",
  ].join("\n");
}
