/** Reads what Athena finds in segments, by names and by ranges, and what statements wrote. */
import { GetPartitionCommand } from "@aws-sdk/client-glue";
import { glueTable, segmentCondition, segmentsTableName } from "../../aws/athena-relations.ts";
import type { AwsLake } from "../../aws/aws-lake.ts";
import { queryOfFile } from "../../aws/segments-table.ts";
import type { SegmentFacts, StatementFiles } from "../../core/doctor/judge-segments.ts";
import { segmentOfPath, segmentsFolder } from "../../core/format/lake-path.ts";
import { literal } from "../../core/ports/dialect.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import { awsError } from "../../sdk/aws-error.ts";

/** Glue gives so many partitions for a list of names (docs/performance.md); more would be left to Athena. */
const NAMED_MAX = 60;

type SegmentsLake = Pick<AwsLake, "engine" | "clients">;

export async function readSegmentFacts(
  lake: SegmentsLake,
  { manifest, schema }: Pick<OpenTable, "manifest" | "schema">,
): Promise<SegmentFacts> {
  const { engine } = lake;
  const live = manifest.segments;
  const segments = live.slice(0, NAMED_MAX);
  const [oldest] = live;
  if (oldest === undefined) {
    const none = new Map<string, number>();
    return { segments, live, byNames: none, byRanges: none, columnsOfPartition: 0, columnsOfTable: 0 };
  }
  const table = segmentsTableName(schema.table);
  const names = segments.map(({ id }) => literal(id)).join(", ");
  return {
    segments,
    live,
    byNames: await rowsBySegment(lake, table, `_segment IN (${names})`),
    byRanges: await rowsBySegment(lake, table, segmentCondition(live)),
    columnsOfPartition: await columnsOfPartition(lake, table, oldest.id),
    columnsOfTable: (await engine.catalog.table(table))?.StorageDescriptor?.Columns?.length ?? 0,
  };
}

async function rowsBySegment(
  { engine }: SegmentsLake,
  table: string,
  condition: string,
): Promise<ReadonlyMap<string, number>> {
  const relation = glueTable(engine.catalog.database, table);
  const counting = `SELECT _segment, count(*) AS rows FROM ${relation} WHERE ${condition} GROUP BY _segment`;
  return new Map((await engine.rows(counting)).map((row) => [String(row._segment), Number(row.rows)]));
}

async function columnsOfPartition(
  { clients, engine }: SegmentsLake,
  table: string,
  value: string,
): Promise<number> {
  const request = { DatabaseName: engine.catalog.database, TableName: table, PartitionValues: [value] };
  const { Partition } = await clients.glue.send(new GetPartitionCommand(request)).catch((error: unknown) => {
    const attempt = `read a partition of "${table}"`;
    throw awsError(error, { service: "Glue", attempt, otherwise: "ENGINE_FAILED" });
  });
  return Partition?.StorageDescriptor?.Columns?.length ?? 0;
}

/** Runs whose files are listed: the newest ones. */
const RUNS_MAX = 50;

export async function readStatementFiles(
  store: ObjectStore,
  table: string,
): Promise<readonly StatementFiles[]> {
  const root = segmentsFolder(table);
  const runs = (await store.folders(root)).slice(-RUNS_MAX);
  const statements = new Map<string, string[]>();
  for (const run of runs) {
    for (const { path } of await store.list(`${root}${run}/`)) {
      const [, statement] = /^[^/]+\/segments\/([^/]+\/\d+)\//.exec(path) ?? [];
      if (statement === undefined || segmentOfPath(path) === undefined) continue;
      statements.set(statement, [...(statements.get(statement) ?? []), path]);
    }
  }
  return [...statements.values()].map((paths) => ({
    queries: new Set(paths.flatMap((path) => queryOfFile(path)?.query ?? [])).size,
    files: paths.length,
    parts: new Set(paths.map((path) => segmentOfPath(path)?.part)).size,
    unnamed: paths.filter((path) => queryOfFile(path) === undefined).length,
  }));
}
