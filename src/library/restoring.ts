/** A restore as the library offers it. */
import { defined } from "../core/defined.ts";
import { isoText } from "../core/row/iso-text.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { recallSource } from "../embedded/folder/source-memory.ts";
import type { ComparedRestore } from "../embedded/restoring/compare-restored.ts";
import { readDesignFile } from "../embedded/restoring/design-file.ts";
import {
  planRestore,
  type RestorePlace,
  type RestorePlan,
  type RestoreWish,
} from "../embedded/restoring/restore-plan.ts";
import { type RestoredItems, restoreTable } from "../embedded/restoring/restore-table.ts";
import { verifyRestored } from "../embedded/restoring/verify-restored.ts";
import { connectSource } from "../source/source-connection.ts";
import type { FolderContext } from "./folder-context.ts";
import { givenFile, requireNumber, secondsOf } from "./given.ts";
import { observed } from "./observed.ts";
import type { RestoreOptions, VerifyRestoredOptions, Watched } from "./options.ts";
import type { PlannedRestore, Restored, VerifiedRestore } from "./restore-reports.ts";

const NAMED_MAX = 100;

export async function restoreInto(
  context: FolderContext,
  opened: OpenTable,
  options: RestoreOptions & Watched,
  stop: AbortSignal,
): Promise<Restored> {
  const { onEvent, writeUnitsPerSecond, timeToLive, namedMax = NAMED_MAX } = options;
  requireNumber("writeUnitsPerSecond", writeUnitsPerSecond, { min: 1 });
  requireNumber("namedMax", namedMax, { min: 0 });
  const emit = observed(onEvent);
  const { table } = opened.schema;
  return withPlan(context, opened, options, stop, async (place, plan) => {
    const work = { ...place, ...defined({ writeUnitsPerSecond, timeToLive }), namedMax };
    const restored = await restoreTable(
      {
        ...work,
        onProgress: ({ step, done, total }) =>
          emit({ kind: "progress", table, step, done, ...defined({ total }) }),
      },
      plan,
    );
    return restoredReport(table, plan, restored);
  });
}

export function plannedRestore(
  context: FolderContext,
  opened: OpenTable,
  options: RestoreOptions,
  stop: AbortSignal,
): Promise<PlannedRestore> {
  return withPlan(context, opened, options, stop, async (_, plan) => planReport(opened.schema.table, plan));
}

function withPlan<T>(
  context: FolderContext,
  opened: OpenTable,
  options: RestoreOptions,
  signal: AbortSignal,
  use: (place: RestorePlace, plan: RestorePlan) => Promise<T>,
): Promise<T> {
  const { overwrite = false, incomplete = false, intoSource = false, to } = options;
  return withRestorePlace(context, opened, options, signal, async (place, given) =>
    use(place, await planRestore(place, { to, replace: overwrite, incomplete, intoSource, ...given })),
  );
}

/** With a connection to where the source was, and with what the options say of the moment and of the table's design. */
export async function withRestorePlace<T>(
  context: FolderContext,
  opened: OpenTable,
  { asOf, like }: Pick<RestoreOptions, "asOf" | "like">,
  signal: AbortSignal,
  use: (place: RestorePlace, given: Pick<RestoreWish, "asOfSeconds" | "design">) => Promise<T>,
): Promise<T> {
  const design = like === undefined ? undefined : await readDesignFile(givenFile(context.cwd, like));
  const address = await recallSource(context.store, opened.schema.table);
  const connection = connectSource({ ...address, ...context.config });
  try {
    return await context.withEngine(signal, async (lake) => {
      const place = { lake, opened, connection, timing: context.timing, signal };
      return await use(place, defined({ asOfSeconds: asOf && secondsOf(asOf), design }));
    });
  } finally {
    connection.close();
  }
}

/** Compares alone. */
export async function verifyRestoredTable(
  context: FolderContext,
  opened: OpenTable,
  options: VerifyRestoredOptions & Watched,
  stop: AbortSignal,
): Promise<VerifiedRestore> {
  const { to, onEvent, namedMax = NAMED_MAX } = options;
  requireNumber("namedMax", namedMax, { min: 0 });
  const emit = observed(onEvent);
  const { table } = opened.schema;
  return withRestorePlace(context, opened, options, stop, async (place, { asOfSeconds: wished }) => {
    const verified = await verifyRestored(place, {
      to,
      namedMax,
      ...defined({ asOfSeconds: wished }),
      onProgress: (step, done) => emit({ kind: "progress", table, step, done }),
    });
    const { asOfSeconds, items, others, verification } = verified;
    const { lacking, different } = differing(verified);
    return {
      table,
      to,
      asOf: isoText(asOfSeconds * 1000),
      asOfSeconds,
      items,
      result: lacking + different === 0 ? "identical" : "different", // breakage: restored-table-is-compared
      lacking,
      different,
      others,
      differences: verification.differences,
    };
  });
}

function differing({ verification }: ComparedRestore): Pick<Restored, "lacking" | "different"> {
  const { extra, different, repeated, unreadable } = verification.counts;
  return { lacking: extra, different: different + repeated + unreadable };
}

function planReport(table: string, plan: RestorePlan): PlannedRestore {
  const { to, target, design, lacks, begun } = plan;
  const asOfSeconds = begun?.asOfSeconds ?? plan.asOfSeconds;
  return {
    table,
    to,
    asOf: asOfSeconds === undefined ? undefined : isoText(asOfSeconds * 1000),
    asOfSeconds,
    makesTable: target === undefined,
    indexes: [...design.localIndexes, ...design.globalIndexes].map(({ name }) => name),
    lacks,
    goesOn: begun !== undefined,
  };
}

function restoredReport(table: string, plan: RestorePlan, restored: RestoredItems): Restored {
  const { asOfSeconds, items, written, kept, refused, mode } = restored.state;
  const { lacking, different } = differing(restored);
  // What was there before the restore is not its own.
  const wrong = lacking > refused || (mode !== "keep" && different > 0); // breakage: restore-verifies
  return {
    ...planReport(table, plan),
    asOf: isoText(asOfSeconds * 1000),
    asOfSeconds,
    items,
    written,
    kept,
    refused,
    refusedFile: restored.refusedFile,
    result: wrong ? "different" : refused > 0 ? "incomplete" : "identical",
    lacking,
    different,
    others: restored.others,
    differences: restored.verification.differences,
  };
}
