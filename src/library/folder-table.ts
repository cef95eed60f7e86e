/** A table of a lake in a folder. What an operation needs is loaded when it begins. */

import { defined } from "../core/defined.ts";
import type { StoredItem } from "../core/row/stored-item.ts";
import { namedTable } from "../core/table/chosen-tables.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { fileForPeople } from "../core/table/schema-file.ts";
import type { VerifyReport } from "../core/verify/verify-report.ts";
import type { editSchema as EditSchema } from "../embedded/compaction/edit-schema.ts";
import type { VerifyWish } from "../embedded/verifying/compare-table.ts";
import { abortableStore } from "../files/abortable-store.ts";
import { nowSeconds } from "../sdk/new-run-id.ts";
import type { FolderContext } from "./folder-context.ts";
import { folderItems } from "./folder-items.ts";
import { givenFile, givenSchema, requireNumber, secondsOf } from "./given.ts";
import type { Items, ListedTable } from "./lake.ts";
import { observed } from "./observed.ts";
import type {
  Cancel,
  CompactOptions,
  ItemsOptions,
  RestoreOptions,
  S3RestoreOptions,
  StatusOptions,
  VacuumOptions,
  VerifyOptions,
  VerifyRestoredOptions,
  Watched,
} from "./options.ts";
import {
  compactionRun,
  driftReports,
  followedEvents,
  schemaChangeReport,
  tableStatusOf,
  verificationOf,
} from "./reported.ts";
import type {
  Compaction,
  CompactionRun,
  Drift,
  SchemaChangeReport,
  TableStatus,
  Vacuumed,
  Verification,
} from "./reports.ts";
import type {
  PlannedRestore,
  PlannedS3Restore,
  Restored,
  S3Restore,
  VerifiedRestore,
} from "./restore-reports.ts";
import { RowStream } from "./row-stream.ts";
import type { TableSchema } from "./schema.ts";

const NAMED_MAX = 100;

export class FolderTable implements ListedTable {
  readonly name: string;
  readonly #context: FolderContext;
  /** What a command has read to choose its tables, until its operation takes it. */
  #listed: OpenTable | undefined;

  constructor(context: FolderContext, name: string, listed?: OpenTable) {
    this.name = name;
    this.#context = context;
    this.#listed = listed;
  }

