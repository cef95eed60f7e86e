/** The plan of a minor compaction: the change log is folded into a delta, with the changes that came late. */
import { type ChangeObject, type Hour, hourOf } from "../format/lake-path.ts";
import { deltaSegments } from "../format/manifest.ts";
import {
  changesSince,
  firstHour,
  heldUpObjects,
  searchedSinceSeconds,
  unfolded,
  viewChanges,
} from "../overlay/change-log.ts";
import { segmentRows } from "../overlay/segment-rows.ts";
import { DELTA_CUT } from "../overlay/table-parts.ts";
import type { ChangeSelection, Stage } from "../ports/query-engine.ts";
import { withEarlierColumns } from "../schema/earlier-columns.ts";
import type { Schema } from "../schema/schema.ts";
import { DELTA_ORDER, minorDeltaRows, newestChangeStatement, oldestLateChange } from "../sql/compaction.ts";
import type { OpenTable } from "../table/open-table.ts";
import type { PlanningContext } from "./compaction-context.ts";
import { decideMinor, type MinorDecision } from "./compaction-policy.ts";
import type { Plan } from "./plan.ts";

/** Undefined if nothing would change. */
export async function planMinor(context: PlanningContext, opened: OpenTable): Promise<Plan | undefined> {
  const { policy } = context;
  const { manifest } = opened;
  const nowSeconds = context.nowSeconds();
  const searchedSeconds = searchedSinceSeconds(manifest, nowSeconds, policy.deliveryDelaySeconds);
  const sinceHour = hourOf(searchedSeconds);
  // One listing for all that is read below.
  await opened.changes.since(firstHour(manifest, searchedSeconds));
  const objects = await opened.changes.since(sinceHour);
  // breakage: late-arrivals-folded
  const oldestLateSeconds = await oldestLate(context, opened, { objects, sinceHour });
  const window = await viewChanges(opened);
  const heldUp = await heldUpChanges(context, opened, {
    objects,
    sinceHour,
    beforeHour: window.sinceHour,
  });
  const newestChangeSeconds = later(await newestChange(context, opened, window), heldUp?.newestChangeSeconds);
  const decision = decideMinor(
    { manifest, objects, heldUp, oldestLateSeconds, newestChangeSeconds, nowSeconds },
    policy,
  );
  if (decision === undefined) return undefined;
  const run = context.newRunId();
  const { horizonSeconds, takesDeltas, folded, foldedSinceSeconds } = decision;
  const isInLog = newestChangeSeconds !== undefined && newestChangeSeconds >= manifest.horizonSeconds;
  const stages: Stage[] = [];
  // breakage: nothing-needs-no-statement
  if (isInLog || takesDeltas || oldestLateSeconds !== undefined) {
    const reading = { sinceHour, window, heldUp: heldUp?.selection };
    const rows = await minorRows(context, opened, decision, reading);
    stages.push({ run, kind: "delta", rows, sortBy: DELTA_ORDER, cut: DELTA_CUT });
  }
  const moved = { horizonSeconds, takesDeltas, folded, foldedSinceSeconds, newestChangeSeconds };
  return { run, fromSequence: manifest.sequence, stages, change: { kind: "minor", ...moved } };
}

async function oldestLate(
  { engine }: PlanningContext,
  { manifest, schema }: OpenTable,
  searched: ChangeSelection,
): Promise<number | undefined> {
  const newObjects = unfolded(manifest, searched.objects);
  // As long as the horizon is at the floor, the window shows each key with a change that wins over the snapshot.
  if (newObjects.length === 0 || manifest.horizonSeconds <= manifest.floorSeconds) return undefined;
  const selection = { ...searched, objects: newObjects };
  const [row] = await engine.rows(oldestLateChange(manifest, engine.changes(schema, selection)));
  return row?.oldest === null || row?.oldest === undefined ? undefined : Number(row.oldest);
}

