/** Saves a result: what is shown as it is shown, and what the page does not hold by running the statement again. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ConsolePlace } from "../console/api.ts";
import { Sign } from "./parts.tsx";
import { type RanStatement, saveAll, saveShown } from "./saved-file.ts";
import { Failure } from "./session.ts";
import type { StatementAnswer } from "./statement-run.ts";

interface SavingProps {
  readonly answer: StatementAnswer;
  readonly statement: RanStatement;
  readonly order: Uint32Array | undefined;
  readonly place: ConsolePlace["kind"];
}

const NAMES = { csv: "CSV", json: "JSON", parquet: "Parquet" } as const;
/** Athena's rows are not read back as Parquet; the rows of an answer that was paid for are read again, not asked for again. */
const FORMATS = { folder: ["csv", "json", "parquet"], stack: ["csv", "json"] } as const;
const AGAIN = { folder: "runs the statement again", stack: "reads all rows of the answer" } as const;

export function Saving({ answer: { result, isCut }, statement, order, place }: SavingProps): JSX.Element {
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
      {FORMATS[place].map((format) => (
        <button
          key={format}
          type="button"
          class="button quiet small"
          disabled={busy !== undefined}
          aria-busy={busy === format}
          title={isCut || format === "parquet" ? AGAIN[place] : "the rows as they are shown"}
          onClick={() => void save(format)}
        >
          {NAMES[format]}
        </button>
      ))}
    </>
  );
}