  schema(): Promise<TableSchema> {
    return this.#context.lifetime.run(undefined, async () =>
      fileForPeople((this.#listed ?? (await this.#opened())).schema),
    );
  }

  status({ followedWithinSeconds, signal }: StatusOptions & Cancel = {}): Promise<TableStatus> {
    const { lifetime } = this.#context;
    return lifetime.run(signal, async (stop) => {
      requireNumber("followedWithinSeconds", followedWithinSeconds, { min: 0 });
      const opened = await this.#opened();
      const { tableDrift } = await import("../core/overlay/drift.ts");
      const { tableStatus } = await import("../core/status/status.ts");
      const { schemaEdit } = await import("../core/table/schema-edit.ts");
      return this.#context.withEngine(stop, async ({ store, engine }) => {
        const status = await tableStatus(
          { store, engine, ...defined({ followedWithinSeconds }) },
          opened,
          nowSeconds(),
        );
        const edit = await schemaEdit(store, opened);
        const drift = await tableDrift(engine, opened);
        return { ...tableStatusOf(status, edit, drift, opened.schema), rows: status.rows };
      });
    });
  }

  drift({ signal }: Cancel = {}): Promise<readonly Drift[]> {
    return this.#context.lifetime.run(signal, async (stop) => {
      const opened = await this.#opened();
      const { tableDrift } = await import("../core/overlay/drift.ts");
      return this.#context.withEngine(stop, async ({ engine }) =>
        driftReports(await tableDrift(engine, opened), opened.schema),
      );
    });
  }

  async planSchema(schema: string | TableSchema, { signal }: Cancel = {}): Promise<SchemaChangeReport> {
    const { planEdit } = await import("../embedded/compaction/edit-schema.ts");
    return this.#edit(schema, signal, planEdit);
  }

  async applySchema(schema: string | TableSchema, { signal }: Cancel = {}): Promise<SchemaChangeReport> {
    const { editSchema } = await import("../embedded/compaction/edit-schema.ts");
    return this.#edit(schema, signal, editSchema);
  }

  #edit(
    schema: string | TableSchema,
    signal: AbortSignal | undefined,
    edit: typeof EditSchema,
  ): Promise<SchemaChangeReport> {
    return this.#context.lifetime.run(signal, async (stop) => {
      const opened = await this.#opened();
      const { evolvingLake } = await import("../embedded/compaction/evolving-lake.ts");
      const { nameOfGiven, readGivenSchema } = await import("../embedded/schemas/given-schema.ts");
      const file = givenSchema(this.#context.cwd, schema);
      const given = await readGivenSchema(file);
      const change = await this.#context.withEngine(stop, (lake) =>
        edit(evolvingLake(lake), opened, { given, origin: nameOfGiven(file) }),
      );
      return schemaChangeReport(opened.schema, change);
    });
  }

  items({ asOf, signal }: ItemsOptions & Cancel = {}): Items {
    const { lifetime } = this.#context;
    const stream = new RowStream<undefined, StoredItem>(lifetime, signal, async (stop) => {
      const asOfSeconds = asOf && secondsOf(asOf);
      const opened = await this.#opened();
      const { lakeItems } = await import("../embedded/reading/items.ts");
      const lake = await this.#context.openEngine(stop);
      const batches = lakeItems(lake, opened, asOfSeconds);
      return { head: undefined, batches, close: () => lake.close() };
    });
    return folderItems(stream);
  }

  verify(options: VerifyOptions & Watched & Pick<VerifyWish, "sharing"> = {}): Promise<Verification> {
    const { signal, onEvent, namedMax = NAMED_MAX, settleSeconds, sharing } = options;
    const { lifetime } = this.#context;
    return lifetime.run(signal, async (stop) => {
      requireNumber("namedMax", namedMax, { min: 0 });
      requireNumber("settleSeconds", settleSeconds, { min: 0 });
      const opened = await this.#opened();
      const { schema } = opened;
      const emit = observed(onEvent);
      return this.#context.withEngine(stop, async (lake) => {
        const report = await this.#verify(options, {
          lake,
          opened,
          schema,
          namedMax,
          ...defined({ sharing }),
          signal: stop,
          onProgress: ({ step, done }) => emit({ kind: "progress", table: schema.table, step, done }),
        });
        return verificationOf(report);
      });
    });
  }

  async #verify(
    { export: exportFolder, settleSeconds, readShare, readUnitsPerSecond }: VerifyOptions,
    wish: VerifyWish,
  ): Promise<VerifyReport> {
    if (exportFolder !== undefined) {
      const { verifyWithExport } = await import("../embedded/verifying/verify-with-export.ts");
      return verifyWithExport(givenFile(this.#context.cwd, exportFolder), wish);
    }
    const { verifyWithSource } = await import("../embedded/verifying/verify-with-source.ts");
    const { config, timing } = this.#context;
    return verifyWithSource(
      { config, timing, ...defined({ settleSeconds, readShare, readUnitsPerSecond }) },
      wish,
    );
  }

  compact(options: CompactOptions & Watched = {}): Promise<Compaction> {
    const { all = false, settleSeconds = 0, signal, onEvent } = options;
    const { lifetime } = this.#context;
    return lifetime.run(signal, async (stop) => {
      requireNumber("settleSeconds", settleSeconds, { min: 0 });
      const known = await this.#opened();
      const { schema } = known;
      const { table } = schema;
      const emit = observed(onEvent);
      const { compactTable } = await import("../embedded/compaction/compact-table.ts");
      return this.#context.withEngine(stop, async (lake) => {
        const runs: CompactionRun[] = [];
        await compactTable(lake, schema, {
          scope: all ? "all" : "grown",
          settleSeconds,
          known,
          signal: stop,
          onFollowed: (followed) => followedEvents(table, followed).forEach(emit),
          onEdit: (edit) => emit({ kind: "schema-edited", table, ...edit }),
          onCommit: (result) => {
            const { kind, ...run } = compactionRun(result);
            const { rows, segments, manifest } = run;
            runs.push({ kind, ...run });
            emit({ kind: "compacted", table, compaction: kind, rows, segments, manifest });
          },
        });
        return { table, runs };
      });
    });
  }

  restore(options: RestoreOptions & Watched): Promise<Restored> {
    return this.#context.lifetime.run(options.signal, async (stop) => {
      const opened = await this.#opened();
      const { folderRestoreSource, restoreInto } = await import("./restoring.ts");
      return restoreInto(folderRestoreSource(this.#context, opened), options, stop);
    });
  }

  planRestore(options: RestoreOptions & Cancel): Promise<PlannedRestore> {
    return this.#context.lifetime.run(options.signal, async (stop) => {
      const opened = await this.#opened();
      const { folderRestoreSource, plannedRestore } = await import("./restoring.ts");
      return plannedRestore(folderRestoreSource(this.#context, opened), options, stop);
    });
  }

  restoreToS3(options: S3RestoreOptions & Watched): Promise<S3Restore> {
    return this.#context.lifetime.run(options.signal, async (stop) => {
      const opened = await this.#opened();
      const { folderRestoreSource } = await import("./restoring.ts");
      const { restoreToS3 } = await import("./restoring-to-s3.ts");
      return restoreToS3(folderRestoreSource(this.#context, opened), options, stop);
    });
  }

  planRestoreToS3(options: S3RestoreOptions & Cancel): Promise<PlannedS3Restore> {
    return this.#context.lifetime.run(options.signal, async (stop) => {
      const opened = await this.#opened();
      const { folderRestoreSource } = await import("./restoring.ts");
      const { plannedRestoreToS3 } = await import("./restoring-to-s3.ts");
      return plannedRestoreToS3(folderRestoreSource(this.#context, opened), options, stop);
    });
  }

  verifyRestored(options: VerifyRestoredOptions & Watched): Promise<VerifiedRestore> {
    return this.#context.lifetime.run(options.signal, async (stop) => {
      const opened = await this.#opened();
      const { folderRestoreSource, verifyRestoredTable } = await import("./restoring.ts");
      return verifyRestoredTable(folderRestoreSource(this.#context, opened), options, stop);
    });
  }

  vacuum({
    retentionHours,
    graceHours,
    dryRun = false,
    signal,
  }: VacuumOptions & Cancel = {}): Promise<Vacuumed> {
    const { lifetime, folder, store } = this.#context;
    return lifetime.run(signal, async (stop) => {
      requireNumber("retentionHours", retentionHours, { min: 0 });
      requireNumber("graceHours", graceHours, { min: 0 });
      const { table } = (await this.#opened()).schema;
      const { foreseeVacuumOfFolder, vacuumFolder } = await import("../embedded/compaction/vacuum-folder.ts");
      const { DEFAULT_RETENTION } = await import("../core/compaction/vacuum.ts");
      const policy = {
        retentionSeconds:
          retentionHours === undefined ? DEFAULT_RETENTION.retentionSeconds : retentionHours * 3600,
        graceSeconds: graceHours === undefined ? DEFAULT_RETENTION.graceSeconds : graceHours * 3600,
      };
      const carryOut = dryRun ? foreseeVacuumOfFolder : vacuumFolder; // breakage: dry-vacuum-removes-nothing
      const { manifests, files, bytes } = await carryOut(
        { root: folder, store: abortableStore(store, stop) },
        table,
        policy,
      );
      return { table, manifests, files, bytes };
    });
  }

  async #opened(): Promise<OpenTable> {
    const listed = this.#listed;
    this.#listed = undefined;
    return listed ?? (await namedTable(this.#context.store, this.#context.name, this.name));
  }
}
