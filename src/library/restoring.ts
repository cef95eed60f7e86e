/** A restore as the library offers it. */
import { defined } from "../core/defined.ts";
import { isoText } from "../core/row/iso-text.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { recallSource } from "../embedded/folder/source-memory.ts";
import { lakeItems } from "../embedded/reading/items.ts";
import type { ComparedRestore } from "../embedded/restoring/compare-restored.ts";
import { readDesignFile } from "../embedded/restoring/design-file.ts";
import {
  planRestore,
  type RestoredLake,
  type RestorePlace,
  type RestorePlan,
  type RestoreWish,
} from "../embedded/restoring/restore-plan.ts";
import { type RestoredItems, restoreTable } from "../embedded/restoring/restore-table.ts";
import { verifyRestored } from "../embedded/restoring/verify-restored.ts";
import type { Timing } from "../sdk/timing.ts";
import { connectSource, type SourceConfig, type SourceConnection } from "../source/source-connection.ts";
import type { FolderContext } from "./folder-context.ts";
import { givenFile, requireNumber, secondsOf } from "./given.ts";
import { observed } from "./observed.ts";
import type { RestoreOptions, VerifyRestoredOptions, Watched } from "./options.ts";
import type { PlannedRestore, Restored, VerifiedRestore } from "./restore-reports.ts";

const NAMED_MAX = 100;

/** A table of a lake, wherever that lies, and how a restore reaches it. */
export interface RestoreSource {
  readonly opened: OpenTable;
  /** The folder that paths are relative to. */
  readonly cwd: string;
  /** Where the restored table is, as far as it was said. */
  readonly config: SourceConfig;
  readonly timing: Timing;
  /** Connects to where the table of DynamoDB is that filled the lake's, unless `config` says otherwise. */
  connect(): Promise<SourceConnection>;
  /** Opens the lake for `use`, and closes it. */
  withLake<T>(signal: AbortSignal, use: (lake: RestoredLake) => Promise<T>): Promise<T>;
}

/** A table of a lake in a folder. */
export function folderRestoreSource(context: FolderContext, opened: OpenTable): RestoreSource {
  const { config, cwd, store, timing } = context;
  return {
    opened,
    cwd,
    config,
    timing,
    connect: async () => {
      const address = await recallSource(store, opened.schema.table);
      return connectSource({ ...address, ...config });
    },
    withLake: (signal, use) =>
      context.withEngine(signal, (lake) =>
        use({
          store: lake.store,
          workFolder: lake.root,
          items: (table, asOfSeconds) => lakeItems(lake, table, asOfSeconds),
        }),
      ),
  };
}

export async function restoreInto(
  source: RestoreSource,
  options: RestoreOptions & Watched,
  stop: AbortSignal,
): Promise<Restored> {
  const { onEvent, writeUnitsPerSecond, timeToLive, namedMax = NAMED_MAX } = options;
  requireNumber("writeUnitsPerSecond", writeUnitsPerSecond, { min: 1 });
  requireNumber("namedMax", namedMax, { min: 0 });
  const emit = observed(onEvent);
  const { table } = source.opened.schema;
  return withPlan(source, options, stop, async (place, plan) => {
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
  source: RestoreSource,
  options: RestoreOptions,
  stop: AbortSignal,
): Promise<PlannedRestore> {
  return withPlan(source, options, stop, async (_, plan) => planReport(source.opened.schema.table, plan));
}

function withPlan<T>(
  source: RestoreSource,
  options: RestoreOptions,
  signal: AbortSignal,
  use: (place: RestorePlace, plan: RestorePlan) => Promise<T>,
): Promise<T> {
  const { overwrite = false, incomplete = false, intoSource = false, to } = options;
  return withRestorePlace(source, options, signal, async (place, given) =>
    use(place, await planRestore(place, { to, replace: overwrite, incomplete, intoSource, ...given })),
  );
}

/** With a connection to where the source was, and with what the options say of the moment and of the table's design. */
export async function withRestorePlace<T>(
  source: RestoreSource,
  { asOf, like }: Pick<RestoreOptions, "asOf" | "like">,
  signal: AbortSignal,
  use: (place: RestorePlace, given: Pick<RestoreWish, "asOfSeconds" | "design">) => Promise<T>,
): Promise<T> {
  const { cwd, opened, timing } = source;
  const design = like === undefined ? undefined : await readDesignFile(givenFile(cwd, like));
  const connection = await source.connect();
  try {
    return await source.withLake(signal, (lake) =>
      use(
        { lake, opened, connection, timing, signal },
        defined({ asOfSeconds: asOf && secondsOf(asOf), design }),
      ),
    );
  } finally {
    connection.close();
  }
}

/** Compares alone. */
export async function verifyRestoredTable(
  source: RestoreSource,
  options: VerifyRestoredOptions & Watched,
  stop: AbortSignal,
): Promise<VerifiedRestore> {
  const { to, onEvent, namedMax = NAMED_MAX } = options;
  requireNumber("namedMax", namedMax, { min: 0 });
  const emit = observed(onEvent);
  const { table } = source.opened.schema;
  return withRestorePlace(source, options, stop, async (place, { asOfSeconds: wished }) => {
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
