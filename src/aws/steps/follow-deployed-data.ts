/**
 * The columns of a deployed lake table follow its data, as `evolve` allows. After a compaction its new segments are looked into: what
 * columns hide is drift, whether they may follow or not. What a wider or a new column would hold is a change that waits, as a deployed
 * one does: Glue gets the columns first.
 */
import { DynalakeError, type ErrorCode } from "../../core/error.ts";
import type { Segment } from "../../core/format/manifest.ts";
import { columnsToMeasure, type GrowthInput } from "../../core/infer/evolved-schema.ts";
import { type WantedColumns, wantedColumns, withWanted } from "../../core/infer/wanted-columns.ts";
import { segmentDrift } from "../../core/overlay/drift.ts";
import type { Drift } from "../../core/overlay/drift-finding.ts";
import { foundSince } from "../../core/overlay/found-drift.ts";
import {
  type FoundRecord,
  readFound,
  type SegmentLook,
  saveFound,
  type WantedChange,
  type WholeDigits,
} from "../../core/overlay/found-record.ts";
import { segmentMisfits } from "../../core/overlay/segment-misfits.ts";
import { countWholeDigits } from "../../core/overlay/whole-digits.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { QueryEngine } from "../../core/ports/query-engine.ts";
import { schemaTypeText } from "../../core/schema/column-type.ts";
import type { RebasedSchema } from "../../core/schema/rebased-schema.ts";
import type { Column, Schema } from "../../core/schema/schema.ts";
import { roomReasons, schemaChange } from "../../core/schema/schema-change.ts";
import type { TableState } from "../../core/table/open-table.ts";
import type { PendingEdit } from "../../core/table/schema-edit.ts";
import type { CountedEdit } from "../adopt-schema.ts";
import type { TablesCatalog } from "../change-table.ts";
import { type CommittedTable, columnsAfter, hasRoom } from "../deployed-change.ts";
import { ensureStoredTables } from "../ensure-stored-tables.ts";

export interface FollowingContext {
  readonly store: ObjectStore;
  readonly engine: QueryEngine & { readonly catalog: TablesCatalog };
  readonly bucket: string;
  readonly opened: TableState;
  readonly nowSeconds: () => number;
}

/** What was found makes of the table's schema, on the columns of its files, as far as there is room; undefined for nothing. */
export function followedEdit(
  table: CommittedTable,
  { columns, wholeDigits = {} }: Pick<WantedChange, "columns" | "wholeDigits">,
): PendingEdit | undefined {
  const known = new Map(Object.entries(wholeDigits));
  const fits = (change: RebasedSchema): boolean => {
    const isSure = roomReasons(change.widened, known).length === 0; // breakage: followed-digits-have-room
    return isSure && hasRoom(table, change); // breakage: followed-columns-fit-statements
  };
  const written = withWanted(table.schema, columns, fits);
  const change = written && schemaChange(table.schema, written);
  if (written === undefined || change?.kind !== "compatible") return undefined;
  return { ...change, kind: "pending", written };
}

/** The change of the schema that waits for Glue's columns; undefined for none. */
export async function waitingChange({
  store,
  opened,
}: Pick<FollowingContext, "store" | "opened">): Promise<PendingEdit | undefined> {
  if (!mayFollow(opened)) return undefined;
  const { wanted } = await readFound(store, opened.schema.table);
  return wanted && followedEdit(opened, wanted);
}

/**
 * The same once its time to settle is over. Values with more digits before the point may have come meanwhile: they are counted again,
 * and a column that would have no room for them keeps its type. Undefined where nothing is left.
 */
export async function countedChange(
  context: FollowingContext,
  waiting: PendingEdit,
): Promise<CountedEdit | undefined> {
  const { opened, store } = context;
  const asked = new Set(
    waiting.widened.flatMap(({ attribute, wholeDigits }) => (wholeDigits === undefined ? [] : [attribute])),
  );
  if (asked.size === 0) return { change: waiting };
  const { table, columns } = opened.schema;
  const found = await readFound(store, table);
  if (found.wanted === undefined) return undefined;
  const wholeDigits = await counted(
    context,
    columns.filter(({ attribute }) => asked.has(attribute)),
  );
  const wanted: WantedChange = { ...found.wanted, wholeDigits }; // breakage: what-settles-is-counted-again
  await saveFound(store, table, { ...found, wanted });
  const change = followedEdit(opened, wanted);
  return change && { change, wholeDigits };
}

