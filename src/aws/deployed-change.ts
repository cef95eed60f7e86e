/**
 * What a deployed schema orders of a lake table that has commits: the same as an edit of schema.json in a folder. One that the table had
 * before, as a stack that is rolled back has it, orders nothing.
 */
import { DynalakeError } from "../core/error.ts";
import { recoverableColumns } from "../core/format/recovery.ts";
import { changeTexts } from "../core/schema/change-text.ts";
import { withEarlierColumns } from "../core/schema/earlier-columns.ts";
import type { RebasedSchema } from "../core/schema/rebased-schema.ts";
import type { Schema } from "../core/schema/schema.ts";
import {
  newColumns,
  notAllowed,
  roomReasons,
  schemaMark,
  withFollowed,
} from "../core/schema/schema-change.ts";
import { athena } from "../core/sql/athena.ts";
import { typedForm, valueList } from "../core/sql/column-value.ts";
import { viewColumns } from "../core/sql/typed-columns.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { boundSchema, editOf, type GivenEdit, type PendingEdit } from "../core/table/schema-edit.ts";

/** What is read of the lake table. */
export type CommittedTable = Pick<OpenTable, "manifest" | "schema">;

/** Undefined where the lake table has the schema. Where both follow the data, it has at least what the deployed one says. */
export function deployedEdit(table: CommittedTable, deployed: Schema): GivenEdit | undefined {
  const given = withFollowed(table.schema, boundSchema(deployed, table.schema)); // breakage: deployed-schemas-take-nothing-back
  const edit = editOf(onColumnsOf(table.schema, given), table, [deployedMark(table, deployed)]);
  if (edit?.kind !== "pending") return edit;
  const reasons = [...roomReasons(edit.widened, undefined), ...doubleReasons(table.schema, edit)];
  return reasons.length === 0 ? edit : { kind: "refused", written: deployed, why: reasons.join("; ") };
}

/** By which the lake table knows the schema as it was deployed, after following its data has made more of it. */
export function deployedMark({ schema }: Pick<CommittedTable, "schema">, deployed: Schema): string {
  return schemaMark(boundSchema(deployed, schema).file);
}

/**
 * The change to make, or undefined for none. Throws SCHEMA_INVALID if the data rules the change out; `origin` names the schema there.
 */
export function requireDeployable(
  table: CommittedTable,
  deployed: Schema,
  origin = "the deployed schema",
): PendingEdit | undefined {
  const edit = deployedEdit(table, deployed);
  if (edit?.kind === "refused") throw notAllowed(table.schema, origin, [edit.why]); // breakage: refused-schemas-are-not-deployed
  if (edit?.kind !== "pending") return undefined; // breakage: rolled-back-schemas-order-nothing
  if (!hasRoom(table, edit)) throw noRoom(edit.schema, laterColumns(table, edit)); // breakage: later-columns-fit-statements
  return edit;
}

/** What people see of a deployed schema that is not the lake table's, a sentence. */
export function deployedEditSentence(edit: GivenEdit): string {
  switch (edit.kind) {
    case "pending":
      return `the deployed schema ${["is new", ...changeTexts(edit)].join(" and ")}: a compaction takes it on once Firehose surely knows its columns`;
    case "refused":
      return `the table cannot take on the deployed schema: ${edit.why}`;
    case "earlier":
      return `the deployed schema is one that the table had before, and is not used; to go back to it, set "evolution": ${edit.evolution} in its file`;
  }
}

/** The schema with all columns that files have, or will have once the deployed schema is the lake's. Throws as `requireDeployable`. */
export function columnsOfFiles(table: CommittedTable, deployed: Schema): Schema {
  return columnsAfter(table.schema, requireDeployable(table, deployed));
}

/** The schema with all columns that files have, or will have after the change. */
export function columnsAfter(schema: Schema, edit: Pick<PendingEdit, "schema"> | undefined): Schema {
  const lake = withEarlierColumns(schema);
  const known = new Set(lake.columns.map(({ name }) => name));
  const more = (edit?.schema.columns ?? []).filter(({ name }) => !known.has(name));
  return { ...lake, columns: [...lake.columns, ...more] };
}

/**
 * No rows are ever written by the deployed schema itself: what it calls columns is what they are called in SQL. A column that it only
 * names anew is the one that Glue has.
 */
function onColumnsOf({ columns }: Schema, deployed: Schema): Schema {
  const known = new Map(columns.map((column) => [column.attribute, column]));
  const own = new Map(
    deployed.columns.map(({ attribute, name }) => [name, known.get(attribute)?.name ?? name]),
  );
  const { partitioning } = deployed;
  return {
    ...deployed,
    columns: deployed.columns.map((column) => {
      const { name, earlier } = known.get(column.attribute) ?? column;
      return { ...column, name, earlier }; // breakage: deployed-names-are-those-of-sql
    }),
    partitioning:
      partitioning === undefined || partitioning.kind === "bucket"
        ? partitioning
        : { ...partitioning, column: own.get(partitioning.column) ?? partitioning.column },
  };
}

/** SQL has to give back each number that a column held, and not every engine tells the digits of a double. */
function doubleReasons({ columns }: Schema, { widened }: PendingEdit): readonly string[] {
  const doubles = new Set(
    columns.filter(({ type }) => type.kind === "double").map(({ attribute }) => attribute),
  );
  // breakage: deployed-doubles-keep-their-kind
  return widened
    .filter(({ attribute }) => doubles.has(attribute))
    .map(
      ({ attribute }) =>
        `attributes.${attribute}.type: it is already double, and Athena does not tell the digits of all doubles`,
    );
}

/**
 * Views and compactions contain the expressions of all columns that came later, up to three times. Glue accepts views of 409,600
 * characters in base64, a state machine statements of 256 KiB, and both grow with the lake.
 */
const LATER_CHARACTERS_MAX = 60_000;

/** Whether statements and views have room for the change. */
export function hasRoom(table: CommittedTable, change: RebasedSchema): boolean {
  const later = laterColumns(table, change);
  const columns = viewColumns(athena, change.schema);
  const whole = valueList(athena, columns, typedForm(later));
  const plain = valueList(athena, columns, { ...typedForm(), earlier: false });
  return whole.length - plain.length <= LATER_CHARACTERS_MAX;
}

function laterColumns({ manifest }: CommittedTable, change: RebasedSchema): ReadonlySet<string> {
  return new Set([...recoverableColumns(manifest), ...newColumns(change)]);
}

function noRoom({ columns }: Schema, later: ReadonlySet<string>): DynalakeError {
  const count = columns.filter(({ name }) => later.has(name)).length;
  return new DynalakeError(
    "SCHEMA_INVALID",
    `the columns added to the schema do not fit into a statement (columns added: ${count})`,
    {
      next: "Add or change fewer columns, declare nested ones as json, or add all of them to a second lake table instead.",
    },
  );
}