/** Objects that were not folded and lie before the partitions of the window, with the newest change in them. */
interface HeldUp {
  readonly selection: ChangeSelection;
  readonly objects: readonly ChangeObject[];
  readonly newestChangeSeconds: number;
}

/** Undefined where none of them holds a change that counts. */
async function heldUpChanges(
  context: PlanningContext,
  opened: OpenTable,
  searched: ChangeSelection & Required<Pick<ChangeSelection, "beforeHour">>,
): Promise<HeldUp | undefined> {
  const { manifest } = opened;
  const sinceSeconds = manifest.floorSeconds - manifest.skewSeconds;
  const objects = heldUpObjects(unfolded(manifest, searched.objects), searched.beforeHour, sinceSeconds);
  if (objects.length === 0) return undefined;
  const selection = { ...searched, objects };
  const newestChangeSeconds = await newestChange(context, opened, selection);
  if (newestChangeSeconds === undefined || newestChangeSeconds < sinceSeconds) return undefined;
  return { selection, objects, newestChangeSeconds };
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

/** The newest change of a selection: told by the objects' names, or else by what is in them. */
async function newestChange(
  { engine }: PlanningContext,
  { schema }: OpenTable,
  selection: ChangeSelection,
): Promise<number | undefined> {
  const told = selection.objects.map((object) => object.newestChangeSeconds);
  if (!told.includes(undefined)) return told.reduce(later, undefined);
  const [row] = await engine.rows(newestChangeStatement(engine.changes(schema, selection)));
  return row?.newest === null || row?.newest === undefined ? undefined : Number(row.newest);
}

interface MinorReading {
  /** The first hour that is searched for objects. */
  readonly sinceHour: Hour;
  readonly window: ChangeSelection;
  readonly heldUp: ChangeSelection | undefined;
}

async function minorRows(
  context: PlanningContext,
  opened: OpenTable,
  plan: MinorDecision,
  reading: MinorReading,
): Promise<string> {
  const { engine } = context;
  const { manifest, schema } = opened;
  return minorDeltaRows(engine.dialect, schema, {
    manifest,
    horizonSeconds: plan.horizonSeconds,
    changes: changesOf(context, schema, reading.window, reading.heldUp),
    ...(await lateInputs(context, opened, plan, reading)),
    ...(plan.takesDeltas ? { deltas: segmentRows(engine, schema, manifest, deltaSegments(manifest)) } : {}),
  });
}

/** A selection, and what was held up in earlier partitions. A change that is read twice counts once. */
function changesOf(
  { engine }: PlanningContext,
  schema: Schema,
  selection: ChangeSelection,
  heldUp: ChangeSelection | undefined,
): string {
  const changes = engine.changes(withEarlierColumns(schema), selection);
  if (heldUp === undefined) return changes;
  return `(SELECT * FROM ${changes} UNION ALL SELECT * FROM ${engine.changes(withEarlierColumns(schema), heldUp)})`;
}

async function lateInputs(
  context: PlanningContext,
  { changes, manifest, schema }: OpenTable,
  plan: MinorDecision,
  { sinceHour, heldUp }: MinorReading,
): Promise<Pick<Parameters<typeof minorDeltaRows>[2], "late">> {
  const { engine, policy } = context;
  if (plan.oldestLateSeconds === undefined) return {};
  // Newer changes of a late key may lie in the base alone, and in an object that was held up: it is read again.
  const sinceSeconds = plan.oldestLateSeconds - manifest.skewSeconds; // breakage: late-objects-include-skew
  const pool = await changesSince(changes, sinceSeconds, policy.deliveryDelaySeconds);
  const newObjects = { objects: plan.newObjects, sinceHour };
  return {
    late: {
      newObjects: engine.changes(schema, newObjects),
      changes: changesOf(context, schema, pool, heldUp),
      oldestSeconds: plan.oldestLateSeconds,
    },
  };
}
