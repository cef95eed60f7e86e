/** One item's versions side by side. Attributes are rows, versions are columns; what a version changed is marked. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ItemHistory, ItemVersion, LakeOverview } from "../console/api.ts";
import { classes, momentText, num, plural } from "./format.ts";
import { type AttributeRow, attributeRows } from "./item-versions.ts";
import { KeyForm } from "./key-form.tsx";
import { Empty, Failed, Icon, Loading, Page } from "./parts.tsx";
import { Dot } from "./plot.tsx";
import { sqlLink, tableLink } from "./route.ts";
import { Failure, send } from "./session.ts";

const TOKENS: Readonly<Record<string, string>> = {
  INSERT: "--c-insert",
  MODIFY: "--c-modify",
  REMOVE: "--c-remove",
  SNAPSHOT: "--ink-3",
};
/** Columns side by side; older ones are a click away. */
const SHOWN = 6;

interface ItemPageProps {
  readonly table: string;
  readonly query: URLSearchParams;
  readonly lake: LakeOverview;
}

export function ItemPage({ table, query, lake }: ItemPageProps): JSX.Element {
  const keys = lake.tables.find(({ name }) => name === table)?.key ?? [];
  const isAsked = keys.length > 0 && keys.every((key) => (query.get(key) ?? "") !== "");
  return (
    <Page wide>
      <header class="head split">
        <div>
          <p class="crumb">
            <a href="#/">Tables</a> / <a href={tableLink(table)}>{table}</a> / item
          </p>
          <h1>{isAsked ? keys.map((key) => query.get(key)).join(" · ") : "Item by key"}</h1>
        </div>
        <KeyForm table={table} keys={keys} values={query} />
      </header>
      {isAsked ? (
        <Found table={table} keys={keys} query={query} />
      ) : (
        <p class="lead">Give the key above. Keys are compared exactly, upper and lower case included.</p>
      )}
    </Page>
  );
}

function Found({
  table,
  keys,
  query,
}: {
  table: string;
  keys: readonly string[];
  query: URLSearchParams;
}): JSX.Element {
  const [state, set] = useState<{ history?: ItemHistory; error?: Failure }>({});
  const key = useMemo(
    () => Object.fromEntries(keys.map((name) => [name, query.get(name) ?? ""])),
    [query.toString()],
  );
  const read = (): (() => void) => {
    const abortion = new AbortController();
    set({});
    send<ItemHistory>("/api/item", { table, key }, abortion.signal).then(
      (history) => set({ history }),
      (error: unknown) => {
        if (!abortion.signal.aborted)
          set({
            error:
              error instanceof Failure ? error : new Failure({ code: "INTERNAL", message: String(error) }),
          });
      },
    );
    return () => abortion.abort();
  };
  useEffect(read, [table, key]);
  const { history, error } = state;
  if (error !== undefined) return <Failed error={error} again={read} />;
  if (history === undefined) return <Loading />;
  const where = keys.map((name) => `"${name}" = ${literal(key[name] ?? "")}`).join(" AND ");
  if (history.versions.length === 0)
    return (
      <Empty title="No item with this key, now or in the history">
        Keys are compared exactly, upper and lower case included. In SQL you can look for similar ones:{" "}
        <a href={sqlLink(`SELECT * FROM ${table}\nWHERE ${where}`)}>open as SQL</a>.
      </Empty>
    );
  return (
    <Versions
      history={history}
      sql={sqlLink(`SELECT * FROM ${table}_history\nWHERE ${where}\nORDER BY _version`)}
    />
  );
}