/** Empty where the engine cannot tell, which ends no compaction: the columns keep their types. */
async function counted(context: FollowingContext, columns: readonly Column[]): Promise<WholeDigits> {
  try {
    return Object.fromEntries(await countWholeDigits(context, context.opened, columns));
  } catch (error) {
    if (!isOfStatement(error)) throw error;
    return {};
  }
}

function mayFollow({ schema }: Pick<CommittedTable, "schema">): boolean {
  return schema.evolve !== "none";
}

/** Whether a compaction has to look into segments, or to take on a change whose time to settle is over. */
export async function hasToFollow(
  { store, opened, nowSeconds }: Pick<FollowingContext, "store" | "opened" | "nowSeconds">,
  settleSeconds: number,
): Promise<boolean> {
  const found = await readFound(store, opened.schema.table);
  if (found.wanted === undefined || !mayFollow(opened)) return unseenSegments(opened, found).length > 0;
  return found.wanted.sinceSeconds + settleSeconds <= nowSeconds();
}

/**
 * Looks into what is new, if no change waits, and gives Glue the columns of one that does. A death leaves a record that the next
 * compaction goes on with. Answers with what is found by then. Throws what may pass.
 */
export async function followDeployedData(context: FollowingContext): Promise<FoundRecord> {
  const { opened, store } = context;
  const { table } = opened.schema;
  const before = await readFound(store, table);
  const waiting = before.wanted && followedEdit(opened, before.wanted);
  // breakage: one-change-waits-at-a-time
  const found = waiting === undefined ? await looked(context, before) : before;
  const edit = waiting ?? (found.wanted && followedEdit(opened, found.wanted));
  if (found !== before) await saveFound(store, table, found);
  if (edit === undefined) return found;
  try {
    const { bucket, engine } = context;
    await ensureStoredTables(engine.catalog, bucket, columnsAfter(opened.schema, edit)); // breakage: followed-columns-come-to-glue
    return found;
  } catch (error) {
    if (!(error instanceof DynalakeError) || error.code !== "SCHEMA_INVALID") throw error;
    // Glue has a column of that name and of another type: the values stay in `_unmapped`.
    const { wanted: _, ...left } = found;
    await saveFound(store, table, left);
    return left;
  }
}

/** The record after a look into new segments, and without what is done. */
async function looked(context: FollowingContext, before: FoundRecord): Promise<FoundRecord> {
  const { opened } = context;
  const fresh = unseenSegments(opened, before);
  if (fresh.length === 0 && before.wanted === undefined) return before;
  const live = new Set(runsOf(opened.manifest.segments));
  const kept = before.looks.filter(
    (look) => isOfColumns(opened, look) && look.runs.some((run) => live.has(run)),
  );
  const nowSeconds = context.nowSeconds();
  const dated = (looks: readonly SegmentLook[]): FoundRecord => ({
    looks,
    since: foundSince(opened, before, looks, nowSeconds),
  });
  if (fresh.length === 0) return dated(kept);
  const { look, misfits } = await lookInto(context, fresh, kept);
  const wanted = misfits && fittingChange(opened, { misfits, wholeDigits: digitsOf([look]) }, nowSeconds);
  return { ...dated([...kept.filter(isOver), look]), ...(wanted && { wanted }) };
}

/** What an engine cannot find out about segments in so many looks it is not asked again. */
const FAILURES_MAX = 3;

function isOver({ found, failures = 0 }: SegmentLook): boolean {
  return found !== undefined || failures >= FAILURES_MAX;
}

function failuresOf(looks: readonly SegmentLook[]): number {
  return Math.max(0, ...looks.filter((look) => !isOver(look)).map(({ failures = 0 }) => failures));
}

