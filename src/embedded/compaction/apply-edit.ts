/** Makes what people have written the schema of a table: one commit, or the reasons why its data rules that out. */
import { changeSchema } from "../../core/compaction/schema-commit.ts";
import { showMisfits } from "../../core/compaction/show-misfits.ts";
import { cleanSegments } from "../../core/overlay/clean-segments.ts";
import { countWholeDigits } from "../../core/overlay/whole-digits.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { roomReasons } from "../../core/schema/schema-change.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import type { PendingEdit } from "../../core/table/schema-edit.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

type Lake = Pick<LakeFolder, "store" | "engine">;

export type AppliedEdit =
  | { readonly kind: "applied"; readonly schema: Schema }
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

/** `origin` names the edited file in errors. */
export async function applyEdit(
  lake: Lake,
  opened: OpenTable,
  edit: PendingEdit,
  origin: string,
): Promise<AppliedEdit> {
  const { store, engine } = lake;
  const wholeDigits = await digitsFor(lake, opened, edit);
  const reasons = roomReasons(edit.widened, wholeDigits);
  const context = { store, newRunId, nowSeconds, commits: opened };
  if (reasons.length > 0) {
    await showMisfits(context, opened.schema, { drift: [], wholeDigits });
    return { kind: "refused", reasons };
  }
  const counts = { countClean: cleanSegments(engine), countDigits: async () => wholeDigits };
  const commit = await changeSchema({ ...context, ...counts }, edit.schema, origin);
  return { kind: "applied", schema: commit?.schema ?? edit.schema };
}

/** How many digits before the point the values have of columns that would have less room for them. */
export async function digitsFor(
  lake: Lake,
  opened: OpenTable,
  { widened }: Pick<PendingEdit, "widened">,
): Promise<ReadonlyMap<string, number>> {
  const asked = new Set(
    widened.flatMap(({ attribute, wholeDigits }) => (wholeDigits === undefined ? [] : [attribute])),
  );
  const columns = opened.schema.columns.filter(({ attribute }) => asked.has(attribute));
  return countWholeDigits(lake, opened, columns);
}
