/**
 * The columns of a deployed lake table follow its data, as `evolve` allows. After a compaction its new segments are looked into: what
 * columns hide is drift, whether they may follow or not. What a wider or a new column would hold is a change that waits, as a deployed
 * one does: Glue gets the columns first.
 */
import { DynalakeError, type ErrorCode } from "../../core/error.ts";
import type { Segment } from "../../core/format/manifest.ts";
import type { Shape } from "../../core/infer/infer-shape.ts";
import { type WantedColumns, wantedColumns, withWanted } from "../../core/infer/wanted-columns.ts";
import { segmentDrift } from "../../core/overlay/drift.ts";
import { foundSince } from "../../core/overlay/found-drift.ts";
import {
  type FoundRecord,
  readFound,
  type SegmentLook,
  saveFound,
  type WantedChange,
} from "../../core/overlay/found-record.ts";
import { segmentMisfits } from "../../core/overlay/segment-misfits.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { QueryEngine } from "../../core/ports/query-engine.ts";
import { schemaTypeText } from "../../core/schema/column-type.ts";
import type { RebasedSchema } from "../../core/schema/rebased-schema.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { roomReasons, schemaChange } from "../../core/schema/schema-change.ts";
import type { PendingEdit } from "../../core/table/schema-edit.ts";
import type { TablesCatalog } from "../change-table.ts";
import { type CommittedTable, columnsAfter, hasRoom } from "../deployed-change.ts";
import { ensureStoredTables } from "../ensure-stored-tables.ts";

export interface FollowingContext {
  readonly store: ObjectStore;
  readonly engine: QueryEngine & { readonly catalog: TablesCatalog };
  readonly bucket: string;
  readonly opened: CommittedTable;
  readonly nowSeconds: () => number;
}

/** What was found makes of the table's schema, on the columns of its files, as far as there is room; undefined for nothing. */
export function followedEdit(table: CommittedTable, wanted: WantedColumns): PendingEdit | undefined {
  const fits = (change: RebasedSchema): boolean => {
    // Nothing here counts the digits that values need.
    const isSure = roomReasons(change.widened, undefined).length === 0;
    return isSure && hasRoom(table, change); // breakage: followed-columns-fit-statements
  };
  const written = withWanted(table.schema, wanted, fits);
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
  return wanted && followedEdit(opened, wanted.columns);
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
  const waiting = before.wanted && followedEdit(opened, before.wanted.columns);
  // breakage: one-change-waits-at-a-time
  const found = waiting === undefined ? await looked(context, before) : before;
  const edit = waiting ?? (found.wanted && followedEdit(opened, found.wanted.columns));
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
  const { look, misfits } = await lookInto(context, fresh, failuresOf(kept));
  const columns = misfits && fittingColumns(opened, wantedColumns(opened.schema, misfits));
  const wanted: WantedChange | undefined = columns && { columns, sinceSeconds: nowSeconds };
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
  { engine, opened }: FollowingContext,
  fresh: readonly Segment[],
  failures: number,
): Promise<{ readonly look: SegmentLook; readonly misfits?: ReadonlyMap<string, Shape> | undefined }> {
  const runs = runsOf(fresh);
  try {
    const { drift, misfits } = mayFollow(opened)
      ? await segmentMisfits(engine, opened, fresh)
      : { drift: await segmentDrift(engine, opened, fresh) };
    return { look: { runs, found: drift.slice(0, ATTRIBUTES_KEPT_MAX) }, misfits };
  } catch (error) {
    // breakage: failed-looks-end-no-compaction
    if (!(error instanceof DynalakeError) || !OF_STATEMENTS.has(error.code)) throw error;
    return { look: { runs, failures: failures + 1 } };
  }
}

/** What statements fail with by themselves, or for want of time. */
const OF_STATEMENTS: ReadonlySet<ErrorCode> = new Set(["SQL_FAILED", "ENGINE_FAILED"]);

const ATTRIBUTES_KEPT_MAX = 200;

/** Those that come: what statements have no room for waits for nothing. Undefined for none. */
function fittingColumns(table: CommittedTable, wanted: WantedColumns): WantedColumns | undefined {
  const { attributes } = table.schema.file;
  const come = followedEdit(table, wanted)?.written.file.attributes;
  if (come === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(wanted).filter(([attribute]) => come[attribute] !== attributes[attribute]),
  );
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