/** A statement that fails is no reason to end a compaction, which has folded its changes by then. Throws what keeps all from working. */
async function lookInto(
  context: FollowingContext,
  fresh: readonly Segment[],
  kept: readonly SegmentLook[],
): Promise<{ readonly look: SegmentLook; readonly misfits?: GrowthInput["misfits"] | undefined }> {
  const { engine, opened } = context;
  const runs = runsOf(fresh);
  try {
    if (!mayFollow(opened))
      return { look: { runs, found: keptOf(await segmentDrift(engine, opened, fresh)) } };
    const { drift, misfits } = await segmentMisfits(engine, opened, fresh);
    // What was once counted can only have become more.
    // breakage: digits-are-counted-once
    const columns = columnsToMeasure(opened.schema, { misfits, wholeDigits: digitsOf(kept) });
    const look = { runs, found: keptOf(drift) };
    if (columns.length === 0) return { look, misfits };
    return { look: { ...look, wholeDigits: await counted(context, columns) }, misfits };
  } catch (error) {
    // breakage: failed-looks-end-no-compaction
    if (!isOfStatement(error)) throw error;
    return { look: { runs, failures: failuresOf(kept) + 1 } };
  }
}

function isOfStatement(error: unknown): boolean {
  return error instanceof DynalakeError && OF_STATEMENTS.has(error.code);
}

/** What statements fail with by themselves, or for want of time. */
const OF_STATEMENTS: ReadonlySet<ErrorCode> = new Set(["SQL_FAILED", "ENGINE_FAILED"]);

const ATTRIBUTES_KEPT_MAX = 200;

function keptOf(drift: readonly Drift[]): readonly Drift[] {
  return drift.slice(0, ATTRIBUTES_KEPT_MAX);
}

/** The most that looks have counted. */
function digitsOf(looks: readonly SegmentLook[]): ReadonlyMap<string, number> {
  const most = new Map<string, number>();
  for (const { wholeDigits = {} } of looks)
    for (const [attribute, digits] of Object.entries(wholeDigits))
      most.set(attribute, Math.max(most.get(attribute) ?? 0, digits));
  return most;
}

/** The columns that come: what statements have no room for waits for nothing. Undefined for none. */
function fittingChange(
  table: CommittedTable,
  found: Pick<GrowthInput, "misfits"> & { readonly wholeDigits: ReadonlyMap<string, number> },
  sinceSeconds: number,
): WantedChange | undefined {
  const { attributes } = table.schema.file;
  const wanted = wantedColumns(table.schema, found);
  const wholeDigits = Object.fromEntries(found.wholeDigits);
  const come = followedEdit(table, { columns: wanted, wholeDigits })?.written.file.attributes;
  if (come === undefined) return undefined;
  const columns: WantedColumns = Object.fromEntries(
    Object.entries(wanted).filter(([attribute]) => come[attribute] !== attributes[attribute]),
  );
  return { columns, ...(found.wholeDigits.size > 0 && { wholeDigits }), sinceSeconds };
}

function unseenSegments(table: CommittedTable, { looks }: FoundRecord): readonly Segment[] {
  const done = looks.filter((look) => isOver(look) && isOfColumns(table, look));
  const seen = new Set(done.flatMap(({ runs }) => runs)); // breakage: segments-are-looked-into-once
  return table.manifest.segments.filter(({ run }) => !seen.has(run));
}

/** Columns that have changed since may hold what the look has found: it is looked into again, once. */
function isOfColumns({ schema }: Pick<CommittedTable, "schema">, { found = [] }: SegmentLook): boolean {
  const types = typesOf(schema);
  return found.every(({ attribute, column }) => types.get(attribute) === column?.type); // breakage: looks-follow-columns
}

/** By their attributes. */
function typesOf({ columns }: Schema): ReadonlyMap<string, string> {
  return new Map(columns.map(({ attribute, type }) => [attribute, schemaTypeText(type)]));
}

function runsOf(segments: readonly Segment[]): readonly string[] {
  return [...new Set(segments.map(({ run }) => run))];
}