/** A number in quotes is compared as a number too. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function Versions({ history, sql }: { history: ItemHistory; sql: string }): JSX.Element {
  const [all, showAll] = useState(false);
  const [end, setEnd] = useState(history.versions.length);
  const from = Math.max(0, end - SHOWN);
  const rows = useMemo(() => attributeRows(history.versions), [history]);
  const still = rows.filter(({ isMoving }) => !isMoving).length;
  const shown = rows.filter(({ isMoving }) => all || isMoving || history.versions.length === 1);
  const last = history.versions.at(-1);
  return (
    <>
      <p class="lead">
        {plural(history.versions.length, "version")}
        {history.cut ? ", the newest that are shown" : ""}; the newest is of{" "}
        {momentText(last?.atSeconds ?? 0)}.{" "}
        {history.isPresent ? (
          <>
            The item is in <code>{history.table}</code> now.
          </>
        ) : (
          <>
            The item is not in <code>{history.table}</code> now.
          </>
        )}
      </p>
      <div class="bar">
        {still > 0 && history.versions.length > 1 && (
          <label class="check">
            <input type="checkbox" checked={all} onChange={() => showAll(!all)} />
            Show the {plural(still, "attribute")} that never changed
          </label>
        )}
        {history.versions.length > SHOWN && (
          <span class="pager">
            <button
              type="button"
              class="button small"
              disabled={from === 0}
              onClick={() => setEnd(Math.max(SHOWN, end - SHOWN))}
            >
              Older
            </button>
            <span class="dim">
              {num(from + 1)} to {num(end)} of {num(history.versions.length)}
            </span>
            <button
              type="button"
              class="button small"
              disabled={end === history.versions.length}
              onClick={() => setEnd(Math.min(history.versions.length, end + SHOWN))}
            >
              Newer
            </button>
          </span>
        )}
        <span class="grow" />
        <a class="button" href={sql}>
          <Icon name="sql" />
          <span>Open as SQL</span>
        </a>
      </div>
      <Sheet versions={history.versions} rows={shown} from={from} end={end} />
    </>
  );
}

interface SheetProps {
  readonly versions: readonly ItemVersion[];
  readonly rows: readonly AttributeRow[];
  readonly from: number;
  readonly end: number;
}

function Sheet({ versions, rows, from, end }: SheetProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (box.current !== null) box.current.scrollLeft = box.current.scrollWidth;
  }, [from, end]);
  const newest = versions.length - 1;
  return (
    <section class="versions" ref={box} tabIndex={0} aria-label="Versions side by side">
      <table>
        <thead>
          <tr>
            <th scope="col">Attribute</th>
            {versions.slice(from, end).map((version, i) => (
              <VersionHead
                key={from + i}
                version={version}
                index={from + i}
                isNewest={from + i === newest}
                rows={rows}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ path, cells }) => (
            <tr key={path}>
              <th scope="row">{path}</th>
              {cells.slice(from, end).map(({ text, change, isHidden }, i) => (
                <td
                  key={from + i}
                  class={classes(
                    change !== "none" && "changed",
                    change === "removed" && "gone",
                    isHidden && "drifted",
                    from + i === newest && "newest",
                  )}
                >
                  {change !== "none" && <span class="unseen">changed: </span>}
                  {text ?? <span class="null">{change === "removed" ? "removed" : "–"}</span>}
                  {isHidden && <small>not in a column</small>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface VersionHeadProps {
  readonly version: ItemVersion;
  readonly index: number;
  readonly isNewest: boolean;
  readonly rows: readonly AttributeRow[];
}

function VersionHead({ version, index, isNewest, rows }: VersionHeadProps): JSX.Element {
  const { operation, expired, atSeconds } = version;
  const changed = rows.filter(({ cells }) => cells[index]?.change !== "none").length;
  return (
    <th scope="col" class={isNewest ? "newest" : ""}>
      <span class="op">
        <Dot token={TOKENS[operation] ?? "--ink-3"} />
        {expired ? "expired" : operation}
        {isNewest && <em>newest</em>}
      </span>
      <time>{momentText(atSeconds)}</time>
      <small>{index === 0 ? "first seen" : `${num(changed)} changed`}</small>
    </th>
  );
}
