/** Makes what people have written the schema of a table: one commit, or the reasons why its data rules that out. */
import { changeSchema } from "../../core/compaction/schema-commit.ts";
import { showMisfits } from "../../core/compaction/show-misfits.ts";
import { schemaPath } from "../../core/format/lake-path.ts";
import { cleanSegments } from "../../core/overlay/clean-segments.ts";
import { countWholeDigits } from "../../core/overlay/whole-digits.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { roomReasons } from "../../core/schema/schema-change.ts";
import type { Commits } from "../../core/table/commits.ts";
import { type OpenTable, openTableOf } from "../../core/table/open-table.ts";
import {
  appliedSentence,
  isPeoples,
  type PendingEdit,
  schemaEdit,
  schemaEditSentence,
} from "../../core/table/schema-edit.ts";
import type { EvolvingLake } from "./evolving-lake.ts";

export type AppliedEdit =
  | { readonly kind: "applied"; readonly schema: Schema }
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

/** `origin` names the edited file in errors. */
export async function applyEdit(
  lake: EvolvingLake,
  opened: OpenTable,
  edit: PendingEdit,
  origin: string,
): Promise<AppliedEdit> {
  const wholeDigits = await digitsFor(lake, opened, edit);
  const reasons = roomReasons(edit.widened, wholeDigits);
  const context = { ...lake, commits: opened };
  if (reasons.length > 0) {
    await showMisfits(context, opened.schema, { attributes: [], wholeDigits });
    return { kind: "refused", reasons };
  }
  const counts = { countClean: cleanSegments(lake.engine), countDigits: async () => wholeDigits };
  const commit = await changeSchema({ ...context, ...counts }, edit.schema, origin);
  return { kind: "applied", schema: commit?.schema ?? edit.schema };
}

export interface TableToCompact {
  readonly schema: Schema;
  readonly commits: Commits | undefined;
  /** Its schema may change by itself. */
  readonly evolves: boolean;
  /** What became of the file of its schema, if that is another one. */
  readonly edit?: TriedEdit | undefined;
}

export interface TriedEdit {
  readonly applied: boolean;
  /** A sentence. */
  readonly text: string;
}

/** An edit that the data allows is a commit of its own; any other one is reported, and stops nothing. */
export async function withEditApplied(
  lake: EvolvingLake,
  schema: Schema,
  known: OpenTable | undefined,
): Promise<TableToCompact> {
  const { store } = lake;
  const opened = known ?? (await openTableOf(store, schema));
  const edit = await schemaEdit(store, opened);
  // A file that people have edited is theirs until it counts.
  const evolves = !isPeoples(edit) && opened.schema.evolve !== "none";
  const { table } = schema;
  const kept = { schema: opened.schema, commits: opened, evolves };
  if (edit === undefined) return kept;
  if (edit.kind !== "pending")
    return { ...kept, edit: { applied: false, text: schemaEditSentence(table, edit) } };
  const outcome = await applyEdit(lake, opened, edit, schemaPath(table));
  if (outcome.kind === "refused") {
    const refused = { kind: "refused", written: edit.written, why: outcome.reasons.join("; ") } as const;
    // From now on it is known that the data rules the edit out.
    return {
      ...kept,
      commits: undefined,
      edit: { applied: false, text: schemaEditSentence(table, refused) },
    };
  }
  const { schema: edited } = outcome;
  const applied = { applied: true, text: appliedSentence(table, edit) };
  return { schema: edited, commits: opened, evolves: edited.evolve !== "none", edit: applied };
}

/** How many digits before the point the values have of columns that would have less room for them. */
export async function digitsFor(
  lake: Pick<EvolvingLake, "store" | "engine">,
  opened: OpenTable,
  { widened }: Pick<PendingEdit, "widened">,
): Promise<ReadonlyMap<string, number>> {
  const asked = new Set(
    widened.flatMap(({ attribute, wholeDigits }) => (wholeDigits === undefined ? [] : [attribute])),
  );
  const columns = opened.schema.columns.filter(({ attribute }) => asked.has(attribute));
  return countWholeDigits(lake, opened, columns);
}
