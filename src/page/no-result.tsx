/** What stands in place of rows: nothing yet, a statement on its way, or what is wrong with it. */
import type { JSX } from "preact";
import type { Failure } from "./session.ts";
import type { RunState } from "./use-statement.ts";

export function NoResult({
  run,
  isLinked,
  replace,
}: {
  run: RunState;
  isLinked: boolean;
  replace: (sql: string) => void;
}): JSX.Element {
  switch (run.kind) {
    case "failed":
      return <Fault error={run.error} sql={run.sql} replace={replace} />;
    case "stopped":
      return (
        <div class="state">
          <h2>Stopped</h2>
          <p>The statement was stopped. A statement changes nothing.</p>
        </div>
      );
    case "asks":
      return (
        <div class="state">
          <h2>It waits for your word</h2>
          <p>
            Athena bills a statement by the bytes that it reads. A statement that names fewer columns reads
            less.
          </p>
        </div>
      );
    case "running":
      return (
        <div class="grid-loading" aria-busy="true">
          <div class="bones">
            {[0, 1, 2, 0, 1, 2, 0, 1].map((kind, i) => (
              <i key={i} class={`bone row r${kind}`} />
            ))}
          </div>
        </div>
      );
    default:
      return (
        <div class="state">
          <h2>{isLinked ? "A statement from a link, not run yet" : "Ready"}</h2>
          <p>
            {isLinked
              ? "Read it first: it runs when you say so."
              : "Run the statement, or take one from the history."}{" "}
            Ctrl Enter runs it.
          </p>
        </div>
      );
  }
}

/** DuckDB names what it found in place of a name that it did not. */
function Fault({
  error,
  sql,
  replace,
}: {
  error: Failure;
  sql: string;
  replace: (sql: string) => void;
}): JSX.Element {
  const [line = "", ...lines] = error.message.split("\n").filter((line) => line.trim() !== "");
  const first = line.replace(/^(?:Binder|Parser|Catalog|Conversion|Invalid Input) Error: /, "");
  const missing = /(?:column|name) "?([A-Za-z_]\w*)"?/i.exec(first)?.[1];
  const meant =
    /(?:Candidate bindings|Did you mean)[^"]*((?:"[^"]+"(?:, )?)+)/i
      .exec(error.message)?.[1]
      ?.match(/[^",\s]+/g) ?? [];
  return (
    <div class="state" role="alert">
      <h2>{first}</h2>
      {missing !== undefined && meant.length > 0 && (
        <p>
          Did you mean{" "}
          {meant.slice(0, 5).map((name) => (
            <>
              <button
                type="button"
                class="link"
                onClick={() => replace(sql.replace(missing, name.split(".").at(-1) ?? name))}
              >
                {name}
              </button>{" "}
            </>
          ))}
          ?
        </p>
      )}
      {lines.length > 0 && meant.length === 0 && <pre>{lines.join("\n")}</pre>}
      {error.next !== undefined && <p>{error.next}</p>}
    </div>
  );
}
