/** Reads the newest hours of a change log: by one statement, by listings, and by Firehose's count of records. */
import { glueTable } from "../../aws/athena-relations.ts";
import type { AwsLake } from "../../aws/aws-lake.ts";
import { storedTableName } from "../../aws/contracts/glue-tables.ts";
import type { Deployment } from "../../aws/deployment.ts";
import { defined } from "../../core/defined.ts";
import { readCheckedDeliveries } from "../../core/delivery/check-deliveries.ts";
import type { LogFacts, WrittenObject } from "../../core/doctor/judge-log.ts";
import {
  changesFolder,
  type Hour,
  hourOf,
  hourStartSeconds,
  parseChangeObject,
} from "../../core/format/lake-path.ts";
import { literal } from "../../core/ports/dialect.ts";
import type { ObjectStore, StoredObject } from "../../core/ports/object-store.ts";
import { metricSum } from "../metric-sum.ts";

const DAY_SECONDS = 86_400;

interface LogPlace {
  readonly lake: Pick<AwsLake, "store" | "engine">;
  readonly deployment: Pick<Deployment, "database" | "deliveryStream" | "table">;
  readonly region: string | undefined;
  readonly nowSeconds: number;
}

/** `before`: the newest objects, listed before it. */
export async function readLogFacts(place: LogPlace, before: readonly ListedObject[]): Promise<LogFacts> {
  const { deployment, lake, nowSeconds } = place;
  const { engine, store } = lake;
  const since = hourOf(nowSeconds - DAY_SECONDS);
  const finished = await engine.statements.run(logStatement(deployment, since));
  const [row = {}] = await firstRows(engine.statements.pages(finished));
  const after = await newestObjects(store, deployment.table, nowSeconds);
  const [firstDay] = await store.folders(changesFolder(deployment.table));
  return {
    rows: number(row.rows),
    changes: number(row.changes),
    changesAgain: number(row.again),
    backwardsSecondsMax: Math.max(0, number(row.backwards)),
    lateSecondsMax: number(row.late),
    objectsRead: number(row.objects),
    objectsBefore: before.length,
    objectsAfter: after.length,
    bytesScanned: finished.scannedBytes,
    bytesListed: after.reduce((sum, { bytes }) => sum + bytes, 0),
    hasOlderHours: firstDay !== undefined && firstDay < `dt=${since.dt}`,
    recordsTaken: await recordsTaken(place, since),
    rowsMissing: (await readCheckedDeliveries(store, deployment.table))?.last?.missing,
  };
}

/** When objects were written. */
export function writtenObjects(objects: readonly ListedObject[]): readonly WrittenObject[] {
  return objects.map(({ hour, modifiedMs }) => ({ hour, writtenAtSeconds: modifiedMs / 1000 }));
}

export type ListedObject = StoredObject & { readonly hour: Hour };

/** The objects of the hours since a day ago. */
export async function newestObjects(
  store: ObjectStore,
  table: string,
  nowSeconds: number,
): Promise<readonly ListedObject[]> {
  const sinceSeconds = hourStartSeconds(hourOf(nowSeconds - DAY_SECONDS));
  const days = new Set([hourOf(sinceSeconds).dt, hourOf(nowSeconds).dt]);
  const listed = await Promise.all([...days].map((dt) => store.list(`${changesFolder(table)}dt=${dt}/`)));
  return listed.flat().flatMap((object) => {
    const hour = parseChangeObject(object.path)?.hour;
    return hour === undefined || hourStartSeconds(hour) < sinceSeconds ? [] : [{ ...object, hour }];
  });
}

/** Reads three columns. A change that came twice counts once; its clock is the earliest that it came with. */
function logStatement({ database, table }: LogPlace["deployment"], { dt, hr }: Hour): string {
  const hours = `(dt > ${literal(dt)} OR (dt = ${literal(dt)} AND hr >= ${literal(hr)}))`;
  const changes = glueTable(database, storedTableName(table, "changes"));
  return `WITH log AS (SELECT _key, _version, _changed_at AS at, "$path" AS path,
  CAST(to_unixtime(date_parse(dt || ' ' || hr, '%Y-%m-%d %H')) AS bigint) - _changed_at AS late FROM ${changes} WHERE ${hours}),
once AS (SELECT _key, _version, min(at) AS at FROM log GROUP BY _key, _version),
ordered AS (SELECT at, max(at) OVER (PARTITION BY _key ORDER BY _version ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newest
  FROM once)
SELECT l.*, o.* FROM (SELECT count(*) AS rows, count(DISTINCT path) AS objects, max(late) AS late FROM log) l
CROSS JOIN (SELECT count(*) AS changes, count(newest) AS again, max(newest - at) AS backwards FROM ordered) o`;
}

async function firstRows(
  pages: AsyncIterable<{
    readonly columns: readonly { readonly name: string }[];
    readonly rows: readonly (readonly unknown[])[];
  }>,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  for await (const { columns, rows } of pages)
    return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])));
  return [];
}

function number(value: unknown): number {
  return Number(value ?? 0);
}

function recordsTaken(
  { deployment, nowSeconds, region }: LogPlace,
  since: Hour,
): Promise<number | undefined> {
  const taken = {
    namespace: "AWS/Firehose",
    name: "IncomingRecords",
    dimension: { Name: "DeliveryStreamName", Value: deployment.deliveryStream },
    fromSeconds: hourStartSeconds(since),
    untilSeconds: nowSeconds,
    periodSeconds: 3600,
  };
  return metricSum(taken, "read the metric IncomingRecords", defined({ region }));
}
