/** Records that could not become changes: why, how many, what leads out, and their form. Their values stay hidden. */
import type { JSX, TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";
import type { QuarantinedShape, QuarantineGroup, QuarantineReport } from "../console/api.ts";
import { classes, momentText, num, plural, sizeText } from "./format.ts";
import { Command, Empty, Failed, Loading, moveTab, Page } from "./parts.tsx";
import { tableLink } from "./route.ts";
import { useAnswer } from "./use-answer.ts";

const EVERY_MS = 10_000;

export function QuarantinePage(): JSX.Element {
  const { data, error, again } = useAnswer<QuarantineReport>("/api/quarantine", EVERY_MS);
  const [picked, pick] = useState(0);
  if (error !== undefined)
    return (
      <Page>
        <Failed error={error} again={again} />
      </Page>
    );
  if (data === undefined)
    return (
      <Page>
        <Loading />
      </Page>
    );
  const group = data.groups[picked] ?? data.groups[0];
  if (group === undefined)
    return (
      <Page>
        <Empty title="Quarantine is empty">
          A record that cannot become a change would wait here, with its reason, until it is replayed.
        </Empty>
      </Page>
    );
  const records = data.records.filter(
    ({ table, reason }) => table === group.table && reason === group.reason,
  );
  const total = data.groups.reduce((all, one) => all + one.records, 0);
  return (
    <Page>
      <header class="head">
        <h1>{plural(total, "record")} in quarantine</h1>
        <p class="lead">
          They are kept as they came, and are in no row. The records around them were delivered. Values are
          hidden here.
          {data.unreadFiles > 0 && ` ${plural(data.unreadFiles, "older file")} of records were not read.`}
        </p>
      </header>
      <Reasons groups={data.groups} picked={data.groups.indexOf(group)} pick={pick} />
      <section class="way">
        <div>
          <h2>{group.meaning}</h2>
          <p>
            Repair the cause, or the record in its file, and replay it. A record that is still not a change
            goes back into quarantine; the table is <a href={tableLink(group.table)}>{group.table}</a>.
          </p>
        </div>
        <Command text={group.command} />
      </section>
      <Records key={`${group.table} ${group.reason}`} records={records} />
    </Page>
  );
}

function Reasons({
  groups,
  picked,
  pick,
}: {
  groups: readonly QuarantineGroup[];
  picked: number;
  pick: (i: number) => void;
}): JSX.Element {
  return (
    <div class="reasons" role="tablist" aria-label="Reasons" onKeyDown={moveTab}>
      {groups.map(({ table, reason, records, firstSeconds, lastSeconds }, i) => (
        <button
          key={`${table} ${reason}`}
          type="button"
          role="tab"
          aria-selected={i === picked}
          tabIndex={i === picked ? 0 : -1}
          onClick={() => pick(i)}
        >
          <span class="reason-name">
            <code>{reason}</code>
            <b>{num(records)}</b>
          </span>
          <span class="dim">
            {table} · {momentText(firstSeconds)}
            {lastSeconds > firstSeconds ? ` to ${momentText(lastSeconds)}` : ""}
          </span>
        </button>
      ))}
    </div>
  );
}

function Records({ records }: { records: readonly QuarantinedShape[] }): JSX.Element | null {
  const [at, setAt] = useState(0);
  const record = records[at] ?? records[0];
  if (record === undefined) return null;
  const move = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(records.length - 1, at + step)));
  };
  return (
    <section class="records" aria-label="Records">
      <div
        class="record-list"
        role="listbox"
        aria-label={plural(records.length, "record")}
        tabIndex={0}
        aria-activedescendant={`record-${at}`}
        onKeyDown={move}
      >
        {records.map(({ file, line, operation, arrivedAtSeconds }, i) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and names the option.
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list's keys move through it.
          <div
            key={`${file}:${line}`}
            id={`record-${i}`}
            role="option"
            aria-selected={i === at}
            class={classes("record-row", i === at && "on")}
            onClick={() => setAt(i)}
          >
            <span>{operation ?? "record"}</span>
            <time class="dim">{momentText(arrivedAtSeconds)}</time>
          </div>
        ))}
      </div>
      <div class="record">
        <p>{record.detail === "" ? "No more is known of it." : record.detail}</p>
        <p class="dim">
          {sizeText(record.bytes)}
          {record.source === "" ? "" : `, from ${record.source}`}
        </p>
        {record.shape !== undefined && <pre tabIndex={0}>{record.shape}</pre>}
        <p class="dim path">
          <code>
            {record.file}:{record.line}
          </code>
        </p>
      </div>
    </section>
  );
}
