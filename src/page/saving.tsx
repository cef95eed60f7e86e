/** Saves a result: what is shown as it is shown, and what the page does not hold by running the statement again. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Sign } from "./parts.tsx";
import { type RanStatement, saveAll, saveShown } from "./saved-file.ts";
import { Failure } from "./session.ts";
import type { StatementAnswer } from "./statement-run.ts";

interface SavingProps {
  readonly answer: StatementAnswer;
  readonly statement: RanStatement;
  readonly order: Uint32Array | undefined;
}

const NAMES = { csv: "CSV", json: "JSON", parquet: "Parquet" } as const;

export function Saving({ answer: { result, isCut }, statement, order }: SavingProps): JSX.Element {
  const [busy, setBusy] = useState<keyof typeof NAMES>();
  const [failure, setFailure] = useState<string>();
  const save = async (format: keyof typeof NAMES): Promise<void> => {
    setFailure(undefined);
    if (!isCut && format !== "parquet") {
      saveShown(result, format, order);
      return;
    }
    setBusy(format);
    await saveAll(statement, format).catch((error: unknown) => {
      setFailure(error instanceof Failure ? error.message : String(error));
    });
    setBusy(undefined);
  };
  return (
    <>
      {failure !== undefined && (
        <span class="outcome bad" role="alert">
          <Sign kind="bad" />
          {failure}
        </span>
      )}
      <span class="dim save">{isCut ? "Save all rows" : "Save"}</span>
      {(["csv", "json", "parquet"] as const).map((format) => (
        <button
          key={format}
          type="button"
          class="button quiet small"
          disabled={busy !== undefined}
          aria-busy={busy === format}
          title={isCut || format === "parquet" ? "runs the statement again" : "the rows as they are shown"}
          onClick={() => void save(format)}
        >
          {NAMES[format]}
        </button>
      ))}
    </>
  );
}
