/** A restore to S3 as the library offers it. */
import { defined } from "../core/defined.ts";
import { isoText } from "../core/row/iso-text.ts";
import { type ImportPlan, planImport, type RestorePlace } from "../embedded/restoring/restore-plan.ts";
import { writeImport } from "../embedded/restoring/write-import.ts";
import { ImportBucket } from "../source/import-bucket.ts";
import { type ImportPlace, importAddress, importPlace } from "../source/import-place.ts";
import { importTableInput } from "../source/table-description.ts";
import { observed } from "./observed.ts";
import type { S3RestoreOptions, Watched } from "./options.ts";
import type { PlannedS3Restore, S3Restore } from "./restore-reports.ts";
import { type RestoreSource, withRestorePlace } from "./restoring.ts";

export async function restoreToS3(
  source: RestoreSource,
  options: S3RestoreOptions & Watched,
  signal: AbortSignal,
): Promise<S3Restore> {
  const emit = observed(options.onEvent);
  const { table } = source.opened.schema;
  const to = importPlace(options.toS3);
  return withPlan(source, options, signal, async (place, plan) => {
    const planned = planReport(table, to, plan);
    const bucket = new ImportBucket(to, source.config, signal);
    try {
      const { asOfSeconds, ...written } = await writeImport(
        {
          ...place,
          bucket,
          importTable: planned.importTable,
          onProgress: ({ step, done, total }) =>
            emit({ kind: "progress", table, step, done, ...defined({ total }) }),
        },
        plan,
      );
      return { ...planned, ...written, asOf: isoText(asOfSeconds * 1000), asOfSeconds };
    } finally {
      bucket.close();
    }
  });
}

export async function plannedRestoreToS3(
  source: RestoreSource,
  options: S3RestoreOptions,
  signal: AbortSignal,
): Promise<PlannedS3Restore> {
  const to = importPlace(options.toS3);
  return withPlan(source, options, signal, async (_, plan) =>
    planReport(source.opened.schema.table, to, plan),
  );
}

function withPlan<T>(
  source: RestoreSource,
  options: S3RestoreOptions,
  signal: AbortSignal,
  use: (place: RestorePlace, plan: ImportPlan) => Promise<T>,
): Promise<T> {
  const { to, incomplete = false } = options;
  return withRestorePlace(source, options, signal, async (place, given) =>
    use(place, await planImport(place, { to, incomplete, ...given })),
  );
}

function planReport(table: string, place: ImportPlace, plan: ImportPlan): PlannedS3Restore {
  const { to, asOfSeconds, design, lacks } = plan;
  return {
    table,
    to,
    toS3: importAddress(place),
    asOf: asOfSeconds === undefined ? undefined : isoText(asOfSeconds * 1000),
    asOfSeconds,
    indexes: design.globalIndexes.map(({ name }) => name),
    lacks,
    importTable: { ...importTableInput(place, to, design) },
  };
}
